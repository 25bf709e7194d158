#!/usr/bin/env node
/**
 * The command `juju-database-backup`.
 *
 * @module
 */
import { runCommand } from "./command.ts";

// Whoever reads the output may have seen enough of it.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") throw error;
});

process.exitCode = await runCommand(process.argv.slice(2), {
  out: (line) => process.stdout.write(`${line}\n`),
  err: (line) => process.stderr.write(`${line}\n`),
  input: () => process.stdin,
});
