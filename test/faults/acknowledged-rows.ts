/**
 * Rows that PostgreSQL has acknowledged, and the proof that it still has them.
 *
 * @module
 */
import { createHash, randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";

/** What the table of rows must hold. */
export type RowsAtAMoment = ReadonlyMap<number, string>;

const everyMs = 250;

/** A client that goes on writing, and remembers what was committed. */
export class AcknowledgedRows {
  readonly #sql: (statement: string) => Promise<string>;
  #acknowledged = new Map<number, string>();
  /** Rows whose insertion failed: PostgreSQL may have them or not. */
  readonly #uncertain = new Set<number>();
  #last = 0;
  #writing: { readonly controller: AbortController; readonly done: Promise<void> } | undefined;

  /** @param sql Runs SQL on the primary, whichever server that is. */
  constructor(sql: (statement: string) => Promise<string>) {
    this.#sql = sql;
  }

  /** Makes the table, and another one that is large enough for a backup to take seconds. */
  async prepare(): Promise<void> {
    await this.#sql(
      "create table acknowledged (id int primary key, word text not null);" +
        "create table ballast as select n, md5(n::text) || md5((7 * n)::text) as text from generate_series(1, 400000) n",
    );
  }

  /** How many rows are acknowledged. */
  get count(): number {
    return this.#acknowledged.size;
  }

  /** Writes one row. @throws where PostgreSQL does not take it. */
  async write(): Promise<void> {
    const id = (this.#last += 1);
    const word = randomUUID();
    this.#uncertain.add(id);
    await this.#sql(`insert into acknowledged values (${id}, '${word}')`);
    this.#uncertain.delete(id);
    this.#acknowledged.set(id, word);
  }

  /** Goes on writing until told to stop, whatever happens to the server. */
  begin(): void {
    if (this.#writing !== undefined) return;
    const controller = new AbortController();
    const done = (async () => {
      while (!controller.signal.aborted) {
        await this.write().catch(() => undefined);
        await sleep(everyMs);
      }
    })();
    this.#writing = { controller, done };
  }

  /** Stops writing. */
  async end(): Promise<void> {
    this.#writing?.controller.abort();
    await this.#writing?.done;
    this.#writing = undefined;
  }

  /** What the table must hold if the database goes back to now. */
  now(): RowsAtAMoment {
    return new Map(this.#acknowledged);
  }

  /** Takes what the table held at a moment for all that is acknowledged, as a restore to that moment does. */
  goBackTo(moment: RowsAtAMoment): void {
    for (const id of this.#acknowledged.keys()) if (!moment.has(id)) this.#uncertain.delete(id);
    this.#acknowledged = new Map(moment);
  }

  /**
   * Compares the checksum of all acknowledged rows with that of the table.
   *
   * @returns What is wrong; undefined where all rows are there, as they were written, and no other but those whose insertion
   *   was not acknowledged.
   */
  async compare(): Promise<string | undefined> {
    const uncertain = [0, ...this.#uncertain].join(",");
    const found = await this.#sql(
      `select count(*), md5(coalesce(string_agg(id || ' ' || word, ',' order by id), '')) from acknowledged where id not in (${uncertain});` +
        "select count(*), sum(hashtext(b::text)) from ballast b",
    );
    const rows = [...this.#acknowledged].toSorted(([a], [b]) => a - b).map(([id, word]) => `${id} ${word}`);
    const wanted = `${rows.length}|${createHash("md5").update(rows.join(",")).digest("hex")}`;
    const [checksum = "", ballast = ""] = found.split("\n");
    this.#ballast ??= ballast;
    if (ballast !== this.#ballast) return `the ballast is ${ballast} instead of ${this.#ballast}`;
    return checksum === wanted ? undefined : `the rows are ${checksum} instead of ${wanted}`;
  }

  #ballast: string | undefined;
}
