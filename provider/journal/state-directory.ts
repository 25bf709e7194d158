/**
 * The files that a unit keeps on local disk between dispatches: the journal, who works on what, how far the running job
 * is, and the last list of backups.
 *
 * Databags of a failed hook are dropped while what the hook did stays done; only a file that was synced before tells
 * afterwards what that was.
 *
 * @module
 */
import { join, parse } from "node:path";
import type { Backup } from "../../lib/job/backup.ts";
import type { Failure, Progress } from "../../lib/job/report.ts";
import { JournalError } from "../../lib/errors.ts";
import type { Databag } from "../../lib/juju/juju.ts";
import { errnoOf } from "../../lib/process/errno.ts";
import type { Disk, Machine, ProcessIdentity } from "../../lib/machine/machine.ts";
import { grantId } from "../coordination/peer-records.ts";
import { decodeRecord, encodeRecord, foldJournal, type JournalRecord, type JournalState } from "./journal.ts";

/** How far the running job is: newer than the journal, and worth nothing once the job has ended. */
export interface LiveProgress {
  /** The job's grant, by {@link grantId}. */
  readonly grant: string;
  readonly progress: Progress;
}

/** Which process works on a grant. `nobody` bars every process that comes late. */
export type WorkerEntry = { readonly process: ProcessIdentity } | { readonly nobody: true };

/** What came of the attempt to revoke a fence: false where somebody holds it. */
export interface Revocation {
  readonly revoked: boolean;
}

/** Whether a storage keeps fences, or why that could not be found out. */
export type StorageProbe = {
  /** By {@link storageId}. */
  readonly storage: string;
} & ({ readonly keepsFences: boolean } | { readonly failure: Failure });

/** What would stand in the databags of a peer relation. */
export interface PeerDatabags {
  readonly unit: Databag;
  readonly application: Databag;
}

/** More than what is left of the journal's last block, which would take a record on a full disk. */
const roomBytes = 8 * 1024;
/** Ends the line of a record that was cut short. No record ends so. */
const cutShort = " (cut short)";

/** A unit's directory for state. */
export class StateDirectory {
  readonly path: string;
  readonly #disk: Disk;

  constructor(path: string, machine: Pick<Machine, "disk">) {
    this.path = path;
    this.#disk = machine.disk;
  }

  /** The executor's own directory. */
  get executorDirectory(): string {
    return join(this.path, "executor");
  }

  /** Adds to a job's log, which is kept here until it is uploaded. */
  async log(grant: string, text: string): Promise<void> {
    await this.#disk.append(this.#logFile(grant), text);
  }

