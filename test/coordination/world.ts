/**
 * A database of several units in a simulated Juju that takes its steps only when it is told to, and a manager that is a
 * databag.
 */
import type { Juju } from "../../lib/juju/juju.ts";
import type { CharmFunction } from "../../lib/testing/in-process/in-process-runner.ts";
import { runAction } from "../../lib/juju/action.ts";
import type { Dispatch } from "../../lib/juju/dispatch.ts";
import { Credentials, type StorageConfig } from "../../lib/job/storage-config.ts";
import { endPhases } from "../../lib/job/phase.ts";
import { SimulatedJuju } from "../../lib/testing/simulated-juju.ts";
import type { Fault, Step } from "../../lib/testing/stepping/step.ts";
import { VirtualClock } from "../../lib/testing/in-process/virtual-clock.ts";
import type { AskedJob } from "../../provider/coordination/peer-records.ts";
import { shippedRules, type Rules } from "../../provider/coordination/rules.ts";
import { Provider } from "../../provider/provider.ts";
import { providerActions } from "../../provider/provider-actions.ts";
import { beginningOf, takePlace, type Beginning } from "./beginning.ts";
import { Board } from "./board.ts";

const secret = "canary-secret-key";
/** Where the cluster archives to. */
export const archiveStorage: StorageConfig = {
  bucket: "archive",
  credentials: new Credentials("canary-access", secret),
};
/** By number of units and whether there is a storage that keeps fences. */
const beginnings = new Map<string, Beginning>();
/** Schedules come to rest long before. */
const mostSteps = 300;
const managerEnd = "manager:database-backup";
const databaseEnd = "database:database-backup";
const ends: ReadonlySet<unknown> = new Set(endPhases);

/** Called with everything that happens. */
export type Trace = (line: string) => void;

/** The event by which a unit is told to ask for a job of its own, as an action does. */
const askEvent = "ask";
const askedJob: AskedJob = { id: "asked-1", type: "backup", backupType: "full", compression: true };

/** How a world is made. */
export interface WorldOptions {
  readonly units: number;
  readonly rules: Partial<Rules>;
  /** Whether the cluster has a storage to keep fences in. */
  readonly keepsFences: boolean;
  /** Called by the charm when it is done with its own part of a dispatch: it may dawdle. */
  readonly afterwards: (dispatch: Dispatch) => Promise<void>;
  readonly stepAt: (what: string) => boolean;
  /** Whether the units set themselves up, as another life of the application. Default: all worlds begin alike. */
  readonly isFresh?: boolean;
}

/** A request as the manager wrote it. */
export interface Requested {
  readonly id: string;
  readonly fields: Record<string, unknown>;
}

/** An end that the manager has read. */
export interface ReadEnd {
  readonly unit: string;
  readonly phase: string;
}

/** A running world. */
export class World {
  readonly juju: SimulatedJuju;
  readonly clock: VirtualClock;
  readonly board: Board;
  /** Its id with the manager; undefined while there is none. */
  relation: number | undefined;
  readonly peers: number;
  readonly requests: Map<string, Requested> = new Map();
  /** By job: every end that was ever read. */
  readonly ends: Map<string, ReadEnd[]> = new Map();
  /** Where a unit keeps fences that has another storage than the others. */
  readonly archives: Map<string, StorageConfig>;
  /** Every unit that there ever was. */
  readonly everUnits: Set<string> = new Set();
  /** By job: how a unit let go of it. */
  readonly #released = new Map<string, string>();
  steps = 0;
  leaderChanges = 0;

  private constructor(parts: Pick<World, "juju" | "clock" | "board" | "relation" | "peers" | "archives">) {
    this.juju = parts.juju;
    this.clock = parts.clock;
    this.board = parts.board;
    this.relation = parts.relation;
    this.peers = parts.peers;
    this.archives = parts.archives;
  }

