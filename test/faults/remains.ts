/**
 * What a job leaves behind, as pgBackRest, the process table, Patroni, PostgreSQL, the disk and Juju say.
 *
 * @module
 */
import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { nodeMachine } from "../../lib/machine/node-machine.ts";
import { run } from "../../lib/process/run.ts";
import { outcomeOf } from "../../provider/journal/journal.ts";
import { StateDirectory } from "../../provider/journal/state-directory.ts";
import { findProcesses } from "../../provider/postgresql/processes.ts";
import { isRoot } from "../servers/unix-user.ts";
import type { FaultStand } from "./fault-stand.ts";
import { pgBackRestIn } from "./pgbackrest-at-work.ts";

/** How long what ends by itself may take to do so. */
const patienceMs = 15_000;
const pollMs = 200;

/** Waits until nothing is left, and says what is left after that. */
export async function remainsOf(stand: FaultStand): Promise<readonly string[]> {
  const deadline = performance.now() + patienceMs;
  for (;;) {
    const found = (await Promise.all(looks.map((look) => look(stand)))).flat();
    if (found.length === 0 || performance.now() > deadline) return found;
    await sleep(pollMs);
  }
}

type Look = (stand: FaultStand) => Promise<readonly string[]>;

const looks: readonly Look[] = [
  processes,
  locksOfPgBackRest,
  wordOfPgBackRest,
  patroni,
  postgresql,
  disk,
  journal,
  grants,
];

async function processes({ servers, stateDirectory }: FaultStand): Promise<readonly string[]> {
  const workers = await findProcesses(
    (argv) =>
      argv.some((argument) => argument.includes("worker-main")) &&
      argv.some((argument) => argument.startsWith(stateDirectory)),
  );
  const found = [...workers, ...(await pgBackRestIn(servers.directory))];
  return found.map(({ argv, pid }) => `process ${pid}: ${argv.join(" ")}`);
}

/** Locks that are held, as Linux lists them, and files that forbid pgBackRest to work. */
async function locksOfPgBackRest({ stateDirectory }: FaultStand): Promise<readonly string[]> {
  const folder = join(stateDirectory, "executor/pgbackrest/lock");
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

async function wordOfPgBackRest({ stateDirectory, node }: FaultStand): Promise<readonly string[]> {
  const config = join(stateDirectory, "executor/pgbackrest/archive.conf");
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

async function patroni({ node }: FaultStand): Promise<readonly string[]> {
  const { restUrl, configDirectory } = node.patroni;
  const ask = async (path: string): Promise<Record<string, unknown>> => {
    const answer: unknown = await (await fetch(`${restUrl}/${path}`)).json();
    return typeof answer === "object" && answer !== null ? { ...answer } : {};
  };
  try {
    const [config, member] = [await ask("config"), await ask("patroni")];
    const files = (await readdir(configDirectory)).filter((name) => name !== "patroni.yml");
    return [
      ...(config["pause"] === undefined || config["pause"] === false ? [] : ["Patroni is paused"]),
      ...(member["tags"] === undefined ? [] : [`Patroni's tags ${JSON.stringify(member["tags"])}`]),
      ...(member["role"] === "master" || member["role"] === "primary"
        ? []
        : [`Patroni's role ${String(member["role"])}`]),
      ...files.map((name) => `Patroni's ${name}`),
    ];
  } catch {
    return ["Patroni does not answer"];
  }
}

async function postgresql({ servers }: FaultStand): Promise<readonly string[]> {
  const sql = [
    "select 'a session of pgBackRest' from pg_stat_activity where application_name like 'pgBackRest%'",
    "select 'an advisory lock' from pg_locks where locktype = 'advisory'",
    "select 'archive_command ' || setting from pg_settings where name = 'archive_command' and setting not like '%archive-push%'",
    "select 'PostgreSQL in recovery' where pg_is_in_recovery()",
  ];
  try {
    return (await servers.psql(0, sql.join(" union all "))).split("\n").filter((line) => line !== "");
  } catch {
    return ["PostgreSQL does not answer"];
  }
}

async function disk({ node, stateDirectory }: FaultStand): Promise<readonly string[]> {
  const beside = await readdir(join(node.postgresql.dataDirectory, ".."));
  const executor = join(stateDirectory, "executor");
  const kept = await readdir(executor);
  const configurations = await readdir(join(executor, "pgbackrest"));
  return [
    ...beside.filter((name) => /before-restore|\.failed/.test(name)),
    ...kept.filter((name) => name === "restore.json"),
    ...configurations.filter((name) => /^(?:inspect-|restore\.conf)/.test(name)),
  ].map((name) => `file ${name}`);
}

async function journal({ stateDirectory }: FaultStand): Promise<readonly string[]> {
  const { entries } = await new StateDirectory(stateDirectory, nodeMachine).open();
  return [...entries.values()]
    .filter((entry) => outcomeOf(entry) === undefined)
    .map(({ job }) => `the journal's job ${job}`);
}

async function grants({ juju }: FaultStand): Promise<readonly string[]> {
  const relation = juju.peerRelation("postgresql", "database-backup-peers");
  return Object.keys(juju.databag(relation, "postgresql"))
    .filter((key) => key.startsWith("grant-"))
    .map((key) => `the peer databag's ${key}`);
}
