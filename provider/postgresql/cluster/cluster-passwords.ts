/**
 * The passwords by which the members of a cluster know each other: given to the database and to Patroni, in an order in
 * which both go on understanding each other.
 *
 * @module
 */
import { access, readFile } from "node:fs/promises";
import { join } from "node:path";
import { hasStarted } from "../checks/restore-end-checks.ts";
import { failureIn } from "../job-failure.ts";
import type { Parts } from "../parts.ts";
import { isVerifierOf, scramVerifier } from "./scram-verifier.ts";

/** The passwords of a cluster, of printable ASCII. */
export interface ClusterPasswords {
  /** Of the superuser, whose name is the option `postgresql.user`. */
  readonly superuser: string;
  readonly replication: string;
  /**
   * The user by which replicas reach the primary, as Patroni's own configuration says. Where the database has no such user, its
   * password is left as it is.
   */
  readonly replicationUser: string;
}

const memberTimeoutMs = 900;

/**
 * Gives the passwords to the database, on the primary, and to Patroni, on each member as soon as its database knows them. Does
 * nothing while Patroni does not answer, and where nothing is new.
 *
 * @returns Whether Patroni on this unit goes by the passwords.
 * @throws ExecutorError `postgresql-query-failed`
 */
export async function settleClusterPasswords(
  { settings, user, patroni, psql }: Parts,
  passwords: ClusterPasswords,
): Promise<boolean> {
  const { replicationUser } = passwords;
  const file = settings.files.passwordsOverlay;
  const kept = await readFile(file, "utf8").catch(() => "");
  const render = (isReplicationKnown: boolean): string =>
    `${JSON.stringify(
      {
        postgresql: {
          authentication: {
            superuser: { password: passwords.superuser },
            ...(isReplicationKnown ? { replication: { password: passwords.replication } } : {}),
          },
        },
      },
      null,
      2,
    )}\n`;
  if (kept === render(true) || kept === render(false)) return true;
  const member = await patroni.member(memberTimeoutMs);
  let isReplicationKnown = true;
  if (await exists(join(settings.postgresql.dataDirectory, "PG_VERSION"))) {
    if (!/^(running|streaming)$/.test(member?.state ?? "")) return false;
    const wanted = new Map([
      [settings.postgresql.user, passwords.superuser],
      [replicationUser, passwords.replication],
    ]);
    const rows = await psql.query("SELECT rolname, coalesce(rolpassword, '') FROM pg_authid");
    const roles = rows.filter(([name = ""]) => wanted.has(name));
    isReplicationKnown = roles.some(([name]) => name === replicationUser);
    const changed = roles.filter(
      ([name = "", verifier = ""]) => !isVerifierOf(verifier, wanted.get(name) ?? ""),
    );
    if (changed.length > 0 && !hasStarted(member)) return false;
    const statements = changed.map(
      ([name = ""]) =>
        `ALTER ROLE "${name.replaceAll('"', '""')}" PASSWORD '${scramVerifier(wanted.get(name) ?? "")}';`,
    );
    if (statements.length > 0) await psql.execute(statements.join("\n"));
  } else if (!(await exists(settings.patroni.configDirectory))) return false;
  // A member without a database needs the passwords to get one.
  await user.writeFile(file, render(isReplicationKnown), 0o600);
  // A Patroni that does not reload now reads the file when it starts.
  if (member !== undefined) await failureIn(async () => patroni.reload());
  return true;
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
