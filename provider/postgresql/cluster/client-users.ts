/**
 * The users and databases of clients: made on the primary, from which the replicas have them.
 *
 * @module
 */
import type { Parts } from "../parts.ts";
import type { Psql } from "../psql.ts";
import { hasStarted } from "../checks/restore-end-checks.ts";
import { isVerifierOf, scramVerifier } from "./scram-verifier.ts";

/** A client of the database. */
export interface ClientUser {
  /** Of letters, digits, hyphens and underscores, at most 63 of them. */
  readonly name: string;
  readonly password: string;
  /** As {@link isDatabaseName} allows. */
  readonly database: string;
}

/** By which a role is known to be one of ours. */
const mark = "juju-database-backup client";
const memberTimeoutMs = 900;

/** Whether a client may have a database of this name: of letters, digits and `_.-`, at most 63, and none of PostgreSQL's own. */
export function isDatabaseName(name: string): boolean {
  return /^\w[\w.-]{0,62}$/.test(name) && !/^(postgres|template[01])$/.test(name);
}

/**
 * Sees to it that these clients, and no others, have a user and a database. A user that is no longer wanted keeps what it owns, and may
 * not log in any more.
 *
 * @returns Whether this unit is the primary, which alone does it.
 * @throws ExecutorError `postgresql-query-failed`
 */
export async function settleClientUsers(
  { patroni, psql }: Pick<Parts, "patroni" | "psql">,
  users: readonly ClientUser[],
): Promise<boolean> {
  if (!hasStarted(await patroni.member(memberTimeoutMs))) return false;
  const statements = clientStatements(await readRoles(psql), await readDatabases(psql), users);
  if (statements.length > 0) await psql.execute(statements.join("\n"));
  return true;
}

/** A role that PostgreSQL has. */
export interface KnownRole {
  readonly name: string;
  readonly canLogIn: boolean;
  readonly verifier: string;
  /** Whether it was made for a client. */
  readonly isClient: boolean;
}

/** What has to be done, as a script of psql. Pure but for salts. */
export function clientStatements(
  roles: readonly KnownRole[],
  databases: readonly string[],
  users: readonly ClientUser[],
): readonly string[] {
  const known = new Map(roles.map((role) => [role.name, role]));
  const made = new Set(databases);
  const statements: string[] = [];
  for (const { name, password, database } of users) {
    const role = known.get(name);
    const isNew = role === undefined;
    if (isNew) statements.push(`CREATE ROLE "${name}";`, `COMMENT ON ROLE "${name}" IS '${mark}';`);
    if (isNew || !role.canLogIn || !isVerifierOf(role.verifier, password))
      statements.push(`ALTER ROLE "${name}" LOGIN PASSWORD '${scramVerifier(password)}';`);
    if (!made.has(database)) statements.push(`CREATE DATABASE "${database}" OWNER "${name}";`);
    else if (isNew)
      statements.push(
        `GRANT ALL ON DATABASE "${database}" TO "${name}";`,
        `\\connect "${database}"`,
        `GRANT ALL ON SCHEMA public TO "${name}";`,
        "\\connect postgres",
      );
    made.add(database);
  }
  const wanted = new Set(users.map(({ name }) => name));
  for (const { name, canLogIn, isClient } of roles)
    if (isClient && canLogIn && !wanted.has(name)) statements.push(`ALTER ROLE "${name}" NOLOGIN;`);
  return statements;
}

async function readRoles(psql: Psql): Promise<readonly KnownRole[]> {
  const rows = await psql.query(
    "SELECT rolname, rolcanlogin, coalesce(rolpassword, ''), " +
      `coalesce(shobj_description(oid, 'pg_authid'), '') = '${mark}' FROM pg_authid`,
  );
  return rows.map(([name = "", canLogIn, verifier = "", isClient]) => ({
    name,
    canLogIn: canLogIn === "t",
    verifier,
    isClient: isClient === "t",
  }));
}

async function readDatabases(psql: Psql): Promise<readonly string[]> {
  return (await psql.query("SELECT datname FROM pg_database")).map(([name = ""]) => name);
}
