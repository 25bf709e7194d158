/**
 * A PostgreSQL charm on real servers, with a database of a wanted size that is backed up and restored by jobs, and by hand. The
 * manager is a databag, as if it were on a machine of its own.
 *
 * @module
 */
import { randomUUID } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { SimulatedJuju } from "juju-database-backup/testing";
import { bucket, postgresqlConfig } from "../examples/demo/model.ts";
import { nodeMachine } from "../lib/machine/node-machine.ts";
import { StateDirectory } from "../provider/journal/state-directory.ts";
import { runOrThrow } from "../test/servers/server-error.ts";
import { startServers, type Servers } from "../test/servers/servers.ts";
import { isRoot } from "../test/servers/unix-user.ts";
import { PlainTools } from "./plain-tools.ts";

const application = "postgresql";
const unit = `${application}/0`;
const manager = "manager";
/** So long that only what hangs exceeds it, whatever the size. */
const limitMs = 30 * 60_000;
const pollMs = 25;
const memoryPollMs = 100;

/** A job that has succeeded. */
export interface MeasuredJob {
  /** How long it took from its request in the manager's databag to the success in the unit's, in milliseconds. */
  readonly ms: number;
  readonly backupId: string;
  readonly timeline: number;
  /** What the worker's resident memory was at its most, in bytes. */
  readonly workerBytes: number;
}

/** The database. */
export class MeasuredDatabase {
  readonly plainTools: PlainTools;
  readonly #servers: Servers;
  readonly #juju: SimulatedJuju;
  readonly #relation: number;