  /** Makes a world in which everything is set up and nothing was requested yet. */
  static async start(options: WorldOptions): Promise<World> {
    if (options.isFresh === true) return await World.#make(options);
    const kind = `${options.units} ${options.keepsFences}`;
    let beginning = beginnings.get(kind);
    if (beginning === undefined) {
      const first = await World.#make({
        ...options,
        rules: {},
        stepAt: () => false,
        afterwards: async () => undefined,
      });
      beginning = beginningOf(first.juju, first.board, first.peers);
      beginnings.set(kind, beginning);
      await first.stop();
    }
    return await World.#make(options, beginning);
  }

  /** @param beginning Absent where the units are to set themselves up. */
  static async #make(options: WorldOptions, beginning?: Beginning): Promise<World> {
    const clock = new VirtualClock();
    const board = new Board();
    let isBegun = beginning === undefined;
    const stepAt = (what: string): boolean => isBegun && options.stepAt(what);
    const juju = await SimulatedJuju.start({ clock, stepByStep: true, stepAt });
    const archives = new Map<string, StorageConfig>();
    const charm = databaseCharm(board, archives, options);
    await juju.deploy({
      application: "database",
      charm: "examples/postgresql-charm",
      units: 0,
      reuseUnitNumbers: true,
      inProcess: async (dispatch) => {
        if (isBegun) await charm(dispatch);
        else if (beginning !== undefined) await takePlace(dispatch, beginning);
      },
    });
    for (let unit = 0; unit < options.units; unit += 1) {
      const disk = beginning?.disks[unit]?.copy();
      await juju.addUnit("database", disk === undefined ? {} : { disk });
    }
    await juju.deploy({
      application: "manager",
      charm: "examples/backup-manager-charm",
      units: 0,
      inProcess: async () => undefined,
    });
    const relation = await juju.integrate(managerEnd, databaseEnd);
    const peers = juju.peerRelation("database", "database-backup-peers");
    for (const [key, text] of beginning?.objects ?? []) board.objects.set(key, text);
    await juju.settle();
    isBegun = true;
    return new World({ juju, clock, board, relation, peers, archives });
  }

  /** The units that there are. */
  get units(): readonly string[] {
    const units = Object.keys(this.juju.status().applications["database"]?.units ?? {});
    for (const unit of units) this.everUnits.add(unit);
    return units;
  }

  /** Lets one step happen, and looks at what it changed. */
  async take(step: Step, fault?: Fault): Promise<void> {
    this.steps += 1;
    await this.juju.take(step, fault === undefined ? {} : { fault });
    if (step.kind === "end") this.look();
  }

  /** Lets everything happen that can, in its order, until only time can pass, or something was wrong. */
  async settle(): Promise<void> {
    const { violations } = this.board;
    let taken = 0;
    await this.juju.settle({
      allowErrors: true,
      isEnough: () => violations.length > 0 || (taken += 1) > mostSteps,
    });
    if (taken > mostSteps) violations.push(`${mostSteps} steps, and still no rest`);
    this.look();
  }

  /** Lets time pass, with all that falls due meanwhile. */
  async advance(ms: number): Promise<void> {
    const end = new Date(this.clock.now().getTime() + ms);
    await this.settle();
    while (this.board.violations.length === 0 && this.clock.step(end)) await this.settle();
    this.clock.moveTo(end);
  }

  /** What a unit, or the application, wrote for the manager. */
  reported(owner: string): Readonly<Record<string, string>> {
    return this.relation === undefined ? {} : this.juju.databag(this.relation, owner);
  }

  /** The manager goes away, with all that it requested. */
  async unrelate(): Promise<void> {
    this.relation = undefined;
    this.requests.clear();
    await this.juju.removeRelation(managerEnd, databaseEnd);
  }

  /** The manager comes back, as soon as nothing is left of its relation. @returns Whether it is there. */
  async relate(): Promise<boolean> {
    this.relation ??= await this.juju.integrate(managerEnd, databaseEnd).catch(() => undefined);
    return this.relation !== undefined;
  }

  /** A unit asks for a backup of its own, as an action of its charm does. */
  ask(unit: string): void {
    void this.juju.exec(unit, `JUJU_DISPATCH_PATH=hooks/${askEvent} $CHARM_DIR/dispatch`);
  }

  /** Writes what is requested. */
  async publish(): Promise<void> {
    const jobs = JSON.stringify([...this.requests.values()].map(({ fields }) => fields));
    if (this.relation === undefined) return;
    await this.juju.writeDatabag(this.relation, "manager", { jobs: this.requests.size === 0 ? "" : jobs });
  }

  /** Reads the ends that units report, as the manager does, and looks for what must never stand in a databag. */
  look(): void {
    const { violations } = this.board;
    const units = new Set([...this.everUnits, ...this.units]);
    for (const unit of units) this.#noteRelease(unit);
    for (const unit of units) {
      if (this.reported(unit)["jobs"]?.includes(secret) === true)
        violations.push(`${unit} reports a credential`);
      for (const [id, phase] of this.#endsOf(unit)) this.#noteEnd(id, unit, phase);
    }
    for (const [key, value] of Object.entries(this.juju.databag(this.peers, "database"))) {
      if (value.includes(secret)) violations.push("the peer databag holds a credential");
      if (key.startsWith("done-") && value.includes('"lost"')) this.#noteLost(JSON.parse(value).report.id);
    }
  }

  /** The jobs whose ends stand in the databags of units that there are. */
  readableEnds(): ReadonlySet<string> {
    return new Set(this.units.flatMap((unit) => this.#endsOf(unit).map(([id]) => id)));
  }

  #endsOf(unit: string): readonly (readonly [id: string, phase: string])[] {
    const { jobs } = this.reported(unit);
    if (jobs === undefined) return [];
    const reports: readonly { "job-id": string; phase: string }[] = JSON.parse(jobs);
    return reports
      .filter(({ phase }) => ends.has(phase))
      .map(({ "job-id": id, phase }) => [id, phase] as const);
  }

  #noteRelease(unit: string): void {
    const { unit: said } = this.juju.databag(this.peers, unit);
    if (said === undefined) return;
    const {
      released,
    }: { released?: { relation: string; job: string; outcome: string | { phase?: unknown } | null } } =
      JSON.parse(said);
    if (released === undefined || typeof released.outcome !== "object") return;
    const phase = String(released.outcome?.phase);
    if (!ends.has(phase) || phase === "lost" || this.#released.has(released.job)) return;
    this.#released.set(released.job, phase);
    if (this.board.calledLost.has(released.job))
      this.board.violations.push(`${unit} lets go of ${released.job} as ${phase} after it was called lost`);
  }

  #noteLost(id: string): void {
    if (this.board.calledLost.has(id)) return;
    this.board.calledLost.add(id);
    const released = this.#released.get(id);
    if (released !== undefined)
      this.board.violations.push(`${id} is called lost, and its unit had let go of it as ${released}`);
  }

  #noteEnd(id: string, unit: string, phase: string): void {
    const known = this.ends.get(id) ?? [];
    if (known.some((end) => end.unit === unit && end.phase === phase)) return;
    for (const end of known) {
      // `lost` is an end without a witness: another one may still come.
      if (end.phase !== phase && end.phase !== "lost" && phase !== "lost")
        this.board.violations.push(`${id} ended as ${end.phase} on ${end.unit} and as ${phase} on ${unit}`);
    }
    if (phase === "succeeded" && this.board.results.get(id) !== "succeeded")
      this.board.violations.push(`${id} is reported as succeeded, and it did not`);
    if (phase === "lost") this.#noteLost(id);
    this.ends.set(id, [...known, { unit, phase }]);
  }

  /** The grants that stand. */
  get grants(): readonly { readonly unit: string; readonly fence: number; readonly job: string }[] {
    const databag = this.juju.databag(this.peers, "database");
    return Object.entries(databag)
      .filter(([key]) => key.startsWith("grant-"))
      .map(([, value]) => JSON.parse(value));
  }

  async stop(): Promise<void> {
    this.board.forget();
    await this.juju.stop();
  }
}

