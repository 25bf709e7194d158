/**
 * The real servers with the charms of the demonstration, whose admin requests jobs and looks at what comes of them.
 *
 * @module
 */
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { SimulatedJuju } from "juju-database-backup/testing";
import { bucket, deployModel, manager } from "../../examples/demo/model.ts";
import { nodeMachine } from "../../lib/machine/node-machine.ts";
import { StateDirectory } from "../../provider/journal/state-directory.ts";
import { startWatchedServers } from "../end-to-end/watched-servers.ts";
import type { Node } from "../servers/patroni.ts";
import type { Servers } from "../servers/servers.ts";
import { until } from "../simulation/until.ts";
import { isRoot } from "../servers/unix-user.ts";
import { AcknowledgedRows, type RowsAtAMoment } from "./acknowledged-rows.ts";
import { withClock } from "./charm-clock.ts";
import { remainsOfCharm } from "./charm-remains.ts";
import type { JobParameters, Shown, Stand } from "./fault.ts";
import { pgBackRestLeftIn, remainsOf, whatStays } from "./remains.ts";

/** The unit of the database. */
export const database = "postgresql/0";

/** A job that was requested. */
export interface RequestedJob {
  readonly id: string;
  /** The unit whose actions it was requested by. */
  readonly by: string;
  readonly what: "create-backup" | "restore";
}

/** Where Patroni has the application's passwords from, jobs or no jobs. */
const passwordsOverlay = "zz-database-backup-passwords.yml";
/** So long that only what hangs exceeds it, on a machine that is busy with others. */
const limitMs = 300_000;
/** An action is a process, and an admin has patience. */
const lookEveryMs = 700;
/** Room for the database twice, the WAL, and what a restore wants to have left. */
const diskBytes = 1536 * 1024 * 1024;

/** A database with a backup, and its admin. */
export class FaultStand implements Stand {
  readonly servers: Servers;
  readonly juju: SimulatedJuju;
  readonly rows: AcknowledgedRows;
  /** The backup that was there before any fault. */
  readonly firstBackup: { readonly id: string; readonly rows: RowsAtAMoment };

  private constructor(
    servers: Servers,
    juju: SimulatedJuju,
    rows: AcknowledgedRows,
    firstBackup: FaultStand["firstBackup"],
  ) {
    this.servers = servers;
    this.juju = juju;
    this.rows = rows;
    this.firstBackup = firstBackup;
  }

  /** Starts everything, and makes a full backup. */
  static async start(): Promise<FaultStand> {
    const servers = await startWatchedServers(isRoot() ? { diskBytes } : {});
    try {
      await servers.s3.createBucket(bucket);
      const { juju } = await deployModel(
        servers,
        { updateStatusIntervalMs: 5_000, hookRetryDelayMs: 100 },
        async (charm) => await withClock(charm, servers.directory),
      );
      await juju.integrate("postgresql:s3-parameters", "s3-integrator:s3-credentials");
      await juju.settle({ timeoutMs: limitMs });
      const rows = new AcknowledgedRows(async (statement) => await servers.psql(0, statement));
      await rows.prepare();
      await rows.write();
      const moment = rows.now();
      const stand = new FaultStand(servers, juju, rows, { id: "", rows: moment });
      const { end, backupId } = await stand.ended(await stand.request("create-backup"));
      if (end !== "succeeded") throw new Error(`The first backup ${end}.`);
      return new FaultStand(servers, juju, rows, { id: backupId, rows: moment });
    } catch (error) {
      await servers.stop();
      throw error;
    }
  }

  async stop(): Promise<void> {
    await this.rows.end();
    await this.juju.stop();
    await this.servers.stop();
  }

  /** The only PostgreSQL server. */
  get node(): Node {
    const [node] = this.servers.nodes;
    if (node === undefined) throw new Error("There is no PostgreSQL server.");
    return node;
  }

  /** The directory in which the unit keeps its state. */
  get stateDirectory(): string {
    return join(this.servers.directory, "state/postgresql-0");
  }

  async remains(): Promise<readonly string[]> {
    const unit = {
      node: this.node,
      workDirectory: join(this.stateDirectory, "executor"),
      isPrimary: true,
      overlays: [passwordsOverlay],
      sql: async (statement: string) => await this.servers.psql(0, statement),
    };
    return await whatStays(async () => [
      ...(await pgBackRestLeftIn(this.servers.directory)),
      ...(await remainsOf(unit)),
      ...(await remainsOfCharm(this)),
    ]);
  }

  /** Waits until no hook is to be run. */
  async settle(): Promise<void> {
    await this.juju.settle({ timeoutMs: limitMs });
  }

  /** Changes the configuration of the storage. */
  async configureStorage(options: Readonly<Record<string, string>>): Promise<void> {
    await this.juju.configure("s3-integrator", options);
    await this.settle();
  }

