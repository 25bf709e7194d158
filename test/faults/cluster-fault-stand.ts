/**
 * A cluster of three on the real servers, whose jobs are given to the executors of its units, and what comes of them.
 *
 * @module
 */
import { basename } from "node:path";
import type { JobResult } from "../../lib/executor.ts";
import { settingsOf } from "../../provider/postgresql/options.ts";
import { ClusterStand, type Unit } from "../end-to-end/cluster-stand.ts";
import { AcknowledgedRows } from "./acknowledged-rows.ts";
import type { JobParameters, Shown, Stand } from "./fault.ts";
import { pgBackRestLeftIn, remainsOf, whatStays } from "./remains.ts";

/** Three members with a backup, of which a transaction needs two. */
export class ClusterFaultStand implements Stand {
  readonly cluster: ClusterStand;
  readonly rows: AcknowledgedRows;

  private constructor(cluster: ClusterStand) {
    this.cluster = cluster;
    this.rows = new AcknowledgedRows(async (statement) => {
      const primary = await cluster.primary();
      return await cluster.servers.psql(primary.index, statement);
    });
  }

  /** Starts everything, and makes a full backup. */
  static async start(): Promise<ClusterFaultStand> {
    const cluster = await ClusterStand.start();
    try {
      await cluster.settle();
      const stand = new ClusterFaultStand(cluster);
      await stand.rows.prepare();
      await stand.rows.write();
      await cluster.sql(await cluster.primary(), "create role client login password 'client-password'");
      const { end, message } = await stand.job("create-backup", { type: "full" });
      if (end !== "succeeded") throw new Error(`The first backup ${end}: ${message ?? ""}`);
      return stand;
    } catch (error) {
      await cluster.stop();
      throw error;
    }
  }

  async stop(): Promise<void> {
    await this.rows.end();
    await this.cluster.stop();
  }

  /** The replica that makes backups. */
  async maker(): Promise<Unit> {
    const [maker] = await this.cluster.replicas();
    if (maker === undefined) throw new Error("There is no replica.");
    return maker;
  }

  /** Waits until the cluster is whole again, and its units have found out. */
  async whole(): Promise<void> {
    await this.cluster.whole();
    await this.cluster.updateStatus();
  }

  /** A backup, made by a unit. Default: a replica. */
  async job(
    what: "create-backup" | "restore",
    { type = "full" }: JobParameters = {},
    unit?: Unit,
  ): Promise<Shown> {
    if (what === "restore") throw new Error("A cluster of several units takes no restore.");
    await this.whole();
    const backupType = type === "full" ? "full" : "differential";
    return shownOf(await this.cluster.backup(unit ?? (await this.maker()), { backupType }));
  }

  async remains(): Promise<readonly string[]> {
    const { servers, units } = this.cluster;
    return await whatStays(async () => {
      const primary = await this.cluster.primary();
      const found = [...(await pgBackRestLeftIn(servers.directory))];
      for (const unit of units) {
        const { options, environment, index } = unit;
        const node = servers.nodes[index];
        if (node === undefined) throw new Error(`There is no node ${index}.`);
        const { archiveOverlay } = settingsOf(options, environment).files;
        found.push(
          ...(await remainsOf({
            node,
            workDirectory: environment.workDirectory,
            isPrimary: unit.name === primary.name,
            overlays: [basename(archiveOverlay)],
            sql: async (statement) => await this.cluster.sql(unit, statement),
          })),
        );
        const refused = await this.cluster.clientRefusal(unit);
        if (refused !== undefined) found.push(`clients are refused on ${node.name}: ${refused.trim()}`);
      }
      return found;
    });
  }
}

/** What an admin is shown of a job that ended so. */
export function shownOf(result: JobResult): Shown {
  const what = "create-backup";
  if (!result.succeeded) return { what, end: "failed", ...result.failure };
  return {
    what,
    end: "succeeded",
    ...(result.warning === undefined ? {} : { message: result.warning }),
  };
}
