/**
 * What the units of a database tell each other, or keep on their disks, is not as they wrote it: nothing unsafe starts,
 * the status says what is wrong and what to do, and what can go on goes on.
 */
import { afterEach, describe, expect, test } from "vitest";
import { encodeRecord } from "../../provider/journal/journal.ts";
import { UnitsModel, archiveStorage, type UnitsModelOptions } from "./units-model.ts";

let model: UnitsModel;
afterEach(async () => {
  await model.stop();
});

/** Starts three units of which `database/0` leads, and `database/2` takes backups. */
async function start(options: UnitsModelOptions = {}): Promise<void> {
  model = await UnitsModel.start(options);
  model.scripted.script = { standings: { "database/2": { ready: true, role: "replica" } } };
  await model.juju.setLeader("database/0");
  await model.updateStatus();
}

/** Writes to a databag of the peer relation by hand. */
async function put(owner: string, changes: Record<string, string>): Promise<void> {
  await model.juju.writeDatabag(model.juju.peerRelation("database", "database-backup-peers"), owner, changes);
  await model.juju.settle();
}

function journalOf(unit: string): { readonly path: string; readonly text: string } {
  const path = `/state/${unit.replace("/", "-")}/journal.jsonl`;
  return { path, text: model.juju.machine(unit).disk.files().get(path) ?? "" };
}

function said(unit: string): Record<string, unknown> {
  return JSON.parse(model.peerDatabag(unit)["unit"] ?? "{}") as Record<string, unknown>;
}

/** The errors in the log that hold a text. */
function errors(text: string): readonly string[] {
  return model.juju
    .log()
    .filter(({ level, message }) => level === "ERROR" && message.includes(text))
    .map(({ message }) => message);
}

async function nextJobSucceeds(): Promise<void> {
  const before = model.started.length;
  await model.request("afterwards");
  await model.updateStatus();
  expect(model.phases("afterwards")).toEqual(["succeeded"]);
  expect(model.started).toHaveLength(before + 1);
}

describe("a unit's databag that cannot be read", () => {
  const unreadable = [
    ["garbage", () => "{"],
    [
      "that of a later version",
      () => JSON.stringify({ ...said("database/1"), standing: { ready: true, role: "witness" } }),
    ],
  ] as const;

  test.each(unreadable)(
    "%s: the leader is Blocked and starts nothing, until the unit has said it anew",
    async (_, text) => {
      await start();
      await model.juju.hold("database/1");
      await put("database/1", { unit: text() });
      await model.request("job");
      expect(model.started).toEqual([]);
      expect(model.grants()).toEqual([]);
      const { name, message } = model.status("database/0");
      expect(name).toBe("blocked");
      expect(message).toContain("what database/1 says of itself");
      expect(errors("database/1")[0]).toContain("Bring all units to one version of the charm");
      for (const unit of ["database/1", "database/2"]) expect(model.status(unit).name).toBe("active");
    },
  );

  test.each(unreadable)("%s: its own unit is Blocked, and no other one", async (_, text) => {
    await start();
    await put("database/1", { unit: text() });
    await model.juju.updateStatus("database/1");
    await model.juju.settle();
    expect(model.status("database/1")).toMatchObject({
      name: "blocked",
      message: expect.stringContaining("what database/1 says of itself"),
    });
    expect(model.status("database/2").name).toBe("active");
  });

  test("a job that runs elsewhere goes on to its end, and is reported", async () => {
    await start();
    model.scripted.script = { ...model.scripted.script, jobs: { job: { waitFor: "the disk" } } };
    await model.request("job");
    expect(Object.keys(model.reports("job"))).toEqual(["database/2"]);
    await put("database/1", { unit: "garbage" });
    model.scripted.release("the disk");
    await model.juju.settle();
    expect(model.phases("job")).toEqual(["succeeded"]);
    expect(model.status("database/0").name).toBe("blocked");
    await put("database/1", { unit: "" });
    await model.updateStatus();
    expect(model.grants()).toEqual([]);
    expect(model.status("database/0").name).toBe("active");
    await nextJobSucceeds();
  });
});

