/**
 * The jobs that a database charm's own actions ask for.
 */
import { afterEach, describe, expect, test } from "vitest";
import { UnitsModel, archiveStorage, type UnitsModelOptions } from "./units-model.ts";

let model: UnitsModel;
afterEach(async () => {
  await model.stop();
});

async function start(options: UnitsModelOptions = {}): Promise<void> {
  model = await UnitsModel.start({ provider: { archiveStorage }, ...options });
}

type Parameters = Readonly<Record<string, string | number | boolean>>;

/** The results of an action that goes well, and of everything that comes of it. */
async function act(unit: string, name: string, parameters: Parameters = {}): Promise<Record<string, string>> {
  const result = await model.juju.runAction(unit, name, parameters);
  expect(result).toMatchObject({ status: "completed" });
  await model.juju.settle();
  return result.results;
}

async function show(unit: string, id: string | undefined): Promise<Record<string, string>> {
  return await act(unit, "show-job", { "job-id": id ?? "" });
}

describe("a job that an action asks for", () => {
  test.each([1, 3])(
    "is run once in an application of %i units, and every unit can tell its end",
    async (units) => {
      await start({ units });
      const { "job-id": id } = await act("database/0", "create-backup", { type: "differential" });
      expect(model.started).toEqual([id]);
      for (let unit = 0; unit < units; unit += 1) {
        expect(await show(`database/${unit}`, id)).toMatchObject({
          "job-id": id,
          phase: "succeeded",
          status: "success",
          unit: "database/0",
          "backup-id": expect.any(String),
          "artefact-path": expect.any(String),
        });
      }
      const { job = "" } = await act("database/0", "show-job", { "job-id": id ?? "", format: "json" });
      expect(JSON.parse(job)).toMatchObject({ id, report: { phase: "succeeded" }, unit: "database/0" });
    },
  );

  test("shows where it is on its way there, and waits for its turn behind a manager's", async () => {
    await start({ units: 1 });
    model.scripted.script = { jobs: { first: { waitFor: "the disk" } } };
    await model.request("first");
    const { "job-id": id } = await act("database/0", "create-backup");
    expect(await show("database/0", id)).toMatchObject({ phase: "waiting", status: "running" });
    model.scripted.script = { jobs: { "*": { waitFor: "the network" } } };
    model.scripted.release("the disk");
    await model.juju.settle();
    expect(await show("database/0", id)).toMatchObject({ phase: "running", unit: "database/0" });
    model.scripted.release("the network");
    await model.juju.settle();
    expect(await show("database/0", id)).toMatchObject({ phase: "succeeded" });
    expect(model.started).toEqual(["first", id]);
  });

  test("is known to the other units while it runs, and to them alone", async () => {
    await start({ units: 2 });
    model.scripted.script = { jobs: { "*": { waitFor: "the network" } } };
    const elsewhere = async (): Promise<readonly (string | undefined)[]> => [
      (await act("database/0", "list-backups"))["elsewhere"],
      (await act("database/1", "list-backups"))["elsewhere"],
    ];
    expect(await elsewhere()).toEqual(["false", "false"]);
    await act("database/0", "create-backup");
    expect(await elsewhere()).toEqual(["false", "true"]);
    model.scripted.release("the network");
    await model.juju.settle();
    expect(await elsewhere()).toEqual(["false", "false"]);
    await act("database/0", "restore", { "backup-id": "b" });
    expect(await elsewhere()).toEqual(["false", "false"]);
  });

  test("tells why it failed and what to do", async () => {
    await start({ units: 1 });
    const failure = { code: "disk-full", message: "The disk is full.", remedy: "Make room." };
    model.scripted.script = { jobs: { "*": { fail: failure } } };
    const { "job-id": id } = await act("database/0", "restore", { "backup-id": "b", "restore-timeline": 2 });
    expect(await show("database/0", id)).toMatchObject({
      phase: "failed",
      status: "error",
      "error-code": "disk-full",
      message: "The disk is full.",
      remedy: "Make room.",
    });
  });

  test.each([1, 2])(
    "blocks its unit of %i while the restore has left it no database, which the next one heals",
    async (units) => {
      await start({ units });
      const status = (): unknown =>
        model.juju.status().applications["database"]?.units["database/0"]?.workload;
      const failure = {
        code: "target-unreachable",
        message: "There is no such time.",
        remedy: "Name another.",
      };
      model.scripted.script = { jobs: { "*": { waitFor: "the disk", fail: failure } } };
      await act("database/0", "restore", { "backup-id": "b" });
      model.scripted.script = {
        standings: { "database/0": { ready: true, role: "primary", problem: "There is no database." } },
      };
      model.scripted.release("the disk");
      await model.juju.settle();
      expect(status()).toMatchObject({ name: "blocked", message: "There is no database." });

      await act("database/0", "create-backup", { type: "full" });
      expect(status()).toMatchObject({ name: "blocked", message: "There is no database." });

      model.scripted.script = { jobs: { "*": { waitFor: "the disk" } } };
      await act("database/0", "restore", { "backup-id": "b" });
      model.scripted.release("the disk");
      await model.juju.settle();
      expect(status()).toMatchObject({ name: "active" });
    },
  );
});

