import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { pgBackRestFailure } from "../../provider/postgresql/pgbackrest/pgbackrest-errors.ts";
import { loneMember } from "../unit/lone-member.ts";
import { createBackupChecks } from "../../provider/postgresql/checks/create-backup-checks.ts";
import type { Failure } from "../../lib/job/report.ts";
import { Credentials } from "../../lib/job/storage-config.ts";
import { database, manager, ScriptedModel } from "../simulation/scripted-model.ts";
import { until } from "../simulation/until.ts";
import { comparable, shownOutput } from "./shown-output.ts";

const page = "docs/how-to/read-a-failure.md";

/** What pgBackRest's own words become when WAL does not arrive. */
const walMissing = pgBackRestFailure(
  "backup",
  82,
  "P00  ERROR: [082]: WAL segment 000000010000000000000007 was not archived before the 60000ms timeout",
);

let model: ScriptedModel;
let failed: string;
beforeAll(async () => {
  model = await ScriptedModel.start();
  await model.reportIn(await model.requestBackup(), "succeeded");
  await model.script({ jobs: { "*": { refuse: withoutBase() } } });
  await model.reportIn(await model.requestBackup({ type: "incremental" }), "rejected");
  await model.script({ jobs: { "*": { fail: walMissing } } });
  failed = await model.requestBackup();
  await model.reportIn(failed, "failed");
  await model.script({ jobs: { "*": { die: true } } });
  const lost = await model.requestBackup();
  await until("the worker has died", async () =>
    (await model.calls()).some(({ call, job }) => call === "backup" && job === lost) ? true : undefined,
  );
  await model.script({});
  await until("the job is lost", async () => {
    await model.juju.updateStatus(database);
    await model.juju.settle();
    // The clean-up is a process too, and says when it is done.
    await sleep(500);
    return model.reports().find((report) => report["job-id"] === lost && report["phase"] === "lost");
  });
  await model.juju.settle();
});
afterAll(async () => {
  await model.stop();
});

/** What the executor's own check says of an incremental backup where there is no full one. */
function withoutBase(): Failure {
  const check = createBackupChecks.find(({ name }) => name === "has-full-backup-to-reference");
  const outcome = check?.decide({
    ...loneMember,
    request: {
      type: "backup",
      id: "1",
      backupType: "incremental",
      compression: true,
      storage: { bucket: "backups", credentials: new Credentials("", "") },
    },
    stanzaName: "database",
    isForeignRepository: false,
    unfinishedRestore: undefined,
    pgBackRestVersion: [2, 45],
    member: undefined,
    archiveMode: "on",
    archiveStorage: undefined,
    probeFailure: undefined,
    repositoryFailure: undefined,
    stanza: undefined,
  });
  if (outcome?.kind !== "failed") throw new Error("the check let it pass");
  return outcome.failure;
}

/** The results of an action as `juju run` prints them. */
function printed(results: Readonly<Record<string, string>>): string {
  return Object.entries(results)
    .filter(([key]) => key !== "return-code")
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, value]) => `${key}: ${value}`)
    .join("\n");
}

function run(action: string, parameters: Readonly<Record<string, string>> = {}): string {
  const given = Object.entries(parameters).map(([key, value]) => ` ${key}=${value}`);
  return `$ juju run ${manager} ${action}${given.join("")}`;
}

test("list-jobs shows each job with why it did not succeed", async () => {
  const { jobs = "" } = await model.act("list-jobs");
  const output = `${run("list-jobs")}\n${jobs}`;
  expect(shownOutput(page, "list-jobs", output)).toBe(comparable(output));
});

test("show-job shows code, message, remedy and where the log is", async () => {
  const shown = await model.act("show-job", { "job-id": failed });
  const output = `${run("show-job", { "job-id": failed })}\n${printed(shown)}`;
  expect(shownOutput(page, "show-job", output)).toBe(comparable(output));
  const log = await readFile(
    join(model.directory, "store/backups", shown["log-path"] ?? "", "job.log"),
    "utf8",
  );
  expect(shownOutput(page, "job-log", log)).toBe(comparable(log));
});

test("the unit's log has a line for the start and the end of a job", () => {
  const lines = model.juju
    .log()
    .filter(({ unit, message }) => unit === database && message.includes(failed))
    // Juju puts the relation before what a relation hook says; which hook comes first is chance.
    .map(({ message, ...line }) => ({
      ...line,
      message: message.replace(/^database-backup(?:-peers)?:\d+: /u, ""),
    }))
    .map(({ unit, level, message }) => `unit-${unit.replace("/", "-")}: ${level} ${message}`);
  expect(shownOutput(page, "debug-log", lines.join("\n"))).toBe(comparable(lines.join("\n")));
});

test("an action that cannot be done says why and what to do", async () => {
  const refused = [
    ["restore", { "restore-to-time": "2026-01-31T18:00:00" }],
    ["show-job", { "job-id": "7" }],
  ] as const;
  const shown: string[] = [];
  for (const [action, parameters] of refused) {
    const { status, message } = await model.tryAct(action, parameters);
    expect(status).toBe("failed");
    shown.push(`${run(action, parameters)}\n${message}`);
  }
  expect(shownOutput(page, "action-failed", shown.join("\n"))).toBe(comparable(shown.join("\n")));
});

test("the database's status says why a job waits, and what is wrong with a request", async () => {
  const status = (): string => `${database}  ${model.status().name}  ${model.status().message}`;
  await model.script({ standing: { ready: false, reason: "Patroni does not answer" } });
  const waiting = await model.requestBackup();
  await model.juju.settle();
  expect(shownOutput(page, "status-waiting", status())).toBe(comparable(status()));
  await model.juju.configure("s3-integrator", { bucket: "others" });
  await model.juju.settle();
  const shown = await model.act("show-job", { "job-id": waiting });
  const output = `${run("show-job", { "job-id": waiting })}\n${printed(shown)}`;
  expect(shownOutput(page, "storage-gone", output)).toBe(comparable(output));
  await model.writeJobs([{ "job-type": "backup" }]);
  expect(shownOutput(page, "status-problem", status())).toBe(comparable(status()));
});
