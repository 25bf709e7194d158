/**
 * The files that a unit keeps on local disk between dispatches: the journal, who works on what, how far the running job
 * is, and the last list of backups.
 *
 * Databags of a failed hook are dropped while what the hook did stays done; only a file that was synced before tells
 * afterwards what that was.
 *
 * @module
 */
import { randomUUID } from "node:crypto";
import {
  chmod,
  link,
  mkdir,
  open,
  readFile,
  readdir,
  rename,
  rm,
  writeFile,
  type FileHandle,
} from "node:fs/promises";
import { join, parse } from "node:path";
import type { Backup } from "../lib/job/backup.ts";
import type { Progress } from "../lib/job/report.ts";
import { JournalError } from "../lib/errors.ts";
import { errnoOf } from "../lib/process/errno.ts";
import type { ProcessIdentity } from "../lib/process/process-identity.ts";
import { decodeRecord, encodeRecord, foldJournal, type JournalRecord, type JournalState } from "./journal.ts";

/** How far the running job is: newer than the journal, and worth nothing once the job has ended. */
export interface LiveProgress {
  readonly fence: number;
  readonly progress: Progress;
}

/** Which process works on a fence. `nobody` bars every process that comes late. */
export type WorkerEntry = { readonly process: ProcessIdentity } | { readonly nobody: true };

/** A compacted journal replaces one of more records than this. */
const compactAbove = 512;
/** Ends the line of a record that was cut short. No record ends so. */
const cutShort = " (cut short)";

/** A unit's directory for state. */
export class StateDirectory {
  readonly path: string;

  constructor(path: string) {
    this.path = path;
  }

  /** The executor's own directory. */
  get executorDirectory(): string {
    return join(this.path, "executor");
  }

  /** Where a job's log is written until it is uploaded. */
  logFile(fence: number): string {
    return join(this.path, "logs", `${fence}.log`);
  }

  /** Where a worker's standard error goes: empty unless something went wrong that nobody foresaw. */
  get workerOutputFile(): string {
    return join(this.path, "worker-output.log");
  }

  /**
   * Creates what is missing and reads the journal; an empty one is begun.
   *
   * @throws JournalError where the journal is damaged or the directory cannot be written.
   */
  async open(): Promise<JournalState> {
    return await this.#guard("opened", async () => {
      const journal = foldJournal(await this.#readRecords());
      const begins = journal.incarnation === undefined;
      // A new journal counts fences from one again: nothing of a former one's may be taken for its own.
      for (const name of begins ? ["workers", "logs", "progress.json"] : []) {
        await rm(join(this.path, name), { recursive: true, force: true });
      }
      for (const directory of ["", "workers", "logs", "executor"]) {
        await mkdir(join(this.path, directory), { recursive: true, mode: 0o755 });
      }
      // The database's own user works below the executor's directory, whatever the umask of the agent is.
      await chmod(this.path, 0o755);
      await chmod(this.executorDirectory, 0o755);
      if (!begins) return journal;
      await this.append({ record: "incarnation", incarnation: randomUUID() });
      return foldJournal(await this.#readRecords());
    });
  }