function databaseCharm(
  board: Board,
  archives: ReadonlyMap<string, StorageConfig>,
  { rules, keepsFences, afterwards }: WorldOptions,
): CharmFunction {
  const everyRule = { ...shippedRules, ...rules };
  return async (dispatch) => {
    const { event, juju } = dispatch;
    if (event.kind === "relation" && event.change === "broken") forgetRemote(juju, event.relationId);
    const provider = new Provider(
      {
        ...dispatch,
        stateDirectory: "/state",
        executor: board.module,
        store: board.module,
        ...(keepsFences ? { archiveStorage: archives.get(dispatch.juju.unit) ?? archiveStorage } : {}),
      },
      everyRule,
    );
    if (dispatch.event.kind === "action") {
      await runAction(dispatch.juju, dispatch.event.name, providerActions(provider));
      return;
    }
    if (event.kind === "custom" && event.name === askEvent) {
      await provider.requestJob(askedJob);
      return;
    }
    const { status } = await provider.reconcile();
    await afterwards(dispatch);
    await dispatch.juju.setStatus(status ?? { name: "active", message: "" });
  };
}

/** Whether the manager's databag can still be read in the last hook of its relation nobody knows: here it cannot. */
function forgetRemote(juju: Juju, broken: string): void {
  const read = juju.readApplicationDatabag.bind(juju);
  Object.assign(juju, {
    readApplicationDatabag: async (relation: string, application: string) =>
      relation === broken && application !== juju.application ? {} : await read(relation, application),
  });
}
