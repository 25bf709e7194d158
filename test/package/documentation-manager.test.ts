/**
 * What the how-to pages for admins of a backup manager show, made anew in the simulated Juju.
 */
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { InProcessModel, manager } from "../simulation/in-process-model.ts";
import { marked, read } from "./pages.ts";
import { comparable, shownOutput } from "./shown-output.ts";

const hourMs = 3_600_000;
let model: InProcessModel;
beforeEach(async () => {
  model = await InProcessModel.start();
});
afterEach(async () => {
  await model.stop();
});

/** Runs an action, and gives what an admin sees of it. */
async function admin(action: string, parameters: Record<string, string | number> = {}): Promise<string> {
  const given = Object.entries(parameters).map(([key, value]) => {
    const text = String(value);
    return ` ${key}=${text.includes(" ") ? `"${text}"` : text}`;
  });
  const { results, message, status } = await model.act(action, parameters);
  const shown = Object.entries(results).filter(([key]) => key !== "return-code");
  const [[, only] = []] = shown;
  const said =
    status === "failed"
      ? message
      : shown.length === 1 && only?.includes("\n") === true
        ? only
        : shown.map(([key, value]) => (value.includes("\n") ? value : `${key}: ${value}`)).join("\n");
  return `$ juju run backup-manager/leader ${action}${given.join("")}\n${said}`;
}

function expectShown(page: string, name: string, ...outputs: readonly string[]): void {
  const output = outputs.join("\n");
  expect(shownOutput(`docs/how-to/${page}.md`, name, output)).toBe(comparable(output));
}

async function passHours(hours: number): Promise<void> {
  await model.juju.advance(hours * hourMs);
  await model.updateStatus(manager);
}

describe("how to back up by schedule", () => {
  const page = "back-up-by-schedule";
  const zone = { timezone: "Europe/Berlin" };
  const sundays = { name: "weekly", cron: "0 2 * * 0", ...zone, type: "full", "keep-full": 4 };
  const weekdays = { name: "nightly", cron: "0 2 * * 1-5", ...zone, type: "incremental" };

  test("is as the page shows", async () => {
    const added = [await admin("add-schedule", sundays), await admin("add-schedule", weekdays)];
    expectShown(page, "add-schedule", ...added);
    for (let day = 0; day < 4; day += 1) await passHours(24);
    expectShown(page, "list-jobs", await admin("list-jobs"));
    await passHours(24 * 4);
    expectShown(page, "list-schedules", await admin("list-schedules"));
    const paused = await admin("pause-schedule", { name: "nightly" });
    const removed = await admin("remove-schedule", { name: "weekly" });
    expectShown(page, "pause-schedule", paused, removed);
    const refused = await admin("add-schedule", { name: "leap", cron: "0 2 30 2 *" });
    expectShown(page, "refused", refused);
  });
});

describe("how to restore to a time", () => {
  const page = "restore-to-a-time";

  test("is as the page shows", async () => {
    await model.requestBackup();
    await passHours(6);
    expectShown(page, "list-backups", await admin("list-backups"));
    const target = { "restore-to-time": "2026-01-01T03:30:00Z" };
    expectShown(page, "plan", await admin("restore", target));
    expect(model.scripted.calls.map(({ call }) => call)).not.toContain("restore");
    expectShown(page, "refused", await admin("restore", { ...target, confirm: "mysql" }));
    expectShown(page, "confirm", await admin("restore", { ...target, confirm: "database" }));
    expect(model.scripted.calls.map(({ call }) => call)).toContain("restore");
  });
});

test("how to rotate credentials is as the page shows", async () => {
  const page = "rotate-credentials";
  model.scripted.script = { jobs: { "*": { progress: [42], waitFor: "the disk" } } };
  await model.requestBackup();
  expectShown(page, "running", await admin("list-jobs"));
  expectShown(page, "list-databases", await admin("list-databases"));
});

test("how to clear the history is as the page shows", async () => {
  const page = "clear-the-history";
  await model.requestBackup();
  await passHours(48);
  await model.requestBackup();
  model.scripted.script = { jobs: { "*": { waitFor: "the disk" } } };
  await model.requestBackup();
  expectShown(page, "clear", await admin("clear-history", { before: "2026-01-02T00:00:00Z" }));
  expectShown(page, "after", await admin("clear-history"), await admin("list-jobs"));
});

test("an S3 policy grants what the library asks an S3 server for, and its table has each action", () => {
  const page = "docs/how-to/allow-in-an-s3-policy.md";
  const { Statement: statements }: { readonly Statement: readonly { readonly Action: readonly string[] }[] } =
    JSON.parse(marked(page, "run").get("policy")?.text ?? "{}");
  const granted = statements.flatMap(({ Action }) => Action);
  const actions: Readonly<Record<string, string>> = { ListObjectsV2: "s3:ListBucket" };
  const commands = [...read("lib/storage/s3-store.ts").matchAll(/new (\w+)Command\(/g)].map(
    ([, name = ""]) => name,
  );
  expect(commands.length).toBeGreaterThan(2);
  expect(granted).toEqual(expect.arrayContaining(commands.map((name) => actions[name] ?? `s3:${name}`)));
  for (const action of granted) expect(read(page)).toContain(`| \`${action}\``);
});
