/**
 * What a backup may expire, where several managers have a say.
 */
import { afterEach, expect, test } from "vitest";
import { UnitsModel } from "./units-model.ts";

let model: UnitsModel;
afterEach(async () => {
  await model.stop();
});

/** The retention that reaches the executor with a backup of a manager that keeps two, beside what another one asked for. */
async function reached(other: Record<string, unknown> | undefined): Promise<unknown> {
  model = await UnitsModel.start({ units: 1, managers: ["manager", "other"] });
  if (other !== undefined) {
    await model.request("earlier", other, "other");
    // What is left of a request whose job has ended.
    const withoutKeys = { bucket: "backups", "access-key": "", "secret-key": "" };
    await model.request("earlier", { "storage-config": withoutKeys }, "other");
  }
  await model.request("job", { retention: { full: 2 } });
  expect(model.phases("job")).toEqual(["succeeded"]);
  return model.scripted.calls.find(({ call, job }) => call === "backup" && job === "job")?.retention;
}

function warnings(): readonly string[] {
  return model.juju.log().flatMap(({ level, message }) => (level === "WARNING" ? [message] : []));
}

test.each([
  ["has never asked for a backup", undefined, undefined],
  ["keeps everything", {}, undefined],
  ["keeps more", { retention: { full: 5 } }, { full: 5 }],
  ["keeps less", { retention: { full: 1 } }, { full: 2 }],
])("beside a manager that %s", async (_, other, retention) => {
  expect(await reached(other)).toEqual(retention);
  expect(warnings().join()).not.toContain("expired");
});

test("beside a manager that counts days nothing is expired, and the log says why", async () => {
  expect(await reached({ retention: { days: 7 } })).toBeUndefined();
  expect(warnings()).toContainEqual(expect.stringMatching(/No old backups are expired: .*keep-days/));
});