describe("a job that waits", () => {
  test("says for what, on every unit, as a manager's does", async () => {
    await start({ units: 2 });
    model.scripted.script = { jobs: { "*": { waitFor: "the disk" } } };
    await model.request("first");
    const { "job-id": second } = await act("database/1", "create-backup");
    const { "job-id": third } = await act("database/1", "create-backup");
    await model.request("fourth");
    const [queued] = model.queue();
    for (const unit of ["database/0", "database/1"]) {
      expect(await show(unit, second)).toMatchObject({
        phase: "waiting",
        position: "1",
        "waiting-for": "another manager's",
        message: expect.stringMatching(/^waits for the backup of another manager on database/),
      });
      expect(await show(unit, third)).toMatchObject({ phase: "waiting", position: "2" });
    }
    expect(queued).toMatchObject({ "job-id": "fourth", position: 3 });
    model.scripted.release("the disk");
    await model.juju.settle();
    const ended = await show("database/0", third);
    expect(ended).toMatchObject({ phase: "succeeded" });
    expect(ended).not.toHaveProperty("message");
  });

  test("says why no unit can take it", async () => {
    await start({ units: 2 });
    const reason = "PostgreSQL is a replica here, and TLS to the primary is not enabled";
    model.scripted.script = { standings: { "database/0": { ready: false, reason } } };
    const { "job-id": id } = await act("database/0", "create-backup");
    expect(await show("database/0", id)).toMatchObject({
      phase: "waiting",
      message: `no unit can take it: database/0: ${reason}`,
    });
  });
});

describe("an action", () => {
  async function refusal(name: string, parameters: Parameters = {}): Promise<string> {
    const result = await model.juju.runAction("database/0", name, parameters);
    expect(result.status).toBe("failed");
    await model.juju.settle();
    expect(model.started).toEqual([]);
    return result.message;
  }

  test("asks for nothing where there is no storage", async () => {
    await start({ units: 1, provider: {} });
    expect(await refusal("create-backup")).toMatch(/^There is no archive storage .* Relate /);
    expect(await refusal("restore", { "backup-id": "b" })).toMatch(/^There is no archive storage/);
  });

  test.each([
    ["create-backup", {}],
    ["restore", { "backup-id": "b" }],
  ] as const)("%s asks for nothing that would be rejected now", async (name, parameters) => {
    await start({ units: 1 });
    const failure = { code: "tls-not-enabled", message: "TLS is not enabled.", remedy: "Relate it." };
    model.scripted.script = { jobs: { "*": { refuse: failure } } };
    expect(await refusal(name, parameters)).toBe("TLS is not enabled. Relate it.");
    model.scripted.script = {};
    const { "job-id": id } = await act("database/0", name, parameters);
    expect(await show("database/0", id)).toMatchObject({ phase: "succeeded" });
  });

  test("leaves it to the job what becomes of it while the unit has another one", async () => {
    await start({ units: 1 });
    const failure = { code: "database-not-running", message: "It does not run.", remedy: "Wait." };
    model.scripted.script = { jobs: { first: { waitFor: "the disk" } } };
    await model.request("first");
    model.scripted.script = { jobs: { first: { waitFor: "the disk" }, "*": { refuse: failure } } };
    const { "job-id": id } = await act("database/0", "create-backup");
    model.scripted.script = {};
    model.scripted.release("the disk");
    await model.juju.settle();
    expect(await show("database/0", id)).toMatchObject({ phase: "succeeded" });
  });

  test("asks for no restore that names neither a backup nor a time", async () => {
    await start({ units: 1 });
    expect(await refusal("restore")).toBe(
      "Either backup-id or restore-to-time parameters need to be provided to be able to do restore. " +
        "Name a backup of list-backups, or a time, or latest.",
    );
  });

  test("knows only the jobs that were asked for here", async () => {
    await start({ units: 1 });
    expect(await refusal("show-job", { "job-id": "7" })).toMatch(
      /^No action of this application asked for the job 7\./,
    );
  });
});