  /** Changes the configuration of the database's charm. */
  async configureDatabase(options: Readonly<Record<string, string | number>>): Promise<void> {
    await this.juju.configure("postgresql", options);
    await this.settle();
  }

  /** Requests a job of the backup manager, or by the database's own action. */
  async request(
    what: RequestedJob["what"],
    parameters: JobParameters = {},
    by: string = manager,
  ): Promise<RequestedJob> {
    // What clients write to a restored database before it is proven is gone if the restore is undone.
    if (what === "restore") await this.rows.end();
    const confirm = what === "restore" && by === manager ? { confirm: "postgresql" } : {};
    const { status, message, results } = await this.juju.runAction(by, what, { ...parameters, ...confirm });
    const { "job-id": id = "" } = results;
    if (status !== "completed" || id === "") throw new Error(`${what} ${status}: ${message}`);
    return { id, by, what };
  }

  /** Waits for the end of a job, and gives what is shown of it then. */
  async ended(job: RequestedJob): Promise<Shown & { readonly backupId: string }> {
    let last: Readonly<Record<string, string>> = {};
    const shown = await until(
      `the ${job.what} ${job.id} has ended`,
      async () => {
        const { results } = await this.juju.runAction(job.by, "show-job", { "job-id": job.id });
        last = results;
        if (results["status"] === "success" || results["status"] === "error") return results;
        await sleep(lookEveryMs);
        return undefined;
      },
      limitMs,
    ).catch((error: unknown) => {
      throw new Error(`${String(error)} It was last shown as ${JSON.stringify(last)}.`, { cause: error });
    });
    const { phase = "", message, remedy, "error-code": code, "backup-id": backupId = "" } = shown;
    return {
      what: job.what,
      end: phase,
      ...(code === undefined ? {} : { code }),
      ...(message === undefined ? {} : { message }),
      ...(remedy === undefined ? {} : { remedy }),
      backupId,
    };
  }

  /** Requests a job and waits for its end. */
  async job(what: RequestedJob["what"], parameters: JobParameters = {}): Promise<Shown> {
    return withoutId(await this.ended(await this.request(what, parameters)));
  }

  /** What is shown of a job that waits, once it says why. */
  async waiting(job: RequestedJob): Promise<Shown> {
    return await until(
      `the ${job.what} ${job.id} says what it waits for`,
      async () => {
        const { results } = await this.juju.runAction(job.by, "show-job", { "job-id": job.id });
        const { phase, message } = results;
        if (phase !== "waiting" || message === undefined) {
          await sleep(lookEveryMs);
          return undefined;
        }
        return { what: job.what, end: phase, message };
      },
      limitMs,
    );
  }

  /** Asks that a job be stopped. */
  async cancel({ id, by }: RequestedJob): Promise<void> {
    const { status, message } = await this.juju.runAction(by, "cancel", { "job-id": id });
    if (status !== "completed") throw new Error(`cancel ${status}: ${message}`);
  }

  /** Runs SQL, and gives back its one value. */
  async sql(statement: string): Promise<string> {
    return (await this.servers.psql(0, statement)).trim();
  }

  /** The timeline that the database is on. */
  async timeline(): Promise<number> {
    // What the last checkpoint says is old news right after a promotion.
    const segment = await this.sql("select pg_walfile_name(pg_current_wal_lsn())");
    return Number.parseInt(segment.slice(0, 8), 16);
  }

  /** Waits until Patroni has demoted the primary. */
  async demoted(): Promise<void> {
    await until(
      "Patroni has demoted the primary",
      async () => ((await fetch(`${this.node.patroni.restUrl}/primary`)).ok ? undefined : true),
      limitMs,
    );
  }

  /** The process that works on a job, once there is one. */
  async worker(job: RequestedJob): Promise<number> {
    const state = new StateDirectory(this.stateDirectory, nodeMachine);
    return await until(
      `the ${job.what} ${job.id} is at work`,
      async () => {
        const entry = [...(await state.open()).entries.values()].findLast((each) => each.job === job.id);
        return entry?.progress.phase === "running" ? entry.process?.pid : undefined;
      },
      limitMs,
    );
  }

  /** The database's status, once it is as wanted. */
  async status(wanted: "active" | "blocked"): Promise<Shown> {
    return await until(
      `the unit is ${wanted}`,
      async () => {
        await this.juju.updateStatus(database);
        await this.settle();
        const workload = this.juju.status().applications["postgresql"]?.units[database]?.workload;
        if (workload?.name !== wanted) {
          await sleep(lookEveryMs);
          return undefined;
        }
        const { message } = workload;
        return { what: "status" as const, end: wanted, ...(message === "" ? {} : { message }) };
      },
      limitMs,
    );
  }
}

/** What is shown of a job, whoever asked for it. */
export function withoutId(ended: Shown & { readonly backupId: string }): Shown {
  const { backupId: _, ...shown } = ended;
  return shown;
}
