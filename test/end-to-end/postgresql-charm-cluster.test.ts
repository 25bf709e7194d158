/**
 * The example PostgreSQL charm on three units as real processes: certificates that come, change and go, and what units do
 * to each other's jobs.
 */
import { createHash } from "node:crypto";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { connect } from "node:tls";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { isAlive } from "../simulation/processes-model.ts";

import { until } from "../simulation/until.ts";
import { authority, CharmClusterStand, managers, type CharmUnit } from "./charm-cluster-stand.ts";
import { tlsServerOf } from "./cluster-processes.ts";

const limitMs = 400_000;
let stand: CharmClusterStand;

beforeAll(async () => {
  stand = await CharmClusterStand.start();
  await stand.settle();
}, limitMs);
// All that the servers leave behind is searched for keys.
afterAll(async () => stand?.stop(), 3 * limitMs);

/** The certificate that a unit's TLS server shows, by its fingerprint and its subject. */
async function served({
  tlsPort,
}: CharmUnit): Promise<{ readonly fingerprint: string; readonly name: string }> {
  return await new Promise((resolve, reject) => {
    const socket = connect({ host: "127.0.0.1", port: tlsPort, rejectUnauthorized: false }, () => {
      const { raw, subject } = socket.getPeerCertificate();
      socket.destroy();
      resolve({ fingerprint: createHash("sha256").update(raw).digest("hex"), name: String(subject.CN) });
    });
    socket.once("error", reject);
  });
}

/** A replica waits for the primary, and is told of its server by the next dispatch. */
async function twice(): Promise<void> {
  await stand.updateStatus();
  await stand.updateStatus();
}

/** A backup that a manager requests succeeds, is in the repository, and leaves nothing behind. */
async function succeeds(): Promise<Readonly<Record<string, string>>> {
  const end = await stand.ended(await stand.request());
  expect(end, JSON.stringify(end)).toMatchObject({ phase: "succeeded", status: "success" });
  expect((await stand.backups()).at(-1)).toMatchObject({ id: end["backup-id"], state: "finished" });
  expect(await stand.remains()).toEqual([]);
  return end;
}

describe("certificates", () => {
  test(
    "that come start a TLS server on every unit, and a replica makes the next backup",
    async () => {
      const primary = await stand.primary();
      await stand.sql(
        primary,
        "CREATE ROLE client LOGIN PASSWORD 'client-password';" +
          "CREATE TABLE t AS SELECT n, md5(n::text) AS word, repeat('x', 100) FROM generate_series(1, 300000) n",
      );
      for (const unit of stand.units) expect(tlsServerOf(unit)).toEqual([]);
      const [replica] = await stand.replicas();
      expect(await refusal(replica)).toMatch(/^Unit cannot perform backups as TLS is not enabled: /);
      await certified();
      expect((await stand.replicas()).map(({ name }) => name)).toContain((await succeeds())["unit"]);
    },
    limitMs,
  );

  test(
    "decide which unit's own action asks for a backup, and which fails at once",
    async () => {
      const [replica, other] = await stand.replicas();
      expect(await refusal(await stand.primary())).toMatch(
        /^Unit cannot perform backups as it is the cluster primary: /,
      );
      if (other === undefined) throw new Error("there are no two replicas");
      await stand.servers.stopNode(other.index);
      expect(await refusal(other)).toMatch(
        /^Unit cannot perform backups as the database seems to be offline: .* Start Patroni/,
      );
      await stand.servers.startNode(other.index);
      const { "job-id": id = "" } = (await act(replica, "completed")).results;
      const end = await until(
        "the action's backup has ended",
        async () => {
          await stand.updateStatus();
          const { results } = await stand.act(other, "show-job", { "job-id": id });
          return results["status"] === "running" ? undefined : results;
        },
        limitMs,
      );
      expect(end).toMatchObject({ phase: "succeeded", unit: replica?.name });
      expect(await stand.remains()).toEqual([]);
    },
    limitMs,
  );

  test(
    "that another authority signs are served by the servers that run, and backups go on",
    async () => {
      const before = await Promise.all(stand.units.map(served));
      const pids = stand.units.map(tlsServerOf);
      await stand.juju.runAction(`${authority}/0`, "renew", { authority: true });
      await twice();
      const now = await Promise.all(stand.units.map(served));
      for (const [index, { name, fingerprint }] of now.entries()) {
        expect(name).toBe(before[index]?.name);
        expect(fingerprint).not.toBe(before[index]?.fingerprint);
      }
      expect(stand.units.map(tlsServerOf)).toEqual(pids);
      expect((await stand.replicas()).map(({ name }) => name)).toContain((await succeeds())["unit"]);
    },
    limitMs,
  );

  test(
    "that are gone stop the servers and leave no key, and the primary makes the next backup",
    async () => {
      await stand.juju.removeRelation("postgresql:certificates", `${authority}:certificates`);
      await twice();
      expect(stand.statuses()).toEqual(["active: ", "active: ", "active: "]);
      for (const { index, ...unit } of stand.units) {
        expect(tlsServerOf(unit)).toEqual([]);
        expect(readdirSync(join(stand.servers.nodes[index]?.directory ?? "", "tls"))).toEqual([]);
        expect(existsSync(join(unit.environment.workDirectory, "certificate-request.json"))).toBe(false);
      }
      const { name } = await stand.primary();
      expect((await succeeds())["unit"]).toBe(name);
      await certified();
      expect((await stand.replicas()).map((unit) => unit.name)).toContain((await succeeds())["unit"]);
    },
    limitMs,
  );
});

