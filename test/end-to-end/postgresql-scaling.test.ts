/**
 * A cluster of three on the real servers that is scaled down to one, restored, and scaled up again: a full backup and a
 * differential one, each made by a replica, each restored; then another cluster's.
 */
import { afterAll, beforeAll, expect, test } from "vitest";
import type { JobResult } from "../../lib/executor.ts";
import { makeForeignRepository } from "../faults/foreign-repository.ts";
import { until } from "../simulation/until.ts";
import { tlsServerOf } from "./cluster-processes.ts";
import { ClusterStand, type Unit } from "./cluster-stand.ts";

const limitMs = 400_000;
let stand: ClusterStand;
/** What the rows were when a backup was made. */
const backups: { readonly artefactPath: string; readonly sum: string }[] = [];

beforeAll(async () => {
  stand = await ClusterStand.start();
  await stand.updateStatus();
}, limitMs);
// All that the servers leave behind is searched for keys.
afterAll(async () => stand?.stop(), 3 * limitMs);

/** Tells the rows from all others. */
async function sum(unit: Unit): Promise<string> {
  return stand.sql(unit, "SELECT count(*), md5(string_agg(what, ',' ORDER BY id)) FROM proof");
}

/** The stanza of the cluster, and of the other one. */
const stanza = "test.postgresql";

/** Tells a cluster from all others. */
async function systemId(unit: Unit): Promise<string> {
  return stand.sql(unit, "SELECT system_identifier FROM pg_control_system()");
}

function succeeded(result: JobResult): Extract<JobResult, { succeeded: true }> {
  if (!result.succeeded) throw new Error(JSON.stringify(result.failure));
  return result;
}

test(
  "replicas make a full backup and a differential one",
  async () => {
    const primary = await stand.primary();
    const replicas = await stand.replicas();
    await stand.sql(primary, "CREATE TABLE proof (id serial, what text)");
    for (const [index, backupType] of (["full", "differential"] as const).entries()) {
      await stand.sql(
        primary,
        `INSERT INTO proof (what) SELECT md5(i::text) FROM generate_series(1, ${1000 * (index + 1)}) AS i`,
      );
      const before = await sum(primary);
      const replica = replicas[index];
      if (replica === undefined) throw new Error("there are no two replicas");
      const { artefactPath } = succeeded(await stand.backup(replica, { backupType }));
      backups.push({ artefactPath, sum: before });
    }
    await stand.sql(primary, "DELETE FROM proof WHERE id % 2 = 0");
    expect(await stand.refusal(primary, stand.restoreRequest(backups[0]?.artefactPath ?? ""))).toBe(
      "restore-with-more-units",
    );
  },
  limitMs,
);

test(
  "each is restored by the one that is left",
  async () => {
    for (const replica of await stand.replicas()) await stand.removeUnit(replica);
    const [unit] = stand.units;
    if (unit === undefined) throw new Error("there is no unit");
    await stand.updateStatus();
    expect(tlsServerOf(unit)).toEqual([]);
    for (const backup of backups) {
      await until("Patroni has forgotten the others", async () =>
        (await stand.members()).length === 1 ? true : undefined,
      );
      const job = await stand.begin(unit, stand.restoreRequest(backup.artefactPath));
      succeeded(await job.result);
      expect(await sum(unit)).toBe(backup.sum);
    }
  },
  limitMs,
);

test(
  "units that are added have the rows, and make the next backup",
  async () => {
    const [unit] = stand.units;
    if (unit === undefined) throw new Error("there is no unit");
    const free = [0, 1, 2].filter((index) => index !== unit.index);
    for (const index of free) await stand.addUnit(index);
    await stand.whole();
    await stand.updateStatus();
    const replicas = await stand.replicas();
    expect(replicas.map(({ index }) => index)).toEqual(free);
    for (const replica of replicas) {
      await until("the rows are replicated", async () =>
        (await sum(replica)) === backups[1]?.sum ? true : undefined,
      );
      expect(tlsServerOf(replica)).not.toEqual([]);
      expect(await replica.executor.standing()).toEqual({ ready: true, role: "replica" });
      succeeded(await stand.backup(replica));
    }
  },
  limitMs,
);

test(
  "another cluster's repository is refused for backups, and read for a restore",
  async () => {
    const own = stand.storage;
    const primary = await stand.primary();
    const node = stand.servers.nodes[primary.index];
    if (node === undefined) throw new Error("there is no node");
    const foreign = await makeForeignRepository(
      { servers: stand.servers, node },
      "/theirs",
      undefined,
      stanza,
    );
    const before = await systemId(primary);
    stand.storage = { ...own, path: "/theirs" };
    await stand.updateStatus();
    expect(stand.statuses()[primary.name]).toContain("the S3 repository has backups from another cluster");
    for (const replica of await stand.replicas())
      expect(await stand.refusal(replica, stand.backupRequest())).toBe("archive-storage-differs");
    expect(await stand.refusal(primary, stand.restoreRequest(foreign))).toBe("restore-with-more-units");

    for (const replica of await stand.replicas()) await stand.removeUnit(replica);
    await until("Patroni has forgotten the others", async () =>
      (await stand.members()).length === 1 ? true : undefined,
    );
    expect(await stand.refusal(primary, stand.backupRequest())).toBe("archive-storage-differs");
    const { warning } = succeeded(await (await stand.begin(primary, stand.restoreRequest(foreign))).result);
    expect(warning).toContain("archived nowhere until it has a storage path of its own");
    expect(await systemId(primary)).not.toBe(before);
    expect(await stand.sql(primary, "SELECT to_regclass('proof') IS NULL")).toBe("t");
    // It bears the other one's system identifier now, and is still not let in.
    await stand.updateStatus();
    expect(stand.statuses()[primary.name]).toContain("the S3 repository has backups from another cluster");
    expect(await stand.refusal(primary, stand.backupRequest())).toBe("repository-of-another-cluster");
    stand.storage = own;
    await stand.updateStatus();
    expect(stand.statuses()[primary.name]).toContain("the S3 repository has backups from another cluster");
  },
  2 * limitMs,
);

test(
  "a path of its own is all that a cluster needs which was restored from another one's",
  async () => {
    stand.storage = { ...stand.storage, path: "/of-its-own" };
    await stand.updateStatus();
    const primary = await stand.primary();
    expect(stand.statuses()).toEqual({ [primary.name]: "active: " });
    await stand.addUnit(primary.index === 0 ? 1 : 0);
    await stand.whole();
    await stand.updateStatus();
    const [replica] = await stand.replicas();
    if (replica === undefined) throw new Error("there is no replica");
    succeeded(await stand.backup(replica));
  },
  limitMs,
);
