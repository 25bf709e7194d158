/**
 * The pages on several units: their example is executed, and what they show is what comes out.
 */
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { shippedRules } from "../../provider/coordination/rules.ts";
import { UnitsModel, archiveStorage, type UnitsModelOptions } from "../simulation/units-model.ts";
import { comparable, shownOutput } from "./shown-output.ts";
import { namesIn } from "./shown-table.ts";
import { runNodeTest, writeExample } from "./written-example.ts";

const page = "docs/how-to/run-several-units.md";

let model: UnitsModel | undefined;
afterEach(async () => {
  await model?.stop();
  model = undefined;
});

/** Starts three units, of which `database/2` is removed by force in the middle of the job `first`. */
async function withLostUnit(options: UnitsModelOptions = {}): Promise<UnitsModel> {
  model = await UnitsModel.start({ provider: { archiveStorage }, ...options });
  model.scripted.script = {
    standings: { "database/2": { ready: true, role: "replica" } },
    jobs: { first: { waitFor: "the disk" } },
  };
  await model.updateStatus();
  await model.juju.setLeader("database/0");
  await model.request("first");
  await model.request("second");
  await model.juju.removeUnit("database/2", { force: true });
  await model.juju.settle();
  await model.updateStatus();
  return model;
}

test("the charm of the page runs in the test of the page", async () => {
  const folder = await writeExample("several-units", [page, "docs/how-to/test-a-charm.md"]);
  const { passed, output } = runNodeTest(join(folder, "several-units"), "test/units.test.js");
  expect(passed, output).toBe(true);
  expect(output).toMatch(/✔ a job is run once, and goes to another unit than one that vanished/);
});

test("what waits for a unit that is gone says so, and the action frees it", async () => {
  const { juju, queue } = await withLostUnit().then((started) => ({
    juju: started.juju,
    queue: started.queue(),
  }));
  const reason = String(queue[0]?.["reason"]);
  expect(shownOutput(page, "queue", reason)).toBe(comparable(reason));
  const shown: string[] = [];
  for (const confirm of [{}, { confirm: "database/2" }]) {
    const given = { fence: 1, ...confirm };
    const { results } = await juju.runAction("database/0", "release-grant", given);
    const typed = Object.entries(given).map(([name, value]) => `${name}=${value}`);
    shown.push(`$ juju run database/leader release-grant ${typed.join(" ")}`, String(results["message"]));
    await juju.settle();
  }
  expect(shownOutput(page, "release-grant", shown.join("\n"))).toBe(comparable(shown.join("\n")));
});

test("a unit that bears the name of the lost one says what it waits for", async () => {
  const { juju, status } = await withLostUnit({ reuseUnitNumbers: true }).then((started) => ({
    juju: started.juju,
    status: (): string => {
      const { name, message } = started.status("database/2");
      return `database/2  ${name}  ${message}`;
    },
  }));
  await juju.addUnit("database");
  await juju.settle();
  await juju.updateStatus("database/2");
  await juju.settle();
  expect(shownOutput(page, "status-predecessor", status())).toBe(comparable(status()));
});

test("each rule of the protocol is explained, in the order of the source", () => {
  expect(namesIn("docs/explanation/coordination.md", "rules")).toEqual(Object.keys(shippedRules));
});
