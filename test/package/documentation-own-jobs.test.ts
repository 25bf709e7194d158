/**
 * The page on the actions of a database charm: what it shows is what comes out.
 */
import { afterAll, beforeAll, expect, test } from "vitest";
import { archiveStorage, UnitsModel } from "../simulation/units-model.ts";
import { comparable, shownOutput } from "./shown-output.ts";

const page = "docs/how-to/back-up-from-the-database.md";
let model: UnitsModel;
let id: string;
beforeAll(async () => {
  model = await UnitsModel.start({ units: 1, provider: { archiveStorage } });
});
afterAll(async () => {
  await model.stop();
});

/** An action as an admin runs it, and what `juju run` prints. */
async function run(name: string, parameters: Record<string, string> = {}): Promise<string> {
  const { status, message, results } = await model.juju.runAction("database/0", name, parameters);
  await model.juju.settle();
  id ??= results["job-id"] ?? "";
  const given = Object.entries(parameters).map(([key, value]) => ` ${key}=${value}`);
  const printed = Object.entries(results)
    .filter(([key]) => key !== "return-code")
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, value]) => `${key}: ${value}`);
  const lines = status === "failed" ? [message] : printed;
  return [`$ juju run postgresql/0 ${name}${given.join("")}`, ...lines].join("\n");
}

test("create-backup gives the job's id, and show-job its end", async () => {
  const created = await run("create-backup", { type: "full" });
  expect(shownOutput(page, "create-backup", created)).toBe(comparable(created));
  const shown = await run("show-job", { "job-id": id });
  expect(shown).toContain("phase: succeeded");
  expect(shownOutput(page, "show-job", shown)).toBe(comparable(shown));
});

test("a restore that names nothing is refused", async () => {
  const refused = await run("restore");
  expect(shownOutput(page, "refused", refused)).toBe(comparable(refused));
});