  /** Sets the journal of a former life of the unit aside. Called by a unit that is being installed. */
  async beginIncarnation(): Promise<void> {
    await this.#guard("set aside", async () => {
      try {
        await rename(this.#journalFile, join(this.path, `journal-before-${Date.now()}.jsonl`));
      } catch (error) {
        if (errnoOf(error) !== "ENOENT") throw error;
      }
    });
  }

  /**
   * Appends a record and does not return before it is on disk.
   *
   * @throws JournalError
   */
  async append(record: JournalRecord): Promise<void> {
    await this.#guard("written", async () => {
      const file = await open(this.#journalFile, "a+", 0o644);
      try {
        // A record that was cut short by a crash must not swallow this one, nor count itself from now on.
        const separator = (await endsInNewline(file)) ? "" : `${cutShort}\n`;
        await file.appendFile(`${separator}${encodeRecord(record)}\n`);
        await file.sync();
      } finally {
        await file.close();
      }
    });
  }

  /** Replaces the journal by a shorter one, if it has grown long. Only while no worker may be writing. */
  async compact(records: readonly JournalRecord[]): Promise<void> {
    await this.#guard("compacted", async () => {
      if ((await this.#readRecords()).length <= compactAbove) return;
      await replaceFile(this.#journalFile, records.map((record) => `${encodeRecord(record)}\n`).join(""));
      const kept = new Set(records.map((record) => ("fence" in record ? String(record.fence) : "")));
      for (const directory of ["workers", "logs"]) {
        for (const name of await readdir(join(this.path, directory))) {
          if (!kept.has(parse(name).name)) await rm(join(this.path, directory, name), { force: true });
        }
      }
    });
  }

  /**
   * Enters a process, or nobody, as the one that works on a fence. Exactly one entry is ever made.
   *
   * @returns Whether this entry was made; false where there was one.
   * @throws JournalError
   */
  async enterWorker(fence: number, entry: WorkerEntry): Promise<boolean> {
    return await this.#guard("written", async () => {
      const file = this.#workerFile(fence);
      const temporary = `${file}.${randomUUID()}.tmp`;
      await writeFile(temporary, JSON.stringify(entry), { flush: true });
      try {
        // Unlike a file that is created and then written, a link is there with its content or not at all.
        await link(temporary, file);
        return true;
      } catch (error) {
        if (errnoOf(error) === "EEXIST") return false;
        throw error;
      } finally {
        await rm(temporary, { force: true });
      }
    });
  }

  /** The entry for a fence; undefined where none was made yet. */
  async workerEntry(fence: number): Promise<WorkerEntry | undefined> {
    return await readJson<WorkerEntry>(this.#workerFile(fence));
  }

  /** Notes how far the running job is. Not synced: losing it costs nothing. */
  async noteProgress(progress: LiveProgress): Promise<void> {
    await replaceFile(join(this.path, "progress.json"), JSON.stringify(progress), { flush: false });
  }

  /** What was noted last; undefined where that is nothing. */
  async liveProgress(): Promise<LiveProgress | undefined> {
    return await readJson<LiveProgress>(join(this.path, "progress.json"));
  }

  /** Keeps a list of the backups in the repository, for the next dispatch to publish. */
  async keepBackups(backups: readonly Backup[]): Promise<void> {
    await replaceFile(join(this.path, "backups.json"), JSON.stringify(backups));
  }

  /** The list that was kept last; undefined before the first. */
  async keptBackups(): Promise<readonly Backup[] | undefined> {
    return await readJson<readonly Backup[]>(join(this.path, "backups.json"));
  }

  get #journalFile(): string {
    return join(this.path, "journal.jsonl");
  }

  #workerFile(fence: number): string {
    return join(this.path, "workers", `${fence}.json`);
  }

  async #readRecords(): Promise<readonly JournalRecord[]> {
    let text: string;
    try {
      text = await readFile(this.#journalFile, "utf8");
    } catch (error) {
      if (errnoOf(error) === "ENOENT") return [];
      throw error;
    }
    const records: JournalRecord[] = [];
    const lines = text.split("\n");
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

async function endsInNewline(file: FileHandle): Promise<boolean> {
  const { size } = await file.stat();
  if (size === 0) return true;
  const { buffer } = await file.read(Buffer.alloc(1), 0, 1, size - 1);
  return buffer[0] === 0x0a;
}

async function replaceFile(path: string, text: string, options = { flush: true }): Promise<void> {
  const temporary = `${path}.${process.pid}.tmp`;
  await writeFile(temporary, text, options);
  await rename(temporary, path);
}

/** Reads a file that is replaced as a whole; one that was cut short by a crash counts as none. */
async function readJson<Content>(path: string): Promise<Content | undefined> {
  try {
    const content: Content = JSON.parse(await readFile(path, "utf8"));
    return content;
  } catch (error) {
    if (errnoOf(error) === "ENOENT" || error instanceof SyntaxError) return undefined;
    throw error;
  }
}