describe("the application's databag", () => {
  test.each<[string, () => Record<string, string>]>([
    ["garbage in a grant", () => ({ "grant-database-2": "{" })],
    ["a ticket of a later version", () => ({ "ticket-1-ab": '{"n":"first"}' })],
    ["a done record of a later version", () => ({ "done-1-ab": '{"phase":"paused"}' })],
    ["a fence that is none", () => ({ fence: "soon" })],
    ["no lineage beside what it has", () => ({ lineage: "" })],
    ["another lineage than its grants", () => ({ lineage: "other" })],
  ])(
    "with %s: every unit is Blocked and says so, and nothing starts until it is put right",
    async (_, changes) => {
      await start();
      await model.juju.hold("database/2");
      await model.request("job");
      const right = model.peerDatabag("database");
      expect(model.grants()).toEqual(["grant-database-2"]);
      const wrong = changes();
      await put("database", wrong);
      await model.juju.hold("database/2", false);
      await model.updateStatus();
      expect(model.started).toEqual([]);
      for (const unit of model.units) {
        expect(model.status(unit)).toMatchObject({
          name: "blocked",
          message: expect.stringMatching(/^The peer databag cannot be read: /),
        });
      }
      const undone = Object.keys(wrong).map((key) => [key, right[key] ?? ""]);
      await put("database", Object.fromEntries(undone) as Record<string, string>);
      await model.updateStatus();
      expect(model.phases("job")).toEqual(["succeeded"]);
      expect(model.started).toEqual(["job"]);
      for (const unit of model.units) expect(model.status(unit).name).toBe("active");
    },
  );

  test("with keys that nobody knows is read all the same, and keeps them", async () => {
    await start();
    await put("database", { "retention-1": "garbage", unknown: "{" });
    await model.request("job");
    expect(model.phases("job")).toEqual(["succeeded"]);
    expect(model.peerDatabag("database")).toMatchObject({ "retention-1": "garbage", unknown: "{" });
  });

  test("with a grant for a job that nobody asked for: it is taken back, and nothing runs", async () => {
    await start();
    const { lineage = "" } = model.peerDatabag("database");
    const { incarnation } = said("database/2");
    const grant = {
      unit: "database/2",
      lineage,
      fence: 7,
      relation: `database-backup:${model.relations.get("manager")}`,
      application: "manager",
      job: "unknown",
      type: "restore",
      incarnation,
      digest: "0123",
      claim: "none",
    };
    await put("database", { "grant-database-2": JSON.stringify(grant) });
    await model.updateStatus();
    expect(model.grants()).toEqual([]);
    expect(model.started).toEqual([]);
    expect(said("database/2")["released"]).toMatchObject({ fence: 7, job: "unknown", outcome: "withdrawn" });
    await nextJobSucceeds();
  });

  test("with a fence that went back: the next one is greater than all that anybody remembers", async () => {
    await start();
    for (const id of ["first", "second"]) await model.request(id);
    expect(model.peerDatabag("database")["fence"]).toBe("2");
    await put("database", { fence: "0" });
    await model.request("third");
    expect(Object.values(model.reports("third"))[0]).toMatchObject({ phase: "succeeded", fence: 3 });
    expect(model.started).toEqual(["first", "second", "third"]);
  });
});