  private constructor(servers: Servers, juju: SimulatedJuju, relation: number) {
    this.#servers = servers;
    this.#juju = juju;
    this.#relation = relation;
    this.plainTools = new PlainTools(servers, this.#state.executorDirectory);
  }

  /** @param scale That of pgbench: 70 makes about 1 GB. */
  static async start(scale: number): Promise<MeasuredDatabase> {
    const servers = await startServers();
    try {
      await servers.s3.createBucket(bucket);
      const juju = await SimulatedJuju.start({ directory: join(servers.directory, "juju") });
      await juju.deploy({
        application,
        charm: "examples/postgresql-charm",
        config: postgresqlConfig(servers),
      });
      await juju.deploy({
        application: manager,
        charm: "examples/backup-manager-charm",
        inProcess: async () => undefined,
      });
      const ends = [`${manager}:database-backup`, `${application}:database-backup`] as const;
      const relation = await juju.integrate(...ends);
      await juju.settle();
      const database = new MeasuredDatabase(servers, juju, relation);
      await database.#pgbench("fill the database", "--initialize", "--quiet", `--scale=${scale}`);
      return database;
    } catch (error) {
      await servers.stop();
      throw error;
    }
  }

  async stop(): Promise<void> {
    await this.#juju.stop();
    await this.#servers.stop();
  }

  /** Makes a full backup by a job. */
  async backup(): Promise<MeasuredJob> {
    return await this.#job({ "job-type": "backup" });
  }

  /** Restores a backup by a job. */
  async restore(backupId: string): Promise<MeasuredJob> {
    return await this.#job({ "job-type": "restore", "artefact-path": backupId });
  }

  /** How large the database is, in bytes. */
  async bytes(): Promise<number> {
    return Number(await this.#servers.psql(0, "select sum(pg_database_size(oid)) from pg_database"));
  }

  /** Tells what is in the database from all else that could be. */
  async checksum(): Promise<string> {
    const sums = "select count(*), sum(aid::bigint * abalance) from pgbench_accounts";
    return await this.#servers.psql(0, `${sums}; select count(*) from pgbench_history`);
  }

  /**
   * Lets clients of pgbench work all the while, as fast as they can.
   *
   * @param work Is given what tells how many transactions were committed so far.
   */
  async underLoad<Result>(work: (committed: () => Promise<number>) => Promise<Result>): Promise<Result> {
    const ended = new AbortController();
    const clients = this.#pgbench("work", "--client=2", "--no-vacuum", "--time=86400", ended.signal);
    // What ends before its time says why; what is ended here is of no interest any more.
    const failed = clients.then(() => {
      throw new Error("pgbench ended by itself.");
    });
    failed.catch(() => undefined);
    try {
      const committed = async (): Promise<number> =>
        Number(await this.#servers.psql(0, "select count(*) from pgbench_history"));
      return await Promise.race([work(committed), failed]);
    } finally {
      ended.abort();
      await clients.catch(() => undefined);
    }
  }

  async #pgbench(purpose: string, ...args: readonly (string | AbortSignal)[]): Promise<void> {
    const [node] = this.#servers.nodes;
    if (node === undefined) throw new Error("There is no PostgreSQL server.");
    const { postgresql, patroni } = node;
    const signal = args.find((each) => typeof each !== "string");
    await runOrThrow(
      purpose,
      [
        join(postgresql.binDirectory, "pgbench"),
        `--host=${postgresql.socketDirectory}`,
        `--port=${postgresql.port}`,
        `--username=${postgresql.superuser}`,
        ...args.filter((each) => typeof each === "string"),
        "postgres",
      ],
      {
        cwd: "/",
        timeoutMs: limitMs,
        ...(signal === undefined ? {} : { signal }),
        ...(isRoot() ? { identity: patroni.user } : {}),
      },
    );
  }

  get #state(): StateDirectory {
    return new StateDirectory(join(this.#servers.directory, "state/postgresql-0"), nodeMachine);
  }

  async #job(wanted: Readonly<Record<string, string>>): Promise<MeasuredJob> {
    const id = randomUUID();
    const request = {
      "job-id": id,
      ...wanted,
      "job-config": { compression: true },
      "storage-interface": "s3",
      "storage-config": this.#storage,
    };
    const requested = performance.now();
    await this.#juju.writeDatabag(this.#relation, manager, { jobs: JSON.stringify([request]) });
    const ended = new AbortController();
    const memory = this.#mostMemory(id, ended.signal);
    const report = await this.#success(id).finally(() => ended.abort());
    return {
      ms: performance.now() - requested,
      backupId: String(report["backup-id"]),
      timeline: Number(report["timeline"]),
      workerBytes: await memory,
    };
  }

  get #storage(): Readonly<Record<string, unknown>> {
    const { s3 } = this.#servers;
    return {
      bucket,
      path: "/bench",
      endpoint: s3.endpoint,
      region: s3.region,
      "s3-uri-style": "path",
      "tls-ca-chain": [s3.caPem],
      "access-key": s3.users.admin.accessKey,
      "secret-key": s3.users.admin.secretKey,
    };
  }

  /** Waits until a job's success stands in the unit's databag. */
  async #success(id: string): Promise<Readonly<Record<string, unknown>>> {
    const deadline = performance.now() + limitMs;
    while (performance.now() < deadline) {
      const { jobs = "[]" } = this.#juju.databag(this.#relation, unit);
      const reports: readonly Readonly<Record<string, unknown>>[] = JSON.parse(jobs);
      const report = reports.find((each) => each["job-id"] === id);
      if (report?.["status"] === "success") return report;
      if (report?.["status"] === "error") throw new Error(`The job failed: ${String(report["message"])}`);
      await sleep(pollMs);
    }
    throw new Error(`The job ${id} did not end.`);
  }

  /** Watches a job's worker. @returns Its peak, in bytes; 0 where it was never seen. */
  async #mostMemory(id: string, jobEnded: AbortSignal): Promise<number> {
    let pid: number | undefined;
    let bytes = 0;
    while (!jobEnded.aborted) {
      pid ??= [...(await this.#state.open()).entries.values()].find((each) => each.job === id)?.process?.pid;
      bytes = Math.max(bytes, pid === undefined ? 0 : await peakMemory(pid));
      await sleep(memoryPollMs, undefined, { signal: jobEnded }).catch(() => undefined);
    }
    return bytes;
  }
}

/** The most memory that a process had, in bytes; 0 where it has ended. */
async function peakMemory(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, "utf8").catch(() => "");
  return 1024 * Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0);
}
