#!/usr/bin/env node
/**
 * The command `juju-database-backup`.
 *
 * @module
 */
import { runCommand } from "./command.ts";

process.exitCode = await runCommand(process.argv.slice(2), {
  out: (line) => write(process.stdout, line),
  err: (line) => write(process.stderr, line),
  input: () => process.stdin,
});

/** A stream is opened by the first line that is written to it, for that takes time too. */
function write(stream: NodeJS.WriteStream, line: string): void {
  if (stream.listenerCount("error") === 0) stream.on("error", ignoreClosed);
  stream.write(`${line}\n`);
}

/** Whoever reads the output may have seen enough of it. */
function ignoreClosed(error: NodeJS.ErrnoException): void {
  if (error.code !== "EPIPE") throw error;
}
