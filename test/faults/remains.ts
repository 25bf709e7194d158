/**
 * What a job leaves behind on a unit, as pgBackRest, the process table, Patroni, PostgreSQL and the disk say.
 *
 * @module
 */
import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { run } from "../../lib/process/run.ts";
import type { Node } from "../servers/patroni.ts";
import { isRoot } from "../servers/unix-user.ts";
import { pgBackRestIn } from "./pgbackrest-at-work.ts";

/** A unit that is looked at. */
export interface JudgedUnit {
  readonly node: Node;
  /** Where its executor keeps its files. */
  readonly workDirectory: string;
  readonly isPrimary: boolean;
  /** The files that Patroni's configuration has besides its own, as long as the unit archives. */
  readonly overlays: readonly string[];
  /** Runs SQL on its PostgreSQL. */
  readonly sql: (statement: string) => Promise<string>;
}

/** How long what ends by itself may take to do so. */
const patienceMs = 15_000;
const pollMs = 200;

/** Waits until nothing is found, and gives what is found after that. */
export async function whatStays(look: () => Promise<readonly string[]>): Promise<readonly string[]> {
  const deadline = performance.now() + patienceMs;
  for (;;) {
    const found = await look();
    if (found.length === 0 || performance.now() > deadline) return found;
    await sleep(pollMs);
  }
}

/** What was left on a unit. */
export async function remainsOf(unit: JudgedUnit): Promise<readonly string[]> {
  const looks = [locksOfPgBackRest, wordOfPgBackRest, patroni, postgresql, disk];
  const found = (await Promise.all(looks.map(async (look) => await look(unit)))).flat();
  return found.map((each) => `${each} on ${unit.node.name}`);
}

/** The pgBackRest processes of a directory of servers that work on a job. */
export async function pgBackRestLeftIn(directory: string): Promise<readonly string[]> {
  return (await pgBackRestIn(directory)).map(({ argv, pid }) => `process ${pid}: ${argv.join(" ")}`);
}

/** Locks that are held, as Linux lists them, and files that forbid pgBackRest to work. */
async function locksOfPgBackRest({ workDirectory }: JudgedUnit): Promise<readonly string[]> {
  const folder = join(workDirectory, "pgbackrest/lock");
  const held = new Set(
    (await readFile("/proc/locks", "utf8"))
      .split("\n")
      .map((line) => / [0-9a-f]+:[0-9a-f]+:(\d+) /.exec(line)?.[1] ?? ""),
  );
  const found: string[] = [];
  for (const name of await readdir(folder).catch(() => [])) {
    const status = await stat(join(folder, name)).catch(() => undefined);
    if (name.endsWith(".stop")) found.push(`stop file ${name}`);
    // Archiving has locks of its own, which come and go.
    else if (!name.includes("-archive") && held.has(String(status?.ino))) found.push(`lock ${name}`);
  }
  return found;
}

async function wordOfPgBackRest({ workDirectory, node }: JudgedUnit): Promise<readonly string[]> {
  const config = join(workDirectory, "pgbackrest/archive.conf");
  const { stdout } = await run(["pgbackrest", `--config=${config}`, "--output=json", "info"], {
    cwd: "/",
    ...(isRoot() ? { identity: node.patroni.user } : {}),
    timeoutMs: 60_000,
  });
  const stanzas: readonly {
    readonly name: string;
    readonly status: { readonly lock: { readonly backup: { readonly held: boolean } } };
  }[] = JSON.parse(stdout);
  return stanzas
    .filter(({ status }) => status.lock.backup.held)
    .map(({ name }) => `pgBackRest says that the lock of ${name} is held`);
}

async function patroni({ node, isPrimary, overlays }: JudgedUnit): Promise<readonly string[]> {
  const { restUrl, configDirectory } = node.patroni;
  const ask = async (path: string): Promise<Record<string, unknown>> => {
    const answer: unknown = await (await fetch(`${restUrl}/${path}`)).json();
    return typeof answer === "object" && answer !== null ? { ...answer } : {};
  };
  try {
    const [config, member] = [await ask("config"), await ask("patroni")];
    const files = (await readdir(configDirectory)).filter(
      (name) => name !== "patroni.yml" && !overlays.includes(name),
    );
    return [
      ...(config["pause"] === undefined || config["pause"] === false ? [] : ["Patroni is paused"]),
      ...(member["tags"] === undefined ? [] : [`Patroni's tags ${JSON.stringify(member["tags"])}`]),
      ...((member["role"] === "master" || member["role"] === "primary") === isPrimary
        ? []
        : [`Patroni's role ${String(member["role"])}`]),
      ...files.map((name) => `Patroni's ${name}`),
    ];
  } catch {
    return ["Patroni does not answer"];
  }
}

async function postgresql({ sql, isPrimary }: JudgedUnit): Promise<readonly string[]> {
  const statements = [
    "select 'a session of pgBackRest' from pg_stat_activity where application_name like 'pgBackRest%'",
    "select 'an advisory lock' from pg_locks where locktype = 'advisory'",
    "select 'archive_command ' || setting from pg_settings where name = 'archive_command' and setting not like '%archive-push%'",
    `select 'PostgreSQL in recovery: ' || pg_is_in_recovery() where pg_is_in_recovery() = ${isPrimary}`,
  ];
  try {
    return (await sql(statements.join(" union all "))).split("\n").filter((line) => line !== "");
  } catch {
    return ["PostgreSQL does not answer"];
  }
}

async function disk({ node, workDirectory }: JudgedUnit): Promise<readonly string[]> {
  const beside = await readdir(join(node.postgresql.dataDirectory, ".."));
  const kept = await readdir(workDirectory);
  const configurations = await readdir(join(workDirectory, "pgbackrest"));
  return [
    ...beside.filter((name) => /before-restore|\.failed/.test(name)),
    ...kept.filter((name) => name === "restore.json"),
    ...configurations.filter((name) => /^(?:inspect-|restore\.conf)/.test(name)),
  ].map((name) => `file ${name}`);
}
