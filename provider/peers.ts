/**
 * Where the units of an application keep what they tell each other: in the databags of a peer relation. A unit that is
 * alone, in a charm without that relation, keeps the same on its disk.
 *
 * @module
 */
import type { Databag, DatabagChanges, Juju } from "../lib/juju/juju.ts";
import {
  encodeApplicationRecord,
  encodeUnitRecord,
  decodeApplicationRecord,
  decodeUnitRecord,
} from "./coordination/peer-databags.ts";
import type { ApplicationRecord, UnitRecord } from "./coordination/peer-records.ts";
import type { Rules } from "./coordination/rules.ts";
import type { StateDirectory } from "./journal/state-directory.ts";

/** What the databags say. */
export interface PeersRead {
  readonly application: ApplicationRecord;
  /** What stands in this unit's own databag. */
  readonly own: UnitRecord | undefined;
  /** Of the leader: the databags of the others, of units that are gone too. */
  readonly others: ReadonlyMap<string, UnitRecord>;
  /** The other units that this one has met. */
  readonly listed: ReadonlySet<string>;
}

/** The incarnations that the other units say, by unit, of those that are there. */
export function incarnationsOf({ listed, others }: PeersRead): Map<string, string> {
  const incarnations = new Map<string, string>();
  for (const [unit, { incarnation }] of others) if (listed.has(unit)) incarnations.set(unit, incarnation);
  return incarnations;
}

/** The databags of one dispatch. */
export interface Peers {
  /** Whether what is written counts at once. In a relation it counts once the hook is committed. */
  readonly countsAtOnce: boolean;

  /**
   * Reads them, as they were before this dispatch wrote anything.
   *
   * @param isLeader Whether to read what only the leader has use for.
   * @throws PeerDatabagError where one cannot be understood. @throws HookToolError where one cannot be read.
   */
  read(isLeader: boolean): Promise<PeersRead>;

  /** Writes this unit's own databag, if it changes. @returns Whether it did. */
  writeOwn(record: UnitRecord): Promise<boolean>;

  /** Writes the application's databag, if it changes. Only the leader may. @returns Whether it did. */
  writeApplication(record: ApplicationRecord): Promise<boolean>;
}

/** What an application's databag said when the dispatch first read it: later reads see what the dispatch itself wrote. */
const firstReads = new WeakMap<Juju, Promise<Databag>>();

/** The disk of a unit that is alone. */
export class PeerFile implements Peers {
  readonly countsAtOnce = true;
  readonly #state: StateDirectory;
  readonly #unit: string;

  constructor(state: StateDirectory, unit: string) {
    this.#state = state;
    this.#unit = unit;
  }

  async read(): Promise<PeersRead> {
    const { unit, application } = await this.#databags();
    return {
      application: decodeApplicationRecord(application),
      own: decodeUnitRecord(unit, this.#unit),
      others: new Map(),
      listed: new Set(),
    };
  }

  async writeOwn(record: UnitRecord): Promise<boolean> {
    const before = await this.#databags();
    const changes = changesOf(before.unit, encodeUnitRecord(record));
    if (changes !== undefined) await this.#state.keepPeerDatabags({ ...before, unit: changes });
    return changes !== undefined;
  }

  async writeApplication(record: ApplicationRecord): Promise<boolean> {
    const before = await this.#databags();
    const application = encodeApplicationRecord(record);
    const hasChanged =
      changesOf(before.application, replacing(before.application, application)) !== undefined;
    if (hasChanged) await this.#state.keepPeerDatabags({ ...before, application });
    return hasChanged;
  }

  async #databags(): Promise<{ readonly unit: Databag; readonly application: Databag }> {
    return (await this.#state.peerDatabags()) ?? { unit: {}, application: {} };
  }
}

/** The peer relation. */
export class PeerRelation implements Peers {
  readonly #juju: Juju;
  readonly #id: string;
  readonly #state: StateDirectory;
  readonly #rules: Rules;

  constructor(juju: Juju, id: string, state: StateDirectory, rules: Rules) {
    this.#juju = juju;
    this.#id = id;
    this.#state = state;
    this.#rules = rules;
  }

  get countsAtOnce(): boolean {
    return this.#rules.actsOnGrantOf("buffered");
  }

  async read(isLeader: boolean): Promise<PeersRead> {
    const juju = this.#juju;
    const [databag, own, members] = await Promise.all([
      this.#committedApplication(),
      juju.readUnitDatabag(this.#id, juju.unit),
      isLeader ? juju.relationUnits(this.#id) : [],
    ]);
    const committed = decodeApplicationRecord(databag);
    const said = decodeUnitRecord(own, juju.unit);
    const before = committed.lineage === undefined || said === undefined ? await this.#before() : undefined;
    const application = committed.lineage === undefined ? (before?.application ?? committed) : committed;
    const others = new Map<string, UnitRecord>();
    if (isLeader) {
      const named = this.#rules.unitsToRead(members, [...application.grants.keys()]);
      const units = named.filter((unit) => unit !== juju.unit);
      const databags = await Promise.all(
        units.map(async (unit) => await juju.readUnitDatabag(this.#id, unit)),
      );
      for (const [index, unit] of units.entries()) {
        const record = decodeUnitRecord(databags[index] ?? {}, unit);
        if (record !== undefined) others.set(unit, record);
      }
    }
    // What the unit said in the file is about this life of the application alone.
    const isOfThisLife = before !== undefined && before.application.lineage === application.lineage;
    return {
      application,
      own: said ?? (isOfThisLife ? before.own : undefined),
      others,
      listed: new Set(members),
    };
  }

  async writeOwn(record: UnitRecord): Promise<boolean> {
    const before = await this.#juju.readUnitDatabag(this.#id, this.#juju.unit);
    const changes = changesOf(before, encodeUnitRecord(record));
    if (changes !== undefined) await this.#juju.writeUnitDatabag(this.#id, changes);
    return changes !== undefined;
  }

  async writeApplication(record: ApplicationRecord): Promise<boolean> {
    const before = await this.#juju.readApplicationDatabag(this.#id, this.#juju.application);
    const changes = changesOf(before, replacing(before, encodeApplicationRecord(record)));
    if (changes !== undefined) await this.#juju.writeApplicationDatabag(this.#id, changes);
    return changes !== undefined;
  }

  /** What this unit kept on its disk while its charm had no peer relation. */
  async #before(): Promise<Pick<PeersRead, "application" | "own">> {
    return await new PeerFile(this.#state, this.#juju.unit).read();
  }

  async #committedApplication(): Promise<Databag> {
    const juju = this.#juju;
    let read = firstReads.get(juju);
    if (read === undefined || this.countsAtOnce) {
      read = juju.readApplicationDatabag(this.#id, juju.application);
      firstReads.set(juju, read);
      read.catch(() => firstReads.delete(juju));
    }
    return await read;
  }
}

/** Deletes the keys that shall not be there any more. */
function replacing(before: Databag, wanted: Databag): DatabagChanges {
  // A newer version may keep keys of other kinds beside these.
  const gone = Object.keys(before).filter((key) => /^(?:ticket|grant|done)-/.test(key) && !(key in wanted));
  return { ...Object.fromEntries(gone.map((key) => [key, ""])), ...wanted };
}

/** What of the wanted values is not what stands; undefined where nothing is. */
export function changesOf(before: Databag, wanted: Databag): DatabagChanges | undefined {
  const changes = Object.entries(wanted).filter(([key, value]) => (before[key] ?? "") !== value);
  return changes.length === 0 ? undefined : Object.fromEntries(changes);
}
