/**
 * Sees what the units of a world tell, and what they leave where everybody can read it, and notes what should not be.
 */
import { endPhases } from "../../lib/job/phase.ts";
import type { SimulatedJuju } from "../../lib/testing/simulated-juju.ts";
import type { Board } from "./board.ts";
import { keyPrefix, type Manager } from "./manager.ts";

const ends: ReadonlySet<unknown> = new Set(endPhases);
const application = "database";

/** An end that a manager has read. */
export interface ReadEnd {
  readonly unit: string;
  readonly phase: string;
}

/** What a witness looks at. */
export interface Seen {
  readonly juju: SimulatedJuju;
  readonly board: Board;
  readonly peers: number;
  readonly managers: readonly Manager[];
}

/** The witness of one world. */
export class Witness {
  /** By job: every end that was ever read. */
  readonly ends: Map<string, ReadEnd[]> = new Map();
  /** Every unit that there ever was. */
  readonly everUnits: Set<string> = new Set();
  readonly #seen: Seen;
  /** By job: how a unit let go of it. */
  readonly #released = new Map<
    string,
    { readonly phase: string; readonly unit: string; readonly address: string | undefined }
  >();
  /** By relation, owner and address: what stood in the databag. */
  #databags: ReadonlyMap<string, Readonly<Record<string, string>>> = new Map();
  /** By unit and path: what stood in the file. */
  readonly #files = new Map<string, string>();

  constructor(seen: Seen) {
    this.#seen = seen;
  }

  /** The units that there are. */
  get units(): readonly string[] {
    const units = this.#seen.juju.status().applications[application]?.units ?? {};
    for (const [unit, { workload }] of Object.entries(units)) {
      this.everUnits.add(unit);
      this.read(`the status of ${unit}`, workload.message);
    }
    return Object.keys(units);
  }

  /** What a unit, or the application, wrote for each of the managers. */
  reported(owner: string): readonly Readonly<Record<string, string>>[] {
    return this.#reportedTo(owner).map(({ databag }) => databag);
  }

  /** Takes what stands written now for given. */
  begin(): void {
    if (this.units.length > 0) this.#databags = this.#written();
  }

  /** Reads the ends that units report, as managers do, and how units let go of grants. */
  look(): void {
    const { juju, peers } = this.#seen;
    for (const unit of this.everUnits) this.#noteRelease(unit);
    for (const unit of this.everUnits) {
      this.#lookWhoIsTold(unit);
      for (const [id, phase] of this.#endsOf(unit)) this.#noteEnd(id, unit, phase);
    }
    for (const [key, value] of Object.entries(juju.databag(peers, application)))
      if (key.startsWith("done-") && value.includes('"lost"')) this.#noteLost(JSON.parse(value).report.id);
  }

  /** The jobs whose ends stand in the databags of units that there are. */
  readableEnds(): ReadonlySet<string> {
    return new Set(this.units.flatMap((unit) => this.#endsOf(unit).map(([id]) => id)));
  }

  /** Looks whose databags are others than when this was called last. @param by Who can have written, and who led then. */
  lookWhoWrote(by: readonly (string | undefined)[], leader: string | undefined): void {
    const { board } = this.#seen;
    const databags = this.#written();
    for (const [key, databag] of databags) {
      if (isSame(databag, this.#databags.get(key))) continue;
      const owner = key.split(" ")[1] ?? "";
      for (const value of Object.values(databag)) this.read(`a databag of ${owner}`, value);
      const writer = owner === application ? leader : owner;
      if (writer === undefined || !by.includes(writer))
        board.violate("writer", `${by.join()} wrote to the databag of ${owner}, while ${leader} led`);
    }
    this.#databags = databags;
  }

  /** Notes a text that is for everybody to read: a line of the log, an argument, an action's result. */
  read(where: string, text: string): void {
    if (text.includes(keyPrefix)) this.#seen.board.violate("credential", `a credential stands in ${where}`);
  }

  /** Looks for what must not stand at the storage of the fences, or on a disk. */
  lookWhatStays(): void {
    for (const unit of this.everUnits) this.lookAtDisk(unit);
    for (const [key, text] of this.#seen.board.objects) this.read(`the object ${key}`, text);
  }

  /** Looks for what must not stand on a unit's disk. */
  lookAtDisk(unit: string): void {
    for (const [path, text] of this.#seen.juju.machine(unit).disk.files()) {
      const where = `${path} of ${unit}`;
      if (this.#files.get(where) === text) continue;
      this.#files.set(where, text);
      this.read(where, text);
    }
  }

  /** What the charm wrote in its databags; the addresses are Juju's. */
  #written(): ReadonlyMap<string, Readonly<Record<string, string>>> {
    const { juju, peers } = this.#seen;
    const databags = new Map<string, Readonly<Record<string, string>>>();
    for (const owner of new Set([application, ...this.units, ...this.everUnits])) {
      for (const id of [peers, ...this.#related().map(({ relation }) => relation)]) {
        const databag = juju.databag(id, owner);
        // With a new unit of the same name Juju begins another databag, at another address.
        const key = `${id} ${owner} ${databag["ingress-address"] ?? ""}`;
        for (const address of addresses) delete databag[address];
        databags.set(key, databag);
      }
    }
    return databags;
  }

  #related(): readonly (Manager & { readonly relation: number })[] {
    return this.#seen.managers.flatMap((manager) =>
      manager.relation === undefined ? [] : [{ ...manager, relation: manager.relation }],
    );
  }

  #reportedTo(
    owner: string,
  ): readonly { readonly manager: Manager; readonly databag: Readonly<Record<string, string>> }[] {
    return this.#related().map((manager) => ({
      manager,
      databag: this.#seen.juju.databag(manager.relation, owner),
    }));
  }

  #lookWhoIsTold(unit: string): void {
    for (const { manager, databag } of this.#reportedTo(unit))
      for (const { "job-id": id } of reportsIn(databag))
        if (!manager.asked.has(id))
          this.#seen.board.violate(
            "own",
            `${unit} tells ${manager.application} of ${id}, which it never asked for`,
          );
  }

