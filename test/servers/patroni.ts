/**
 * Real PostgreSQL servers under Patroni, the first of which is the leader of their cluster.
 *
 * @module
 */
import { randomBytes } from "node:crypto";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { stringify } from "yaml";
import { run } from "../../lib/process/run.ts";
import { Daemon, endProcess } from "./daemon.ts";
import { freePort } from "./free-port.ts";
import { processesIn, type RunningProcess } from "./process-table.ts";
import { postgresqlBinDirectory } from "./programs.ts";
import { runOrThrow } from "./server-error.ts";
import { giveTo, isRoot, type UnixUser } from "./unix-user.ts";

/** A PostgreSQL server and the Patroni that governs it. */
export interface Node {
  /** node1, node2 and so on; also the name of the member in Patroni. */
  readonly name: string;
  /** Holds everything of the node; belongs to the unix user of PostgreSQL. */
  readonly directory: string;
  readonly patroni: PatroniAccess;
  readonly postgresql: PostgresqlAccess;
}

/** What it takes to govern one Patroni, also to stop it and to start it again. */
export interface PatroniAccess {
  /** Holds `patroni.yml`. Patroni merges all `*.yml` in it, in the order of their names. */
  readonly configDirectory: string;
  /** For example http://127.0.0.1:21008. */
  readonly restUrl: string;
  /** The name of the cluster, the same for all nodes. */
  readonly scope: string;
  /** Holds the process id. Whoever starts Patroni anew writes it anew. */
  readonly pidFile: string;
  /** Gets the output of Patroni and of the PostgreSQL that it starts. */
  readonly logFile: string;
  /** Starts Patroni, in the foreground. */
  readonly startArgv: readonly [string, ...string[]];
  /** The unix user to start it as. */
  readonly user: UnixUser;
}

/** What it takes to use one PostgreSQL server. */
export interface PostgresqlAccess {
  readonly binDirectory: string;
  readonly dataDirectory: string;
  /** Connections by its unix socket need no password. */
  readonly socketDirectory: string;
  /** On 127.0.0.1, where connections need the password; also part of the socket's name. */
  readonly port: number;
  readonly superuser: string;
  readonly superuserPassword: string;
  /** For example 15.20. */
  readonly version: string;
}

/** Running PostgreSQL servers. */
export interface PatroniCluster {
  /** In the order of their names. */
  readonly nodes: readonly Node[];
  /** Runs SQL as the superuser and gives back what psql prints: unaligned, without header, one line per row. */
  psql(nodeIndex: number, sql: string): Promise<string>;
  /** Starts the Patroni of a node that was stopped or killed, and waits until it leads or follows. */
  startNode(nodeIndex: number): Promise<void>;
  /** Stops the Patroni of a node, and its PostgreSQL with it. */
  stopNode(nodeIndex: number): Promise<void>;
  /** Kills the Patroni of a node and its PostgreSQL, as a machine does that loses its power. */
  killNode(nodeIndex: number): Promise<void>;
  /** Stops whichever Patroni the pid files name: the leader last, else the others would elect a new one. */
  stop(): Promise<void>;
}

const scope = "cluster";
const superuser = "postgres";
const stopGraceMs = 20_000;

/** Starts PostgreSQL servers in a run directory and waits until the leader and its replicas are ready. */
export async function startPatroni(
  runDirectory: string,
  options: {
    readonly nodes: number;
    readonly synchronous: boolean;
    readonly etcdEndpoint: string;
    readonly user: UnixUser;
    readonly diskBytes?: number;
  },
): Promise<PatroniCluster> {
  const { user } = options;
  const passwords = { superuser: password(), replication: password(), rewind: password() };
  const version = await postgresqlVersion();
  const nodes: Node[] = [];
  for (let number = 1; number <= options.nodes; number += 1) {
    const node = await describeNode(runDirectory, `node${number}`, user, version, passwords.superuser);
    await makeDirectories(node, options.diskBytes);
    await writeConfiguration(node, options, passwords);
    nodes.push(node);
  }
  const start = async (node: Node, role: "primary" | "replica" | "health"): Promise<void> => {
    const { patroni } = node;
    // Whoever starts Patroni anew may do so as its user, who must be able to go on with the log.
    await writeFile(patroni.logFile, "");
    await giveTo(user, patroni.logFile);
    const daemon = await Daemon.start({
      name: `Patroni of ${node.name}`,
      argv: patroni.startArgv,
      user,
      logFile: patroni.logFile,
      runDirectory,
    });
    await writeFile(patroni.pidFile, `${daemon.pid}\n`);
    await giveTo(user, patroni.pidFile);
    await daemon.waitUntilReady(async () => (await fetch(`${patroni.restUrl}/${role}`)).ok);
  };
  const nodeAt = (index: number): Node => {
    const node = nodes[index];
    if (node === undefined) throw new RangeError(`There is no node ${index}, only ${nodes.length}.`);
    return node;
  };
  const [leader, ...replicas] = nodes;
  if (leader !== undefined) await start(leader, "primary");
  await Promise.all(replicas.map((node) => start(node, "replica")));

  return {
    nodes,
    psql: async (nodeIndex, sql) => await psql(nodeAt(nodeIndex), sql),
    startNode: async (nodeIndex) => await start(nodeAt(nodeIndex), "health"),
    stopNode: async (nodeIndex) => await stopNode(nodeAt(nodeIndex), runDirectory),
    killNode: async (nodeIndex) => {
      const { directory } = nodeAt(nodeIndex);
      const isOfNode = ({ program, command }: RunningProcess): boolean =>
        program === "postgres" || command.includes("patroni");
      // Patroni first, which would start PostgreSQL again.
      const found = processesIn(directory).filter(isOfNode);
      for (const { pid } of found.toSorted((a, b) => a.program.localeCompare(b.program)))
        await endProcess(pid, 0);
    },
    stop: async () => {
      const leads = await Promise.all(nodes.map(isLeader));
      const stopThose = async (leading: boolean): Promise<void> => {
        await Promise.all(
          nodes.filter((_, index) => leads[index] === leading).map((node) => stopNode(node, runDirectory)),
        );
      };
      await stopThose(false);
      await stopThose(true);
    },
  };
}

