/**
 * What the system says of a process or a thread in its `stat`.
 *
 * @see https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html
 *
 * @module
 */
import { readFile } from "node:fs/promises";

/**
 * Reads the fields behind the name, of which the first is the state.
 *
 * @param directory For example `/proc/1`, or `/proc/1/task/2`.
 * @returns Undefined where it is gone.
 */
export async function processStat(directory: string): Promise<readonly string[] | undefined> {
  const stat = await readFile(`${directory}/stat`, "utf8").catch(() => undefined);
  // The name in parentheses may hold blanks and parentheses of its own.
  return stat?.slice(stat.lastIndexOf(")") + 2).split(" ");
}
