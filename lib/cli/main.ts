#!/usr/bin/env node
/**
 * The command `juju-database-backup`.
 *
 * @module
 */
import { runCommand } from "./command.ts";

let interruptedBy: NodeJS.Signals | undefined;
process.exitCode = await runCommand(process.argv.slice(2), {
  out: (line) => write(process.stdout, line),
  err: (line) => write(process.stderr, line),
  input: () => process.stdin,
  interruption,
});
// Who sent a signal sees that this is how it ended.
if (interruptedBy !== undefined) process.kill(process.pid, interruptedBy);

/** The first signal is waited for, the second ends everything at once. */
function interruption(): AbortSignal {
  const controller = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.once(signal, () => {
      interruptedBy = signal;
      controller.abort();
    });
  }
  return controller.signal;
}

/** A stream is opened by the first line that is written to it, for that takes time too. */
function write(stream: NodeJS.WriteStream, line: string): void {
  if (stream.listenerCount("error") === 0) stream.on("error", ignoreClosed);
  stream.write(`${line}\n`);
}

/** Whoever reads the output may have seen enough of it. */
function ignoreClosed(error: NodeJS.ErrnoException): void {
  if (error.code !== "EPIPE") throw error;
}
