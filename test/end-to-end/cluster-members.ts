/**
 * What the members of a cluster say of themselves: Patroni by its REST API, PostgreSQL to a client.
 *
 * @module
 */
import { join } from "node:path";
import { run } from "../../lib/process/run.ts";
import type { PostgresqlOptions } from "../../provider/postgresql/index.ts";

/** A unit with a member on its machine. */
export interface MemberUnit {
  readonly name: string;
  readonly options: PostgresqlOptions;
}

/** What Patroni says of a member. */
export interface Member {
  readonly name: string;
  readonly role: string;
  readonly state: string;
  readonly timeline?: number;
  readonly tags?: Readonly<Record<string, unknown>>;
}

/** What Patroni says of the members, whichever of them answers. */
export async function membersOf(units: readonly MemberUnit[]): Promise<readonly Member[]> {
  for (const { options } of units) {
    try {
      const response = await fetch(`${options.patroni.restUrl}/cluster`, {
        signal: AbortSignal.timeout(5_000),
      });
      const { members } = (await response.json()) as { readonly members: readonly Member[] };
      return members;
    } catch {
      continue;
    }
  }
  return [];
}

/** Why the client `client`, who is no superuser, does not get in; undefined where it does. */
export async function clientRefusalOf({ options }: MemberUnit): Promise<string | undefined> {
  const { binDirectory, port } = options.postgresql;
  const psql = join(binDirectory, "psql");
  const { exitCode, stderr } = await run(
    [psql, "-X", "-h", "127.0.0.1", "-p", String(port), "-d", "postgres", "-c", "select 1"],
    { env: { PATH: "/usr/bin:/bin", PGUSER: "client", PGPASSWORD: "client-password" }, timeoutMs: 20_000 },
  );
  return exitCode === 0 ? undefined : stderr;
}