  /** A job's log so far. */
  async readLog(grant: string): Promise<string> {
    return (await this.#disk.read(this.#logFile(grant))) ?? "";
  }

  /** Where a worker's standard error goes: empty unless something went wrong that nobody foresaw. */
  get workerOutputFile(): string {
    return join(this.path, "worker-output.log");
  }

  /**
   * Reads the journal; an empty one is begun, and the directories that go with it are made.
   *
   * @throws JournalError where the journal is damaged or the directory cannot be written.
   */
  async open(): Promise<JournalState> {
    return await this.#guard("opened", async () => {
      const journal = foldJournal(await this.#readRecords());
      if (journal.incarnation !== undefined) return journal;
      // The database's own user works below the executor's directory.
      for (const directory of ["", "workers", "logs", "executor"]) {
        await this.#disk.makeDirectory(join(this.path, directory));
      }
      await this.append({ record: "incarnation", incarnation: crypto.randomUUID() });
      return foldJournal(await this.#readRecords());
    });
  }

  /**
   * Begins a new life of the unit. What the disk remembers stays: an old volume may come with a new unit. Called by a unit
   * that is being installed.
   *
   * @throws JournalError
   */
  async beginIncarnation(): Promise<void> {
    await this.open();
    await this.append({ record: "incarnation", incarnation: crypto.randomUUID() });
  }

  /**
   * Appends a record and does not return before it is on disk.
   *
   * @throws JournalError
   */
  async append(record: JournalRecord): Promise<void> {
    await this.appendAll([record]);
  }

  /**
   * Appends records at one go, and does not return before they are on disk.
   *
   * @throws JournalError
   */
  async appendAll(records: readonly JournalRecord[]): Promise<void> {
    if (records.length === 0) return;
    await this.#guard("written", async () => {
      const text = records.map((record) => `${encodeRecord(record)}\n`).join("");
      await this.#disk.append(this.#journalFile, text, {
        sync: true,
        // A record that was cut short by a crash must not swallow this one, nor count itself from now on.
        mend: `${cutShort}\n`,
      });
    });
  }

  /** Replaces the journal by a shorter one. Only while no worker may be writing. */
  async compact(records: readonly JournalRecord[]): Promise<void> {
    await this.#guard("compacted", async () => {
      const text = records.map((record) => `${encodeRecord(record)}\n`).join("");
      await this.#disk.replace(this.#journalFile, text, { sync: true });
      const kept = new Set(records.map((record) => ("fence" in record ? grantId(record) : "")));
      for (const directory of ["workers", "logs"]) {
        for (const name of await this.#disk.list(join(this.path, directory))) {
          if (!kept.has(parse(name).name)) await this.#disk.remove(join(this.path, directory, name));
        }
      }
    });
  }

  /**
   * Enters a process, or nobody, as the one that works on a grant. Exactly one entry is ever made.
   *
   * @returns Whether this entry was made; false where there was one.
   * @throws JournalError
   */
  async enterWorker(grant: string, entry: WorkerEntry): Promise<boolean> {
    return await this.#guard(
      "written",
      async () => await this.#disk.create(this.#workerFile(grant), JSON.stringify(entry)),
    );
  }

  /** The entry for a grant; undefined where none was made yet. */
  async workerEntry(grant: string): Promise<WorkerEntry | undefined> {
    return await this.#guard("read", async () => await this.#readJson<WorkerEntry>(this.#workerFile(grant)));
  }

  /** Notes how far the running job is. Not synced: losing it costs nothing. */
  async noteProgress(progress: LiveProgress): Promise<void> {
    await this.#disk.replace(join(this.path, "progress.json"), JSON.stringify(progress));
  }

  /** What was noted last; undefined where that is nothing. */
  async liveProgress(): Promise<LiveProgress | undefined> {
    return await this.#guard(
      "read",
      async () => await this.#readJson<LiveProgress>(join(this.path, "progress.json")),
    );
  }

  /**
   * Makes sure that there is room for what a worker is going to write.
   *
   * @throws JournalError
   */
  async requireRoom(): Promise<void> {
    await this.#guard(
      "written",
      async () => await this.#disk.replace(join(this.path, "room"), " ".repeat(roomBytes)),
    );
  }

  /** Keeps a list of the backups in the repository, for the next dispatch to publish. */
  async keepBackups(backups: readonly Backup[]): Promise<void> {
    await this.#disk.replace(join(this.path, "backups.json"), JSON.stringify(backups), { sync: true });
  }

  /** The list that was kept last; undefined before the first. */
  async keptBackups(): Promise<readonly Backup[] | undefined> {
    const kept = await this.#guard(
      "read",
      async () => await this.#readJson<readonly Backup[]>(join(this.path, "backups.json")),
    );
    return Array.isArray(kept) ? kept : undefined;
  }

  /** Keeps what came of a revocation. */
  async keepRevocation(grant: string, revocation: Revocation): Promise<void> {
    await this.#keep(`revocation-${grant}.json`, revocation);
  }

  /** What came of the revocation of a grant; undefined where nothing did yet. */
  async revocation(grant: string): Promise<Revocation | undefined> {
    return await this.#readJson<Revocation>(join(this.path, `revocation-${grant}.json`));
  }

  /** Keeps whether a storage keeps fences. */
  async keepProbe(probe: StorageProbe): Promise<void> {
    await this.#keep("storage-probe.json", probe);
  }

  /** The storage that was tried out last; undefined before the first. */
  async storageProbe(): Promise<StorageProbe | undefined> {
    return await this.#readJson<StorageProbe>(join(this.path, "storage-probe.json"));
  }

  /** Keeps the databags of a unit that has no peer relation. */
  async keepPeerDatabags(databags: PeerDatabags): Promise<void> {
    await this.#keep("peers.json", databags);
  }

  /** What was kept last; undefined before the first. */
  async peerDatabags(): Promise<PeerDatabags | undefined> {
    return await this.#readJson<PeerDatabags>(join(this.path, "peers.json"));
  }

  async #keep(name: string, content: unknown): Promise<void> {
    await this.#guard(
      "written",
      async () => await this.#disk.replace(join(this.path, name), JSON.stringify(content), { sync: true }),
    );
  }

  get #journalFile(): string {
    return join(this.path, "journal.jsonl");
  }

  #logFile(grant: string): string {
    return join(this.path, "logs", `${grant}.log`);
  }

  #workerFile(grant: string): string {
    return join(this.path, "workers", `${grant}.json`);
  }

  async #readRecords(): Promise<readonly JournalRecord[]> {
    const records: JournalRecord[] = [];
    const lines = ((await this.#disk.read(this.#journalFile)) ?? "").split("\n");
    // A record that was cut short, be it of its line end alone, was never synced: nothing was begun on its account.
    lines.pop();
    for (const [index, line] of lines.entries()) {
      if (line.endsWith(cutShort)) continue;
      try {
        records.push(decodeRecord(line));
      } catch (cause) {
        throw new JournalError(`The journal ${this.#journalFile} is damaged in line ${index + 1}.`, {
          remedy:
            "Make sure that no backup or restore is under way on this unit, then move the file away; jobs that it knew are reported as lost.",
          cause,
        });
      }
    }
    return records;
  }

  /** Reads a file that is replaced as a whole; one that was cut short by a crash counts as none. */
  async #readJson<Content>(path: string): Promise<Content | undefined> {
    const text = await this.#guard("read", async () => await this.#disk.read(path));
    if (text === undefined) return undefined;
    try {
      const content: Content = JSON.parse(text);
      return content;
    } catch (error) {
      if (error instanceof SyntaxError) return undefined;
      throw error;
    }
  }

  async #guard<Result>(what: string, action: () => Promise<Result>): Promise<Result> {
    try {
      return await action();
    } catch (cause) {
      if (cause instanceof JournalError) throw cause;
      throw new JournalError(
        `The state directory ${this.path} could not be ${what} (${errnoOf(cause) ?? String(cause)}).`,
        { remedy: "Check the disk's free space, and that the directory can be written by the charm.", cause },
      );
    }
  }
}
