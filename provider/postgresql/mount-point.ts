/**
 * Tells where file systems are mounted.
 *
 * @module
 */
import { readFile, stat } from "node:fs/promises";
import { dirname } from "node:path";

/** Whether a directory is where a file system is mounted; also one that was mounted from the same device. */
export async function isMountPoint(path: string): Promise<boolean> {
  const [own, parent] = await Promise.all([stat(path), stat(dirname(path))]);
  if (own.dev !== parent.dev) return true;
  const mounts = await readFile("/proc/self/mountinfo", "utf8");
  return mounts
    .split("\n")
    .map((line) =>
      (line.split(" ")[4] ?? "").replaceAll(/\\([0-7]{3})/g, (_, code: string) =>
        String.fromCharCode(Number.parseInt(code, 8)),
      ),
    )
    .includes(path);
}
