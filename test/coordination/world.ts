/**
 * A database of several units in a simulated Juju that takes its steps only when it is told to, and managers that are
 * databags.
 */
import type { DatabagChanges, Juju } from "../../lib/juju/juju.ts";
import type { CharmFunction } from "../../lib/testing/in-process/in-process-runner.ts";
import { runAction } from "../../lib/juju/action.ts";
import type { Dispatch } from "../../lib/juju/dispatch.ts";
import { Credentials, type StorageConfig } from "../../lib/job/storage-config.ts";
import { SimulatedJuju } from "../../lib/testing/simulated-juju.ts";
import type { LogLine } from "../../lib/testing/log-line.ts";
import type { Fault, Step } from "../../lib/testing/stepping/step.ts";
import { VirtualClock } from "../../lib/testing/in-process/virtual-clock.ts";
import type { AskedJob } from "../../provider/coordination/peer-records.ts";
import { shippedRules, type Rules } from "../../provider/coordination/rules.ts";
import { Provider } from "../../provider/provider.ts";
import { providerActions } from "../../provider/provider-actions.ts";
import type { Around } from "./around.ts";
import { beginningOf, takePlace, type Beginning } from "./beginning.ts";
import { Board } from "./board.ts";
import { accessKey, managerNames, secretKey, type Manager } from "./manager.ts";
import { Witness, type ReadEnd } from "./witness.ts";

/** Where the cluster archives to. */
export const archiveStorage: StorageConfig = {
  bucket: "archive",
  credentials: new Credentials(accessKey, secretKey),
};
/** By number of units and managers, and whether there is a storage that keeps fences. */
const beginnings = new Map<string, Beginning>();
/**
 * Schedules come to rest long before, even one in which a unit leaves, and its hook and a process of its own look four times
 * a second whether a worker has ended.
 */
const mostSteps = 1_000;
const databaseEnd = "database:database-backup";

/** Called with everything that happens. */
export type Trace = (line: string) => void;

/** The event by which a unit is told to ask for a job of its own, as an action does. */
const askEvent = "ask";
const askedJob: AskedJob = { id: "asked-1", type: "backup", backupType: "full", compression: true };

/** How a world is made. */
export interface WorldOptions {
  readonly units: number;
  /** Default: 1. */
  readonly managers?: number;
  readonly rules: Partial<Rules>;
  /** What is put around the charm of the units. Default: nothing. */
  readonly around?: Around;
  /** Whether the cluster has a storage to keep fences in. */
  readonly keepsFences: boolean;
  /** Called by the charm when it is done with its own part of a dispatch: it may dawdle. */
  readonly afterwards: (dispatch: Dispatch) => Promise<void>;
  readonly stepAt: (what: string) => boolean;
  /** Whether the units set themselves up, as another life of the application. Default: all worlds begin alike. */
  readonly isFresh?: boolean;
}

/** Whom the log is read to, once there is somebody. */
interface Told {
  to?: Witness;
}

/** A running world. */
export class World {
  readonly juju: SimulatedJuju;
  readonly clock: VirtualClock;
  readonly board: Board;
  readonly managers: readonly Manager[];
  readonly peers: number;
  /** Where a unit keeps fences that has another storage than the others. */
  readonly archives: Map<string, StorageConfig>;
  /** The units whose command of `juju-exec` writes as the leader's, or has: nothing looks at the time any more. */
  readonly writing: ReadonlySet<string>;
  readonly #witness: Witness;
  #runsSeen: number;
  steps = 0;
  leaderChanges = 0;

  private constructor(
    parts: Pick<World, "juju" | "clock" | "board" | "managers" | "peers" | "archives" | "writing">,
    told: Told,
  ) {
    this.juju = parts.juju;
    this.clock = parts.clock;
    this.board = parts.board;
    this.managers = parts.managers;
    this.peers = parts.peers;
    this.archives = parts.archives;
    this.writing = parts.writing;
    this.#witness = new Witness(parts);
    told.to = this.#witness;
    this.#runsSeen = parts.juju.hooksRun().length;
  }

  /** Makes a world in which everything is set up and nothing was requested yet. */
  static async start(options: WorldOptions): Promise<World> {
    if (options.isFresh === true) return await World.#make(options);
    const kind = `${options.units} ${options.managers ?? 1} ${options.keepsFences}`;
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
    const told: Told = {};
    const onLog = ({ unit, message }: LogLine): void => told.to?.read(`the log of ${unit}`, message);
    const juju = await SimulatedJuju.start({ clock, stepByStep: true, stepAt, onLog });
    const archives = new Map<string, StorageConfig>();
    const writing = new Set<string>();
    const shipped = databaseCharm(board, archives, writing, options);
    const charm = isBegun ? shipped : (options.around?.(shipped, juju) ?? shipped);
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
    const managers: Manager[] = [];
    for (const application of managerNames.slice(0, options.managers ?? 1)) {
      await juju.deploy({
        application,
        charm: "examples/backup-manager-charm",
        units: 0,
        inProcess: async () => undefined,
      });
      const relation = await juju.integrate(endOf(application), databaseEnd);
      managers.push({ application, relation, requests: new Map(), asked: new Set() });
    }
    const peers = juju.peerRelation("database", "database-backup-peers");
    for (const [key, text] of beginning?.objects ?? []) board.objects.set(key, text);
    await juju.settle();
    isBegun = true;
    const world = new World({ juju, clock, board, managers, peers, archives, writing }, told);
    world.#witness.begin();
    return world;
  }