describe("a unit's journal", () => {
  test("cut in the middle of a line is read up to there, and the job that was under way is cleaned up after", async () => {
    await start();
    model.scripted.script = { ...model.scripted.script, jobs: { job: { waitFor: "the disk" } } };
    await model.request("job");
    const machine = model.juju.machine("database/2");
    for (const { pid } of machine.processes) machine.kill(pid);
    const { path, text } = journalOf("database/2");
    machine.disk.write(path, `${text}{"record":"progress","phase":"succ`);
    await model.updateStatus();
    expect(model.phases("job")).toEqual(["lost"]);
    expect(model.grants()).toEqual([]);
    expect(model.started).toEqual(["job"]);
    await nextJobSucceeds();
  });

  test("damaged before its end: its unit is Blocked and runs nothing, the others go on", async () => {
    await start();
    const { path, text } = journalOf("database/2");
    const { disk } = model.juju.machine("database/2");
    disk.write(path, `nonsense\n${text}`);
    await model.juju.updateStatus("database/2");
    await model.juju.settle();
    expect(model.status("database/2")).toMatchObject({
      name: "blocked",
      message: expect.stringContaining("journal.jsonl is damaged in line 1"),
    });
    expect(errors("damaged in line 1")[0]).toContain("move the file away");
    expect(model.status("database/1").name).toBe("active");
    disk.write(path, text);
    await model.updateStatus();
    expect(model.status("database/2").name).toBe("active");
    await nextJobSucceeds();
  });

  test.each(["ENOSPC", "EROFS", "EIO"] as const)(
    "on a disk with %s: a job that its unit was granted waits there, says why, and runs once it can",
    async (fault) => {
      await start();
      const { disk } = model.juju.machine("database/2");
      disk.fail(fault);
      await model.request("job");
      expect(model.started).toEqual([]);
      expect(model.status("database/2")).toMatchObject({
        name: "blocked",
        message: expect.stringContaining(fault),
      });
      expect(errors(fault)[0]).toContain("Check the disk's free space");
      disk.fail(undefined);
      await model.updateStatus();
      expect(model.phases("job")).toEqual(["succeeded"]);
      expect(model.started).toEqual(["job"]);
    },
  );

  test("on a full disk of the leader: the others run what the leader grants", async () => {
    await start();
    model.juju.machine("database/0").disk.fail("ENOSPC");
    await model.request("job");
    expect(model.phases("job")).toEqual(["succeeded"]);
    expect(Object.keys(model.reports("job"))).toEqual(["database/2"]);
  });

  test("lost while its job ran: nobody runs it again, and an admin is told what blocks", async () => {
    await start();
    model.scripted.script = { ...model.scripted.script, jobs: { job: { waitFor: "the disk" } } };
    await model.request("job");
    const machine = model.juju.machine("database/2");
    for (const { pid } of machine.processes) machine.kill(pid);
    machine.disk.wipe();
    await model.updateStatus();
    expect(model.started).toEqual(["job"]);
    expect(model.status("database/2")).toMatchObject({
      name: "blocked",
      message: expect.stringContaining("run release-grant fence=1"),
    });
    await model.juju.runAction("database/2", "release-grant", { fence: 1, confirm: "database/2" });
    await model.juju.settle();
    expect(model.phases("job")).toEqual(["lost"]);
    await nextJobSucceeds();
  });
});

describe("two units with one incarnation, as of a disk that was copied", () => {
  test("run each job once, report it, and the leader's status names the two and what to do", async () => {
    await start({ provider: { archiveStorage } });
    await model.updateStatus();
    const { incarnation } = said("database/0");
    const { path, text } = journalOf("database/2");
    const line = encodeRecord({ record: "incarnation", incarnation: String(incarnation) });
    model.juju.machine("database/2").disk.write(path, `${text}${line}\n`);
    await model.updateStatus();
    expect(said("database/2")["incarnation"]).toBe(incarnation);
    expect(model.status("database/0")).toEqual({
      name: "active",
      message:
        "database/0 and database/2 are on copies of one disk: remove one of the two, and add another unit for it",
    });
    for (const unit of ["database/1", "database/2"])
      expect(model.status(unit)).toEqual({ name: "active", message: "" });
    await model.request("job");
    await model.request("restore", { "job-type": "restore", "artefact-path": "/backup/x/" });
    await model.updateStatus();
    expect(model.started).toEqual(["job", "restore"]);
    expect(new Set(model.phases("job"))).toEqual(new Set(["succeeded"]));
    expect(new Set(model.phases("restore"))).toEqual(new Set(["succeeded"]));
    expect(model.grants()).toEqual([]);
  });
});
