/**
 * Runs programs to be measured.
 *
 * @module
 */
import { spawn } from "node:child_process";
import { once } from "node:events";

/** Runs a program to its end, and fails where it fails. */
export async function runToEnd(program, args, { env, cwd } = {}) {
  const child = spawn(program, args, { env, cwd, stdio: ["ignore", "pipe", "pipe"] });
  let said = "";
  child.stdout.resume();
  child.stderr.on("data", (chunk) => (said += chunk));
  const [code, signal] = await once(child, "close");
  if (code !== 0) throw new Error(`${program} ${args.join(" ")} ended with ${signal ?? code}: ${said}`);
}
