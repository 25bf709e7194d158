import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { ConfigurationError } from "../../lib/errors.ts";
import { SimulatedJuju, type ScriptedDatabase } from "../../lib/testing/index.ts";
import { InProcessModel } from "./in-process-model.ts";

let model: InProcessModel;
let database: ScriptedDatabase;
let juju: SimulatedJuju;
let relation: number;

beforeEach(async () => {
  model = await InProcessModel.start();
  ({ juju, relation, scripted: database } = model);
});
afterEach(async () => {
  await model.stop();
});

async function requestBackup(): Promise<string> {
  const { results } = await juju.runAction("manager/0", "create-backup");
  await juju.settle();
  return results["job-id"] ?? "";
}

async function showJob(id: string): Promise<Readonly<Record<string, string>>> {
  return (await juju.runAction("manager/0", "show-job", { "job-id": id })).results;
}

function databaseStatus(): string {
  const workload = juju.status().applications["database"]?.units["database/0"]?.workload;
  return `${workload?.name ?? ""}: ${workload?.message ?? ""}`;
}

describe("charms in the process of the test", () => {
  test("make a whole backup, in no time", async () => {
    const id = await requestBackup();
    expect(await showJob(id)).toMatchObject({
      phase: "succeeded",
      "requested-at": "2026-01-01T00:00:00.000Z",
      "finished-at": "2026-01-01T00:00:00.000Z",
      "backup-id": "database-1",
    });
    expect([...database.objects.keys()]).toEqual([
      "backups/database-backup/database/database-1/job.json",
      "backups/database-backup/database/database-1/job.log",
    ]);
    expect(database.calls.map(({ call }) => call)).toEqual(["preflight", "backup", "list"]);
  });

  test("wait for what the test releases, and for the time that it lets pass", async () => {
    database.script = { jobs: { "*": { progress: [42], waitFor: "the disk" } } };
    const id = await requestBackup();
    expect(await showJob(id)).toMatchObject({ phase: "running" });
    await juju.advance(3_600_000);
    await juju.updateStatus("database/0");
    await juju.settle();
    expect(await showJob(id)).toMatchObject({
      phase: "running",
      progress: expect.stringMatching(/^42 %, about \d+ min left$/),
    });
    database.release("the disk");
    await juju.settle();
    expect(await showJob(id)).toMatchObject({
      phase: "succeeded",
      "started-at": "2026-01-01T00:00:00.000Z",
      "finished-at": "2026-01-01T01:00:00.000Z",
    });
  });

  test.each(["is killed", "goes down with its machine", "kills itself"])(
    "lose a worker that %s, and clean up after it before the next job",
    async (how) => {
      database.script = { jobs: { "*": how === "kills itself" ? { die: true } : { waitFor: "nothing" } } };
      const id = await requestBackup();
      const machine = juju.machine("database/0");
      if (how === "is killed") machine.kill(machine.processes[0]?.pid ?? 0);
      if (how === "goes down with its machine") machine.restart();
      expect(machine.processes).toEqual([]);
      database.script = {};
      await juju.updateStatus("database/0");
      await juju.settle();
      expect(await showJob(id)).toMatchObject({ phase: "lost", "error-code": "worker-lost" });
      expect(await showJob(await requestBackup())).toMatchObject({ phase: "succeeded" });
      expect(database.calls.map(({ call }) => call)).toEqual(
        expect.arrayContaining(["recover", "preflight", "backup"]),
      );
    },
  );

  test("keep the journal short, and count on", async () => {
    const jobs = 120;
    for (let index = 0; index < jobs; index += 1) {
      const job = { "job-id": `job-${index}`, "job-type": "backup", "job-config": { compression: true } };
      const storage = { bucket: "backups", "access-key": "key", "secret-key": "secret" };
      const request = { ...job, "storage-interface": "s3", "storage-config": storage };
      await juju.writeDatabag(relation, "manager", { jobs: JSON.stringify([request]) });
      await juju.settle();
    }
    expect(database.backups.at(-1)?.id).toBe(`database-${jobs}`);
    const journal = juju.machine("database/0").disk.files().get("/var/lib/database/database-0/journal.jsonl");
    const records = journal?.split("\n").length ?? 0;
    expect(records).toBeGreaterThan(64);
    expect(records).toBeLessThan(5 * jobs);
    expect(database.calls.filter(({ call }) => call === "backup")).toHaveLength(jobs);
  });

  test("ask a worker to end", async () => {
    database.script = { jobs: { "*": { waitFor: "nothing" } } };
    const id = await requestBackup();
    const machine = juju.machine("database/0");
    machine.terminate(machine.processes[0]?.pid ?? 0);
    await juju.settle();
    expect(await showJob(id)).toMatchObject({ phase: "cancelled", message: "The backup was stopped." });
  });

  test.each(["ENOSPC", "EROFS", "EIO"] as const)(
    "are Blocked on a disk with %s, and recover",
    async (fault) => {
      juju.machine("database/0").disk.fail(fault);
      const id = await requestBackup();
      expect(databaseStatus()).toContain(`blocked: The state directory /var/lib/database/database-0`);
      expect(databaseStatus()).toContain(fault);
      expect(database.calls).toEqual([]);
      juju.machine("database/0").disk.fail(undefined);
      await juju.updateStatus("database/0");
      await juju.settle();
      expect(await showJob(id)).toMatchObject({ phase: "succeeded" });
      expect(databaseStatus()).toBe("active: ");
    },
  );

  test("fail their hook by what they throw, which runs again when its time has come", async () => {
    let fails = true;
    await juju.deploy({
      application: "other",
      charm: "examples/postgresql-charm",
      inProcess: async ({ event }) => {
        if (fails && event.kind === "hook" && event.name === "update-status") throw new Error("no such luck");
      },
    });
    await juju.settle();
    await juju.updateStatus("other/0");
    await expect(juju.settle()).rejects.toThrow(/other\/0 is in hook error: update-status[^]*no such luck/u);
    await juju.advance(4_999);
    expect(juju.hooksRun().filter(({ operation }) => operation === "update-status")).toHaveLength(1);
    fails = false;
    await juju.advance(1);
    expect(juju.hooksRun().filter(({ operation }) => operation === "update-status")).toHaveLength(2);
    await juju.settle();
  });

  test("sleep as long as the clock of the model says", async () => {
    const woken: string[] = [];
    await juju.deploy({
      application: "sleeper",
      charm: "examples/postgresql-charm",
      inProcess: async ({ event, machine }) => {
        if (event.kind !== "hook" || event.name !== "update-status") return;
        const before = machine.clock.uptime();
        await machine.clock.sleep(90_000);
        woken.push(`${machine.clock.now().toISOString()} ${machine.clock.uptime() - before}`);
      },
    });
    await juju.updateStatus("sleeper/0");
    await juju.settle();
    expect(woken).toEqual(["2026-01-01T00:01:30.000Z 90"]);
  });

  test("see their databags side by side with charms that run as processes", async () => {
    await juju.deploy({ application: "python", charm: "test/charms/python" });
    await juju.settle();
    expect(juju.status().applications["python"]?.units["python/0"]?.workload.name).not.toBe("unknown");
    expect(juju.databag(relation, "database")["features"]).toContain("backups");
  });

  test("leave nothing running on the machine of a unit that was removed", async () => {
    database.script = { jobs: { "*": { waitFor: "the disk" } } };
    await requestBackup();
    await juju.removeUnit("database/0");
    await juju.settle();
    expect(juju.status().applications["database"]?.units).toEqual({});
    const machine = juju.machine("database/0");
    expect(machine.processes).toEqual([]);
    expect(database.backups).toEqual([]);
  });

  test("have machines of their own, others this one, and only a virtual clock can be moved on", async () => {
    await juju.deploy({ application: "python", charm: "test/charms/python" });
    expect(() => juju.machine("python/0")).toThrow(ConfigurationError);
    const real = await SimulatedJuju.start();
    await expect(real.advance(1)).rejects.toThrow(ConfigurationError);
    await real.stop();
  });
});
