/**
 * All the real servers at once: S3, etcd, and PostgreSQL under Patroni, each on ports of its own choice and all in one
 * directory, so that several such stacks can run side by side.
 *
 * @module
 */
import { join } from "node:path";
import { createCertificates, type Certificates } from "./certificates.ts";
import { startEtcd, type Etcd } from "./etcd.ts";
import { startPatroni, type Node, type PatroniCluster } from "./patroni.ts";
import { packageOfProgram, requirePrograms } from "./programs.ts";
import { startRadosGatewayIn, type RadosGateway } from "./rados-gateway.ts";
import { openRunDirectory, type RunDirectory } from "./run-directory.ts";
import { postgresqlUser } from "./unix-user.ts";

/** What to start. */
export interface ServersOptions {
  /** Must be empty or missing; it is kept. Default: a temporary directory, removed by `stop`. */
  readonly directory?: string;
  /** How many PostgreSQL servers: a leader and its replicas. Default: 1. */
  readonly nodes?: number;
  /** Whether the leader acknowledges a transaction only when a replica has it. Default: false. */
  readonly synchronous?: boolean;
  /**
   * Puts everything of a PostgreSQL server on a file system of so many bytes, in memory. Only root can mount one.
   * Default: no file system of its own.
   */
  readonly diskBytes?: number;
}

/** Running servers. */
export interface Servers {
  /** Holds everything that belongs to them. */
  readonly directory: string;
  readonly s3: RadosGateway;
  readonly etcd: Etcd;
  /** The first one starts as the leader. */
  readonly nodes: readonly Node[];
  /** How long each step of the start took; those of S3 and of the others ran side by side. */
  readonly startUp: readonly StartUpStep[];
  /** Runs SQL as the superuser and gives back what psql prints: unaligned, without header, one line per row. */
  psql(nodeIndex: number, sql: string): Promise<string>;
  /** Signs certificates that the clients of S3 trust as well. */
  readonly certificates: Certificates;
  /** Starts the Patroni of a node that was stopped or killed, and waits until PostgreSQL runs. */
  startNode(nodeIndex: number): Promise<void>;
  /** Stops the Patroni of a node, and its PostgreSQL with it. */
  stopNode(nodeIndex: number): Promise<void>;
  /** Kills the Patroni of a node and its PostgreSQL, as a machine does that loses its power. */
  killNode(nodeIndex: number): Promise<void>;
  /** Stops everything, also what others started in the directory. May be called twice. */
  stop(): Promise<void>;
  /** Ends everything at once and without promises. An exit listener of this process calls it where `stop` was not. */
  killSync(): void;
}

/** How long a step of the start took. */
export interface StartUpStep {
  readonly name: "certificates" | "S3" | "etcd" | "Patroni" | "total";
  readonly durationMs: number;
}

/**
 * Starts all servers and waits until they can be used.
 *
 * @throws {@link ServerError} that says which server failed, with the end of its log. Nothing is left behind then.
 * @example
 * ```ts
 * const servers = await startServers();
 * try {
 *   await servers.s3.createBucket("backups");
 *   await servers.psql(0, "select version()");
 * } finally {
 *   await servers.stop();
 * }
 * ```
 */
export async function startServers(options: ServersOptions = {}): Promise<Servers> {
  const startUp: StartUpStep[] = [];
  const timed = async <Result>(name: StartUpStep["name"], step: () => Promise<Result>): Promise<Result> => {
    const started = performance.now();
    const result = await step();
    startUp.push({ name, durationMs: Math.round(performance.now() - started) });
    return result;
  };
  return await timed("total", async () => {
    await requirePrograms(Object.keys(packageOfProgram));
    const runDirectory = await openRunDirectory(options.directory);
    const directory = runDirectory.path;
    // Both branches are waited for also where one fails: the other could start a process after the clean-up.
    const [s3, database] = await Promise.allSettled([
      (async () => {
        const certificates = await timed("certificates", () =>
          createCertificates(join(directory, "certificates")),
        );
        const gateway = await timed("S3", () => startRadosGatewayIn(directory, certificates));
        return { gateway, certificates };
      })(),
      (async () => {
        const user = await postgresqlUser();
        const etcd = await timed("etcd", () => startEtcd(directory, user));
        const cluster = await timed("Patroni", () =>
          startPatroni(directory, {
            nodes: options.nodes ?? 1,
            synchronous: options.synchronous ?? false,
            etcdEndpoint: etcd.endpoint,
            user,
            ...(options.diskBytes === undefined ? {} : { diskBytes: options.diskBytes }),
          }),
        );
        return { etcd, cluster };
      })(),
    ]);
    const abandon = async (reason: unknown): Promise<never> => {
      await runDirectory.close();
      throw reason;
    };
    if (s3.status === "rejected") return await abandon(s3.reason);
    if (database.status === "rejected") return await abandon(database.reason);
    return describe(runDirectory, { ...s3.value, ...database.value }, startUp);
  });
}

function describe(
  runDirectory: RunDirectory,
  {
    gateway: s3,
    certificates,
    etcd,
    cluster,
  }: {
    readonly gateway: RadosGateway;
    readonly certificates: Certificates;
    readonly etcd: Etcd;
    readonly cluster: PatroniCluster;
  },
  startUp: readonly StartUpStep[],
): Servers {
  let stopping: Promise<void> | undefined;
  const stop = async (): Promise<void> => {
    // A PostgreSQL that cannot archive does not stop: S3 must outlive it, and etcd holds the key that it gives up.
    await cluster.stop();
    await etcd.stop();
    await s3.close();
    await runDirectory.close();
  };
  return {
    directory: runDirectory.path,
    s3,
    etcd,
    nodes: cluster.nodes,
    startUp,
    certificates,
    psql: async (nodeIndex, sql) => await cluster.psql(nodeIndex, sql),
    startNode: async (nodeIndex) => await cluster.startNode(nodeIndex),
    stopNode: async (nodeIndex) => await cluster.stopNode(nodeIndex),
    killNode: async (nodeIndex) => await cluster.killNode(nodeIndex),
    stop: () => (stopping ??= stop()),
    killSync: () => runDirectory.closeSync(),
  };
}
