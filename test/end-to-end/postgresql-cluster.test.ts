/**
 * A cluster of three on the real servers: pgBackRest's TLS servers, and backups from a replica.
 */
import { readFile, rm } from "node:fs/promises";
import { connect } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { until } from "../simulation/until.ts";
import { begunBackup, startWorker, suspend, tlsServerOf } from "./cluster-processes.ts";
import { ClusterStand, type Unit } from "./cluster-stand.ts";

async function isListening(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: "127.0.0.1" });
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });
}

const limitMs = 300_000;
let stand: ClusterStand;

beforeAll(async () => {
  stand = await ClusterStand.start();
}, limitMs);
// All that the servers leave behind is searched for keys.
afterAll(async () => stand?.stop(), 3 * limitMs);

test(
  "every unit serves the others",
  async () => {
    await stand.settle();
    await stand.updateStatus();
    expect(Object.values(stand.statuses())).toEqual(["active: ", "active: ", "active: "]);
    for (const { options } of stand.units) expect(await isListening(options.tls?.port ?? 0)).toBe(true);
  },
  limitMs,
);

test(
  "a leader that is not the primary decides, the primary executes, and the leader shows what came of it",
  async () => {
    const primary = await stand.primary();
    const [leader] = await stand.replicas();
    if (leader === undefined) throw new Error("there is no replica");
    await stand.juju.setLeader(leader.name);
    const { storage } = stand;
    stand.storage = { ...storage, bucket: "missing" };
    await stand.updateStatus();
    expect(stand.statuses()).toMatchObject({
      [primary.name]: expect.stringMatching(/^blocked: .*bucket "missing" does not exist/),
      [leader.name]: expect.stringMatching(/^blocked: .*bucket "missing" does not exist/),
    });
    stand.storage = { ...storage, path: "/cluster/second" };
    await stand.updateStatus();
    await stand.updateStatus();
    expect([...new Set(Object.values(stand.statuses()))]).toEqual(["active: "]);
    await archives(primary);
    for (const { environment } of stand.units) {
      const file = join(environment.workDirectory, "archive-storage.json");
      expect(JSON.parse(await readFile(file, "utf8"))).toMatchObject({ path: "/cluster/second" });
    }
  },
  limitMs,
);

test(
  "a replica makes a full backup without clients, and is as it was before",
  async () => {
    const primary = await stand.primary();
    await stand.sql(
      primary,
      "CREATE ROLE client LOGIN PASSWORD 'client-password';" +
        "CREATE TABLE ballast AS SELECT i, md5(i::text) AS text FROM generate_series(1, 100000) AS i;",
    );
    const [replica] = await stand.replicas();
    if (replica === undefined) throw new Error("there is no replica");
    await until("the role is replicated", async () =>
      (await stand.clientRefusal(replica)) === undefined ? true : undefined,
    );
    expect(await replica.executor.standing()).toEqual({ ready: true, role: "replica" });
    const job = await stand.begin(replica, stand.backupRequest());
    const resume = suspend(await begunBackup(replica, job.lines));
    expect(await stand.clientRefusal(replica)).toMatch(/pg_hba\.conf rejects connection/);
    expect(await stand.sql(replica, "select 1")).toBe("1");
    expect(await stand.clientRefusal(primary)).toBeUndefined();
    await until("Patroni tells of the backup", async () => {
      const member = (await stand.members()).find(({ name }) => name === replica.options.patroni.member);
      return member?.tags?.["is_creating_backup"] === true && member.tags["nosync"] === true
        ? true
        : undefined;
    });
    resume();
    const result = await job.result;
    expect(result, job.lines.join("\n")).toMatchObject({ succeeded: true });
    expect(job.lines.join("\n")).toMatch(/wait for replay on the standby/);
    await expectOpen(replica);
  },
  limitMs,
);

test(
  "the other replica makes a differential one",
  async () => {
    const [, replica] = await stand.replicas();
    if (replica === undefined) throw new Error("there is one replica");
    expect(await stand.backup(replica, { backupType: "differential" })).toMatchObject({ succeeded: true });
    await expectOpen(replica);
  },
  limitMs,
);