  /** The units that there are. */
  get units(): readonly string[] {
    return this.#witness.units;
  }

  /** Every unit that there ever was. */
  get everUnits(): ReadonlySet<string> {
    return this.#witness.everUnits;
  }

  /** By job: every end that was ever read. */
  get ends(): ReadonlyMap<string, readonly ReadEnd[]> {
    return this.#witness.ends;
  }

  /** Lets one step happen, and looks at what it changed. */
  async take(step: Step, fault?: Fault): Promise<void> {
    this.steps += 1;
    this.read(step.what, step.args.join(" "));
    const leader = this.juju.leader("database");
    await this.juju.take(step, fault === undefined ? {} : { fault });
    const ended = this.#newlyEnded();
    if (ended.length === 0 && fault === undefined) return;
    this.#witness.lookWhoWrote([step.unit, ...ended], leader);
    if (step.unit !== undefined) this.#witness.lookAtDisk(step.unit);
    if (ended.length > 0) this.look();
  }

  /** Lets everything happen that can, in its order, until only time can pass, or something was wrong. */
  async settle(): Promise<void> {
    const { violations } = this.board;
    let taken = 0;
    let leader = this.juju.leader("database");
    const look = (): void => {
      const ended = this.#newlyEnded();
      if (ended.length > 0) this.#witness.lookWhoWrote(ended, leader);
      leader = this.juju.leader("database");
    };
    await this.juju.settle({
      allowErrors: true,
      isEnough: () => {
        look();
        return violations.length > 0 || (taken += 1) > mostSteps;
      },
    });
    if (taken > mostSteps) this.board.violate("rest", `${mostSteps} steps, and still no rest`);
    look();
    this.look();
  }

  /** The units whose hooks have ended since this was asked last. */
  #newlyEnded(): readonly string[] {
    const ended = this.juju.hooksRun().slice(this.#runsSeen);
    this.#runsSeen += ended.length;
    return ended.map(({ unit }) => unit);
  }

  /** Notes a text that everybody can read. */
  read(where: string, text: string): void {
    this.#witness.read(where, text);
  }

  /** Lets time pass, with all that falls due meanwhile. */
  async advance(ms: number): Promise<void> {
    const end = new Date(this.clock.now().getTime() + ms);
    await this.settle();
    while (this.board.violations.length === 0 && this.clock.step(end)) await this.settle();
    this.clock.moveTo(end);
  }

  /** What a unit, or the application, wrote for each of the managers. */
  reported(owner: string): readonly Readonly<Record<string, string>>[] {
    return this.#witness.reported(owner);
  }

  /** A manager goes away, with all that it requested. */
  async unrelate(manager: Manager): Promise<void> {
    manager.relation = undefined;
    manager.requests.clear();
    manager.asked.clear();
    await this.juju.removeRelation(endOf(manager.application), databaseEnd);
  }

  /** A manager comes back, as soon as nothing is left of its relation. @returns Whether it is there. */
  async relate(manager: Manager): Promise<boolean> {
    const { application } = manager;
    manager.relation ??= await this.juju.integrate(endOf(application), databaseEnd).catch(() => undefined);
    return manager.relation !== undefined;
  }

  /** A unit asks for a backup of its own, as an action of its charm does. */
  ask(unit: string): void {
    void this.juju.exec(unit, `JUJU_DISPATCH_PATH=hooks/${askEvent} $CHARM_DIR/dispatch`);
  }

  /** Writes what a manager requests. */
  async publish({ application, relation, requests, asked }: Manager): Promise<void> {
    if (relation === undefined) return;
    for (const id of requests.keys()) asked.add(id);
    const jobs = JSON.stringify([...requests.values()].map(({ fields }) => fields));
    await this.juju.writeDatabag(relation, application, { jobs: requests.size === 0 ? "" : jobs });
  }

  /** Looks at what the units tell. */
  look(): void {
    this.#witness.look();
  }

  /** Looks at what stays when everything is at rest. */
  lookWhatStays(): void {
    this.#witness.lookWhatStays();
  }

  /** The jobs whose ends stand in the databags of units that there are. */
  readableEnds(): ReadonlySet<string> {
    return this.#witness.readableEnds();
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

function endOf(manager: string): string {
  return `${manager}:database-backup`;
}

function databaseCharm(
  board: Board,
  archives: ReadonlyMap<string, StorageConfig>,
  writing: Set<string>,
  { rules, keepsFences, afterwards }: WorldOptions,
): CharmFunction {
  const everyRule = { ...shippedRules, ...rules };
  return async (dispatch) => {
    const { event, juju } = dispatch;
    if (event.kind === "relation" && event.change === "broken") forgetRemote(juju, event.relationId);
    writing.delete(juju.unit);
    if (event.kind === "custom") noteWrites(juju, writing);
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

function noteWrites(juju: Juju, writing: Set<string>): void {
  const write = juju.writeApplicationDatabag.bind(juju);
  Object.assign(juju, {
    writeApplicationDatabag: async (relation: string, changes: DatabagChanges) => {
      writing.add(juju.unit);
      await write(relation, changes);
    },
  } satisfies Partial<Juju>);
}

/** Whether the manager's databag can still be read in the last hook of its relation nobody knows: here it cannot. */
function forgetRemote(juju: Juju, broken: string): void {
  const read = juju.readApplicationDatabag.bind(juju);
  Object.assign(juju, {
    readApplicationDatabag: async (relation: string, application: string) =>
      relation === broken && application !== juju.application ? {} : await read(relation, application),
  });
}
