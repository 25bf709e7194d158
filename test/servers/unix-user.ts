/**
 * The unix users that servers run as.
 *
 * @module
 */
import { chown } from "node:fs/promises";
import { userInfo } from "node:os";
import { ServerError, runOrThrow } from "./server-error.ts";

/** A unix user. */
export interface UnixUser {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
  readonly home: string;
}

/** Tells whether this process may run others as any user. */
export function isRoot(): boolean {
  return process.getuid?.() === 0;
}

/** The user of this process. */
export function currentUser(): UnixUser {
  const { username, uid, gid, homedir } = userInfo();
  return { name: username, uid, gid, home: homedir };
}

/** The user that PostgreSQL runs as: `postgres` where this process is root, which PostgreSQL refuses; else its own. */
export async function postgresqlUser(): Promise<UnixUser> {
  if (!isRoot()) return currentUser();
  const name = "postgres";
  const entry = await runOrThrow(`find the unix user ${name}`, ["getent", "passwd", name]);
  const [, , uid, gid, , home] = entry.trim().split(":");
  if (uid === undefined || gid === undefined || home === undefined) {
    throw new ServerError(`getent gave no usable entry for the unix user ${name}: ${entry}`, {
      remedy: "Repair /etc/passwd.",
    });
  }
  return { name, uid: Number(uid), gid: Number(gid), home };
}

/** Gives a file to a user, where this process may. */
export async function giveTo(user: UnixUser, path: string): Promise<void> {
  if (isRoot()) await chown(path, user.uid, user.gid);
}

/** Prefixes an argument list so that it runs as a user; the process is replaced, hence its pid is the program's. */
export function asUser(user: UnixUser, argv: readonly [string, ...string[]]): readonly [string, ...string[]] {
  if (!isRoot() || user.uid === 0) return argv;
  return ["setpriv", `--reuid=${user.uid}`, `--regid=${user.gid}`, "--init-groups", "--", ...argv];
}
