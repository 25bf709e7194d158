/**
 * How the leader and the primary agree on the storage to archive to: the leader writes which one is wanted into the
 * application's databag of the cluster's own peer relation, the primary what came of it into its unit's.
 *
 * @module
 */
import type { Juju } from "../../../lib/juju/juju.ts";
import { isJsonRecord } from "../json-record.ts";

const key = "archive-storage";

/** What a primary says of a storage. */
export interface PrimaryWord {
  /** Which storage. */
  readonly place: string;
  /** Why WAL does not reach it; absent where it does. */
  readonly failure?: string;
}

/** What leader and primary have said. Without a peer relation there is one unit, which is both. */
export class ArchivingPeers {
  readonly #juju: Juju;
  readonly #relation: string | undefined;

  private constructor(juju: Juju, relation: string | undefined) {
    this.#juju = juju;
    this.#relation = relation;
  }

  /** @param endpoint The peer endpoint. */
  static async of(juju: Juju, endpoint: string): Promise<ArchivingPeers> {
    return new ArchivingPeers(juju, (await juju.relationIds(endpoint))[0]);
  }

  /** Whether a unit that does not lead may see this as wanted by the leader. */
  async isAskedFor(place: string): Promise<boolean> {
    if (this.#relation === undefined) return true;
    return (await this.#juju.readApplicationDatabag(this.#relation, this.#juju.application))[key] === place;
  }

  /** Whether any storage is wanted, and whether this unit has said anything of one. */
  async standing(): Promise<{ readonly isAskedFor: boolean; readonly hasSaid: boolean }> {
    if (this.#relation === undefined) return { isAskedFor: false, hasSaid: false };
    const wish = await this.#juju.readApplicationDatabag(this.#relation, this.#juju.application);
    const word = await this.#juju.readUnitDatabag(this.#relation, this.#juju.unit);
    return { isAskedFor: wish[key] !== undefined, hasSaid: word[key] !== undefined };
  }

  /** Takes the leader's word back. */
  async withdraw(): Promise<void> {
    if (this.#relation !== undefined) await this.#juju.writeApplicationDatabag(this.#relation, { [key]: "" });
  }

  /** Takes the primary's word back. */
  async unsay(): Promise<void> {
    if (this.#relation !== undefined) await this.#juju.writeUnitDatabag(this.#relation, { [key]: "" });
  }

  /** The leader's word: which storage is wanted. */
  async ask(place: string): Promise<void> {
    if (this.#relation === undefined || (await this.isAskedFor(place))) return;
    await this.#juju.writeApplicationDatabag(this.#relation, { [key]: place });
  }

  /** The primary's word. */
  async say(word: PrimaryWord): Promise<void> {
    if (this.#relation === undefined) return;
    const text = JSON.stringify(word);
    const own = await this.#juju.readUnitDatabag(this.#relation, this.#juju.unit);
    if (own[key] !== text) await this.#juju.writeUnitDatabag(this.#relation, { [key]: text });
  }

  /** Whether another unit says that WAL reaches a storage. */
  async isProvenElsewhere(place: string): Promise<boolean> {
    return (await this.#wordsElsewhere()).some((word) => word.place === place && word.failure === undefined);
  }

  /** Why a storage cannot be archived to, as another unit says. */
  async failureElsewhere(place: string): Promise<string | undefined> {
    const words = await this.#wordsElsewhere();
    return words.find((word) => word.place === place && word.failure !== undefined)?.failure;
  }

  async #wordsElsewhere(): Promise<readonly PrimaryWord[]> {
    if (this.#relation === undefined) return [];
    const words: PrimaryWord[] = [];
    for (const unit of await this.#juju.relationUnits(this.#relation)) {
      const word = parseWord((await this.#juju.readUnitDatabag(this.#relation, unit))[key]);
      if (word !== undefined) words.push(word);
    }
    return words;
  }
}

/** Undefined for a text that is no such word: another revision of the charm may write another form. */
function parseWord(text: string | undefined): PrimaryWord | undefined {
  try {
    const word: unknown = JSON.parse(text ?? "null");
    if (!isJsonRecord(word) || typeof word["place"] !== "string") return undefined;
    const { place, failure } = word;
    return { place, ...(typeof failure === "string" ? { failure } : {}) };
  } catch {
    return undefined;
  }
}