async function describeNode(
  runDirectory: string,
  name: string,
  user: UnixUser,
  version: string,
  superuserPassword: string,
): Promise<Node> {
  const directory = join(runDirectory, name);
  const configDirectory = join(directory, "patroni");
  return {
    name,
    directory,
    patroni: {
      configDirectory,
      restUrl: `http://127.0.0.1:${await freePort()}`,
      scope,
      pidFile: join(directory, "patroni.pid"),
      logFile: join(directory, "patroni.log"),
      startArgv: ["patroni", configDirectory],
      user,
    },
    postgresql: {
      binDirectory: postgresqlBinDirectory,
      dataDirectory: join(directory, "data"),
      socketDirectory: directory,
      port: await freePort(),
      superuser,
      superuserPassword,
      version,
    },
  };
}

async function makeDirectories({ directory, patroni }: Node, diskBytes: number | undefined): Promise<void> {
  await mkdir(directory, { mode: 0o750 });
  if (diskBytes !== undefined)
    await runOrThrow("mount a small file system", [
      "mount",
      "-t",
      "tmpfs",
      "-o",
      `size=${diskBytes},mode=0750`,
      "tmpfs",
      directory,
    ]);
  await mkdir(patroni.configDirectory, { mode: 0o750 });
  for (const each of [directory, patroni.configDirectory]) await giveTo(patroni.user, each);
}

async function writeConfiguration(
  node: Node,
  { etcdEndpoint, synchronous }: { readonly etcdEndpoint: string; readonly synchronous: boolean },
  passwords: { readonly superuser: string; readonly replication: string; readonly rewind: string },
): Promise<void> {
  const { patroni, postgresql } = node;
  const restAddress = new URL(patroni.restUrl).host;
  const address = `127.0.0.1:${postgresql.port}`;
  const configuration = {
    scope,
    namespace: "/service/",
    name: node.name,
    restapi: { listen: restAddress, connect_address: restAddress },
    etcd3: { host: new URL(etcdEndpoint).host },
    bootstrap: {
      dcs: {
        ttl: 20,
        loop_wait: 1,
        retry_timeout: 5,
        maximum_lag_on_failover: 1024 * 1024,
        synchronous_mode: synchronous,
        postgresql: {
          use_pg_rewind: true,
          use_slots: true,
          parameters: {
            wal_level: "replica",
            hot_standby: "on",
            max_wal_senders: 10,
            max_replication_slots: 10,
            wal_keep_size: "64MB",
            archive_mode: "on",
            archive_timeout: "60s",
            archive_command: "/bin/true",
            shared_buffers: "64MB",
          },
        },
      },
      initdb: ["data-checksums", { encoding: "UTF8" }, { locale: "C.UTF-8" }],
    },
    postgresql: {
      listen: address,
      connect_address: address,
      data_dir: postgresql.dataDirectory,
      bin_dir: postgresql.binDirectory,
      pgpass: join(node.directory, "pgpass"),
      parameters: { unix_socket_directories: postgresql.socketDirectory },
      authentication: {
        superuser: { username: superuser, password: passwords.superuser },
        replication: { username: "replicator", password: passwords.replication },
        rewind: { username: "rewinder", password: passwords.rewind },
      },
      pg_hba: [
        "local all all trust",
        "host replication replicator 127.0.0.1/32 scram-sha-256",
        "host all all 127.0.0.1/32 scram-sha-256",
      ],
    },
    watchdog: { mode: "off" },
  };
  const file = join(patroni.configDirectory, "patroni.yml");
  await writeFile(file, stringify(configuration), { mode: 0o640 });
  await giveTo(patroni.user, file);
}

async function psql(node: Node, sql: string): Promise<string> {
  const { postgresql, patroni } = node;
  const output = await runOrThrow(
    `run SQL on ${node.name}`,
    [
      join(postgresql.binDirectory, "psql"),
      "-X",
      "-q",
      "-A",
      "-t",
      "-v",
      "ON_ERROR_STOP=1",
      "-h",
      postgresql.socketDirectory,
      "-p",
      String(postgresql.port),
      "-U",
      postgresql.superuser,
      "-d",
      "postgres",
      "-f",
      "-",
    ],
    {
      stdin: sql,
      cwd: "/",
      env: { PATH: postgresql.binDirectory, HOME: patroni.user.home, LANG: "C.UTF-8" },
      ...(isRoot() ? { identity: patroni.user } : {}),
    },
  );
  return output.trimEnd();
}

async function isLeader({ patroni }: Node): Promise<boolean> {
  try {
    return (await fetch(`${patroni.restUrl}/primary`, { signal: AbortSignal.timeout(2_000) })).ok;
  } catch {
    return false;
  }
}

async function stopNode(node: Node, runDirectory: string): Promise<void> {
  const pid = Number(await readFile(node.patroni.pidFile, "utf8").catch(() => ""));
  // The pid file may be older than the process that bears the number now.
  if (processesIn(runDirectory).some((found) => found.pid === pid)) await endProcess(pid, stopGraceMs);
}

async function postgresqlVersion(): Promise<string> {
  const result = await run([join(postgresqlBinDirectory, "postgres"), "--version"]);
  return /\d+(\.\d+)*/u.exec(result.stdout)?.[0] ?? "unknown";
}

function password(): string {
  return randomBytes(16).toString("hex");
}