describe("the units agree", () => {
  test(
    "on what two managers ask for at once: both are served, one after the other",
    async () => {
      const before = await finished();
      const ids = await Promise.all(managers.map(async (manager) => stand.request(manager)));
      const ends = [];
      for (const [index, id] of ids.entries()) ends.push(await stand.ended(id, managers[index]));
      expect(ends).toMatchObject([{ phase: "succeeded" }, { phase: "succeeded" }]);
      const [first = {}, second = {}] = ends.toSorted((a, b) =>
        String(a["started-at"]).localeCompare(String(b["started-at"])),
      );
      expect(Date.parse(first["finished-at"] ?? "")).toBeLessThanOrEqual(
        Date.parse(second["started-at"] ?? ""),
      );
      expect(await finished()).toEqual([...before, first["backup-id"], second["backup-id"]]);
      expect(await stand.remains()).toEqual([]);
      await succeeds();
    },
    limitMs,
  );

  test(
    "on one backup where another unit comes to lead in its middle",
    async () => {
      const before = await finished();
      const job = await stand.hold();
      const { leader } = stand;
      for (const { name } of stand.units.filter((unit) => unit.name !== leader.name)) {
        await stand.juju.setLeader(name);
        await stand.updateStatus();
      }
      expect(await stand.shown(job.id)).toMatchObject({ status: "running" });
      job.resume();
      const end = await stand.ended(job.id);
      expect(end).toMatchObject({ phase: "succeeded", unit: job.unit.name });
      expect(await finished()).toEqual([...before, end["backup-id"]]);
      expect(await stand.remains()).toEqual([]);
      await succeeds();
    },
    limitMs,
  );

  test(
    "that a job whose worker was killed is lost, and clean up after it",
    async () => {
      const before = await finished();
      const job = await stand.hold();
      process.kill(job.worker, "SIGKILL");
      job.resume();
      expect(await stand.ended(job.id)).toMatchObject({
        phase: "lost",
        "error-code": "worker-lost",
        unit: job.unit.name,
      });
      expect(await stand.remains()).toEqual([]);
      expect(await finished()).toEqual(before);
      await succeeds();
    },
    limitMs,
  );

  test.each(["die-before-writes", "die-after-writes"] as const)(
    "on one backup where dispatches of the leader and of the unit that runs it are killed (%s)",
    async (killed) => {
      const before = await finished();
      await stand.killNextDispatch(stand.leader, killed);
      const job = await stand.hold();
      for (const unit of [job.unit, stand.leader]) {
        await stand.killNextDispatch(unit, killed);
        await stand.updateStatus();
      }
      expect(await stand.shown(job.id)).toMatchObject({ status: "running" });
      job.resume();
      await stand.killNextDispatch(job.unit, killed);
      const end = await stand.ended(job.id);
      expect(end).toMatchObject({ phase: "succeeded", unit: job.unit.name });
      expect(await finished()).toEqual([...before, end["backup-id"]]);
      expect(await stand.remains()).toEqual([]);
      await succeeds();
    },
    limitMs,
  );

  test(
    "that the job of a unit that is removed has ended, and another unit makes the next backup",
    async () => {
      const before = await finished();
      const job = await stand.hold();
      await stand.juju.removeUnit(job.unit.name);
      // A backup that goes on may be over before the unit comes to its end.
      await until("its worker is gone", () => !isAlive(job.worker) || undefined);
      job.resume();
      expect(await stand.ended(job.id)).toMatchObject({
        phase: "cancelled",
        status: "error",
        message: expect.stringContaining(job.unit.name),
        remedy: expect.stringMatching(/\.$/),
      });
      expect(stand.units).toHaveLength(2);
      expect(await stand.remains()).toEqual([]);
      expect(await finished()).toEqual(before);
      await stand.sql(await stand.primary(), "INSERT INTO t VALUES (0, 'written', '')");
      expect((await succeeds())["unit"]).not.toBe(job.unit.name);
    },
    limitMs,
  );
});

/** A unit's own action `create-backup`, and how it went. */
async function act(unit: CharmUnit | undefined, status: string): ReturnType<CharmClusterStand["act"]> {
  if (unit === undefined) throw new Error("there is no such unit");
  const task = await stand.act(unit, "create-backup");
  expect(task).toMatchObject({ status });
  return task;
}

/** Why a unit's own action asks for no backup. */
async function refusal(unit: CharmUnit | undefined): Promise<string> {
  return (await act(unit, "failed")).message;
}

/** Relates the provider of certificates: every unit serves the others with a certificate of its own. */
async function certified(): Promise<void> {
  await stand.juju.integrate("postgresql:certificates", `${authority}:certificates`);
  await twice();
  expect(stand.statuses()).toEqual(["active: ", "active: ", "active: "]);
  for (const unit of stand.units) expect((await served(unit)).name).toBe(unit.name.replace("/", "-"));
}

/** The backups that can be restored. */
async function finished(): Promise<readonly (string | undefined)[]> {
  return (await stand.backups()).filter(({ state }) => state === "finished").map(({ id }) => id);
}
