/**
 * Starting a program that goes on without us, for machines without an init system.
 *
 * @module
 */
import { spawn } from "node:child_process";
import { open, writeFile } from "node:fs/promises";
import { basename } from "node:path";
import { run } from "../../../lib/process/run.ts";
import { plainEnvironment } from "../database-user.ts";

/** What is started, and how. */
export interface DetachedProgram {
  /** The command that runs it in the foreground. */
  readonly argv: readonly string[];
  /** Where its output is appended. */
  readonly logFile: string;
  /** Where its pid is written. */
  readonly pidFile: string;
  /** The unix user it runs as. */
  readonly user: string;
  /** More of its environment; it gets PATH, HOME, LANG and TZ anyway. Default: nothing. */
  readonly environment?: Readonly<Record<string, string>> | undefined;
}

/**
 * Starts a program; returns when its process is there.
 *
 * @param failed Makes the error that is thrown where it cannot be started.
 */
export async function startDetached(
  { argv, logFile, pidFile, user, environment }: DetachedProgram,
  failed: (why: string) => Error,
): Promise<void> {
  // runuser and su kill their child two seconds after a SIGTERM, and Patroni then leaves its leader key behind;
  // setpriv becomes the program.
  const wrapped =
    process.getuid?.() === 0
      ? ["setpriv", `--reuid=${user}`, `--regid=${user}`, "--init-groups", ...argv]
      : [...argv];
  const [program, ...args] = wrapped;
  const home = (await run(["getent", "passwd", user], { timeoutMs: 10_000 })).stdout.split(":")[5];
  const log = await open(logFile, "a");
  try {
    const child = spawn(program ?? "", args, {
      cwd: "/",
      detached: true,
      env: { ...plainEnvironment(home ?? "/", user), ...environment },
      stdio: ["ignore", log.fd, log.fd],
    });
    await new Promise<void>((resolve, reject) => {
      child.once("spawn", () => resolve());
      child.once("error", (error) =>
        reject(failed(`${basename(program ?? "")} could not be started: ${error.message}`)),
      );
    });
    child.unref();
    await writeFile(pidFile, `${child.pid}\n`);
  } finally {
    await log.close();
  }
}