test(
  "the primary is refused while a replica can, and a replica without TLS",
  async () => {
    const primary = await stand.primary();
    const replicas = await stand.replicas();
    expect(await stand.refusal(primary, stand.backupRequest())).toBe("unit-is-primary");
    const certificates = replicas.map(({ certificate }) => certificate);
    for (const replica of replicas) replica.certificate = undefined;
    await stand.updateStatus();
    for (const replica of replicas) {
      expect(tlsServerOf(replica)).toEqual([]);
      expect(await stand.refusal(replica, stand.backupRequest())).toBe("tls-not-enabled");
      expect(await replica.executor.standing()).toMatchObject({ ready: false });
    }
    expect(tlsServerOf(primary)).toEqual([]);
    expect(await stand.refusal(primary, stand.backupRequest())).toBeUndefined();
    expect(await stand.backup(primary, { backupType: "incremental" })).toMatchObject({ succeeded: true });
    for (const [index, replica] of replicas.entries()) replica.certificate = certificates[index];
    await stand.updateStatus();
    for (const unit of stand.units) expect(tlsServerOf(unit)).not.toEqual([]);
    for (const replica of replicas)
      expect(await replica.executor.standing()).toEqual({ ready: true, role: "replica" });
  },
  limitMs,
);

test(
  "TLS servers that are dead hold up nothing",
  async () => {
    const primary = await stand.primary();
    const [replica, other] = await stand.replicas();
    if (replica === undefined || other === undefined) throw new Error("there are no two replicas");
    const hang = (unit: Unit): (() => void) => {
      const pids = tlsServerOf(unit);
      expect(pids).not.toEqual([]);
      return suspend(pids);
    };
    const wakeOther = hang(other);
    expect(await stand.backup(replica, { backupType: "incremental" })).toMatchObject({ succeeded: true });
    wakeOther();
    const wakePrimary = hang(primary);
    expect(await stand.refusal(replica, stand.backupRequest())).toBe("primary-unreachable");
    expect(await stand.refusal(primary, stand.backupRequest())).toBeUndefined();
    // A hook that has everything to do again does not wait for it either.
    await rm(join(primary.environment.workDirectory, "archiving.json"));
    await stand.updateStatus();
    expect(await stand.backup(primary, { backupType: "incremental" })).toMatchObject({ succeeded: true });
    wakePrimary();
  },
  limitMs,
);

test(
  "a worker that is killed leaves a replica that its recovery opens again",
  async () => {
    const [replica] = await stand.replicas();
    if (replica === undefined) throw new Error("there is no replica");
    const worker = await startWorker(stand.servers.directory, replica, stand.backupRequest());
    const lines: string[] = [];
    worker.stdout?.on("data", (chunk) => lines.push(String(chunk)));
    const pids = await begunBackup(replica, lines);
    worker.kill("SIGKILL");
    for (const pid of pids.slice(0, 1)) process.kill(pid, "SIGKILL");
    expect(await stand.clientRefusal(replica)).toMatch(/rejects connection/);
    expect(await stand.recover(replica)).toMatch(/Clients may connect/);
    await expectOpen(replica);
    expect(await stand.recover(replica)).toBe("Nothing was left to clean up.");
    expect(await stand.backup(replica, { backupType: "incremental" })).toMatchObject({ succeeded: true });
  },
  limitMs,
);

test(
  "a member that a switchover made the primary archives, and a replica of it makes the next backup",
  async () => {
    const primary = await stand.switchover();
    await archives(primary);
    await stand.updateStatus();
    const [replica] = await stand.replicas();
    if (replica === undefined) throw new Error("there is no replica");
    expect(await stand.backup(replica, { backupType: "incremental" })).toMatchObject({ succeeded: true });
    await expectOpen(replica);
  },
  limitMs,
);

/** WAL of a primary reaches the repository. */
async function archives(unit: Unit): Promise<void> {
  const name = await stand.sql(unit, "select pg_walfile_name(pg_switch_wal())");
  await until(`${name} is archived`, async () =>
    (await stand.sql(unit, "select last_archived_wal from pg_stat_archiver")) >= name ? true : undefined,
  );
}

/** Clients get in, and Patroni tells of no backup. */
async function expectOpen(unit: Unit): Promise<void> {
  expect(await stand.clientRefusal(unit)).toBeUndefined();
  await until("Patroni tells of no backup", async () => {
    const member = (await stand.members()).find(({ name }) => name === unit.options.patroni.member);
    return member?.tags === undefined || Object.keys(member.tags).length === 0 ? true : undefined;
  });
}
