/**
 * A cluster of three on the real servers: pgBackRest's TLS servers, and backups from a replica.
 */
import { connect } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import { until } from "../simulation/until.ts";
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
afterAll(async () => stand?.stop(), limitMs);

test(
  "every unit serves the others",
  async () => {
    await stand.settle();
    await stand.updateStatus();
    const { units = {} } = stand.juju.status().applications["postgresql"] ?? {};
    expect(Object.values(units).map(({ workload }) => workload.name)).toEqual(["active", "active", "active"]);
    for (const { options } of stand.units) expect(await isListening(options.tls?.port ?? 0)).toBe(true);
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
    const resume = await stand.pause(replica, job);
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

/** Clients get in, and Patroni tells of no backup. */
async function expectOpen(unit: Unit): Promise<void> {
  expect(await stand.clientRefusal(unit)).toBeUndefined();
  await until("Patroni tells of no backup", async () => {
    const member = (await stand.members()).find(({ name }) => name === unit.options.patroni.member);
    return member?.tags === undefined || Object.keys(member.tags).length === 0 ? true : undefined;
  });
}
