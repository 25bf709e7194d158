/**
 * Watches a Patroni that bootstraps from a backup, until the new primary stands or has failed.
 *
 * @module
 */
import { open, readdir, stat } from "node:fs/promises";
import { isAbsolute, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { JobContext } from "../../../lib/executor.ts";
import { run } from "../../../lib/process/run.ts";
import type { Failure } from "../../../lib/job/report.ts";
import { parseLogLine } from "../pgbackrest/backup-log.ts";
import { decideRestoreEnd, hasStarted } from "../checks/restore-end-checks.ts";
import { ExecutorError } from "../../../lib/errors.ts";
import type { Parts } from "../parts.ts";
import type { LogPositions, RestoreJournal } from "./restore-journal.ts";
import { bootstrapFailure } from "./bootstrap-failure.ts";
import { lookAtDisks } from "./full-disk.ts";
import { readProof, type RestoreProof } from "./restore-proof.ts";
import { watchStorage, type Copying } from "../pgbackrest/storage-outage.ts";
import { underWatch } from "../watched-work.ts";

const pollMs = 400;
const tailBytes = 512 * 1024;
const stepBytes = 4 * 1024 * 1024;

/** What is known of the restore that Patroni carries out. */
type Bootstrapped = Pick<RestoreJournal, "goal" | "moves" | "positions">;

/** Notes where the logs stand. */
export async function notePositions(
  parts: Parts,
  stanza: string,
  logDirectory: string | undefined,
): Promise<LogPositions> {
  const { files, patroni } = parts.settings;
  const restoreLog = join(files.pgbackrest, "log", `${stanza}-restore.log`);
  const { service } = patroni;
  return {
    restoreLog: { file: restoreLog, offset: await sizeOf(restoreLog) },
    patroniLog:
      service.kind === "process"
        ? { file: service.logFile, offset: await sizeOf(service.logFile) }
        : undefined,
    startedAtMs: Date.now(),
    logDirectory,
  };
}

/**
 * Waits until Patroni has made the restored database the primary, and proves it. A restore and the replay of its WAL take as long as
 * they take, and can be cancelled; only the copying of files must not stand still for too long.
 *
 * @throws ExecutorError saying why the restore failed, or that it was cancelled.
 */
export async function watchBootstrap(
  parts: Parts,
  journal: Bootstrapped,
  context: JobContext,
): Promise<RestoreProof> {
  const copying: Copying = { lastCopiedAtMs: performance.now() };
  const { outageMs } = parts.settings.timeLimits;
  return await underWatch(
    context.signal,
    async (done) => watchStorage(context, { command: "restore", limitMs: outageMs }, copying, done),
    async (signal) => follow(parts, journal, { ...context, signal }, copying),
  );
}

async function follow(
  parts: Parts,
  journal: Bootstrapped,
  context: JobContext,
  copying: Copying,
): Promise<RestoreProof> {
  let copied = 0;
  const restoreLog = { ...journal.positions.restoreLog };
  let finalizing = false;
  let isCopying = true;
  let lastLineAt = performance.now();
  for (;;) {
    for (const line of await newLines(restoreLog)) {
      lastLineAt = performance.now();
      isCopying &&= !/ restore command end: /.test(line);
      const event = parseLogLine(line);
      if (event.kind === "copied") copying.lastCopiedAtMs = performance.now();
      if (event.kind === "copied" && event.percent > copied) {
        copied = event.percent;
        context.progress({ percent: copied });
      } else if (event.kind === "message") context.log(event.text);
    }
    const member = await parts.patroni.member(2_000);
    const isStarted = hasStarted(member);
    if (!finalizing && (member?.state === "starting" || member?.state === "restarting")) {
      finalizing = true;
      isCopying = false;
      context.progress({ percent: 100 });
      context.finalizing();
    }
    const isOver = !isStarted && !context.signal.aborted && !(await parts.service.running());
    const end = decideRestoreEnd({
      member,
      serviceFailure: isOver ? await whyFailed(parts, journal) : undefined,
      isCopying,
      quietMs: performance.now() - lastLineAt,
      quietLimitMs: parts.settings.timeLimits.fileMs,
      proof: isStarted ? await readProof(parts.psql) : undefined,
      goal: journal.goal,
      isCancelled: context.signal.aborted,
    });
    if (end.kind === "failed") throw new ExecutorError(end.failure);
    if (end.kind === "proven") return end.proof;
    await sleep(pollMs);
  }
}

/** Reads from the logs why a bootstrap failed. */
async function whyFailed(parts: Parts, { positions, moves }: Bootstrapped): Promise<Failure> {
  const disks = await lookAtDisks(moves);
  return bootstrapFailure(disks, await logsSince(parts, positions));
}

async function logsSince(parts: Parts, positions: LogPositions): Promise<string> {
  const { patroni, postgresql } = parts.settings;
  // Patroni's log may have no room for what pgBackRest says, where it lies on the disk that is full.
  const texts = [await readFrom(positions.restoreLog.file, positions.restoreLog.offset)];
  if (patroni.service.kind === "systemd") {
    const journal = await run(
      [
        "journalctl",
        "--no-pager",
        "--output=cat",
        `--unit=${patroni.service.unit}`,
        `--since=@${Math.floor(positions.startedAtMs / 1000)}`,
      ],
      { timeoutMs: 30_000 },
    );
    texts.push(journal.stdout);
  } else if (positions.patroniLog !== undefined) {
    texts.push(await readFrom(positions.patroniLog.file, positions.patroniLog.offset));
  }
  if (positions.logDirectory !== undefined) {
    // Patroni has moved the data directory that it gave up, logs included.
    const folders = isAbsolute(positions.logDirectory)
      ? [positions.logDirectory]
      : [`${postgresql.dataDirectory}.failed`, postgresql.dataDirectory].map((base) =>
          join(base, positions.logDirectory ?? ""),
        );
    for (const folder of folders) texts.push(await newestLog(folder, positions.startedAtMs));
  }
  return texts.join("\n");
}

async function newestLog(folder: string, sinceMs: number): Promise<string> {
  const names = await readdir(folder).catch(() => []);
  const files = await Promise.all(
    names.map(async (name) => ({ file: join(folder, name), at: (await stat(join(folder, name))).mtimeMs })),
  );
  const newest = files.filter(({ at }) => at >= sinceMs).toSorted((a, b) => b.at - a.at)[0];
  return newest === undefined ? "" : readFrom(newest.file, 0);
}

async function newLines(position: { readonly file: string; offset: number }): Promise<readonly string[]> {
  const bytes = await readBytes(position.file, position.offset, stepBytes);
  const end = bytes.lastIndexOf("\n") + 1;
  // A line that does not end is passed over: waiting for its end, one would wait for ever.
  position.offset += end === 0 && bytes.length === stepBytes ? stepBytes : end;
  const complete = bytes.toString("utf8", 0, end);
  return complete.split("\n").filter((line) => line !== "");
}

/** Reads a file from an offset, at most its last half MiB; empty where there is none. */
async function readFrom(file: string, offset: number): Promise<string> {
  const bytes = await readBytes(file, Math.max(offset, (await sizeOf(file)) - tailBytes), tailBytes);
  return bytes.toString("utf8");
}

async function readBytes(file: string, offset: number, limit: number): Promise<Buffer> {
  const handle = await open(file, "r").catch(() => undefined);
  if (handle === undefined) return Buffer.alloc(0);
  try {
    // It is asked for twice a second, and mostly there is little.
    const { size } = await handle.stat();
    const wanted = Math.max(0, Math.min(limit, size - offset));
    const buffer = Buffer.alloc(wanted);
    const { bytesRead } = await handle.read(buffer, 0, wanted, offset);
    return buffer.subarray(0, bytesRead);
  } finally {
    await handle.close();
  }
}

async function sizeOf(file: string): Promise<number> {
  return stat(file).then(
    ({ size }) => size,
    () => 0,
  );
}