  #endsOf(unit: string): readonly (readonly [id: string, phase: string])[] {
    return this.reported(unit)
      .flatMap(reportsIn)
      .filter(({ phase }) => ends.has(phase))
      .map(({ "job-id": id, phase }) => [id, phase] as const);
  }

  #noteRelease(unit: string): void {
    const { juju, board, peers } = this.#seen;
    const { unit: said, "ingress-address": address } = juju.databag(peers, unit);
    if (said === undefined) return;
    const { released }: { released?: { job: string; outcome: string | { phase: string } } } =
      JSON.parse(said);
    if (released === undefined || typeof released.outcome === "string") return;
    const { phase } = released.outcome;
    if (!ends.has(phase) || phase === "lost" || this.#released.has(released.job)) return;
    this.#released.set(released.job, { phase, unit, address });
    if (board.calledLost.has(released.job))
      board.violate("lost", `${unit} lets go of ${released.job} as ${phase} after it was called lost`);
  }

  #noteLost(id: string): void {
    const { juju, board, peers } = this.#seen;
    if (board.calledLost.has(id)) return;
    board.calledLost.add(id);
    const released = this.#released.get(id);
    if (released === undefined) return;
    const { unit, phase, address } = released;
    // With a new unit of the same name Juju begins another databag: then the word is gone.
    if (juju.databag(peers, unit)["ingress-address"] !== address) return;
    board.violate("lost", `${id} is called lost, and ${unit} had let go of it as ${phase}`);
  }

  #noteEnd(id: string, unit: string, phase: string): void {
    const { board } = this.#seen;
    const known = this.ends.get(id) ?? [];
    if (known.some((end) => end.unit === unit && end.phase === phase)) return;
    for (const end of known) {
      // `lost` is an end without a witness: another one may still come.
      if (end.phase !== phase && end.phase !== "lost" && phase !== "lost")
        board.violate("end", `${id} ended as ${end.phase} on ${end.unit} and as ${phase} on ${unit}`);
    }
    if (phase === "succeeded" && board.results.get(id) !== "succeeded")
      board.violate("success", `${id} is reported as succeeded, and it did not`);
    if (phase === "lost") this.#noteLost(id);
    this.ends.set(id, [...known, { unit, phase }]);
  }
}

function reportsIn({ jobs }: Readonly<Record<string, string>>): readonly {
  readonly "job-id": string;
  readonly phase: string;
}[] {
  return jobs === undefined ? [] : JSON.parse(jobs);
}

const addresses = ["ingress-address", "egress-subnets", "private-address"];

function isSame(
  now: Readonly<Record<string, string>>,
  before: Readonly<Record<string, string>> = {},
): boolean {
  const keys = Object.keys(now);
  return keys.length === Object.keys(before).length && keys.every((key) => now[key] === before[key]);
}
