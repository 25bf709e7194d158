/**
 * Jobs whose fence cannot be claimed at the storage.
 */
import { afterEach, expect, test } from "vitest";
import { StorageFaultError } from "../../lib/storage/storage-failure.ts";
import { failures } from "./faulty-store.ts";
import { UnitsModel, archiveStorage } from "./units-model.ts";

let model: UnitsModel;
async function start(): Promise<void> {
  model = await UnitsModel.start({ units: 1, provider: { archiveStorage }, faultyStore: true });
}
afterEach(async () => {
  failures.clear();
  await model.stop();
});

function fail(times: number, retryable: boolean): void {
  const fault = retryable ? "unreachable" : "access-denied";
  const error = new StorageFaultError(fault, "It did not work.", { remedy: "Repair it.", retryable });
  failures.set("", { error, times });
}

async function minutesPass(): Promise<void> {
  await model.juju.advance(5 * 60_000);
}

test("a storage that refuses ends the job with the reason, and the next one succeeds", async () => {
  await start();
  fail(Infinity, false);
  await model.request("refused");
  expect(Object.values(model.reports("refused"))).toMatchObject([
    {
      phase: "rejected",
      "error-code": "storage-access-denied",
      message: "It did not work.",
      remedy: "Repair it.",
    },
  ]);
  fail(0, false);
  await model.request("next");
  expect(model.phases("next")).toEqual(["succeeded"]);
  expect(model.started).toEqual(["next"]);
  expect(model.grants()).toEqual([]);
});

test("a storage that is away for a moment is waited for", async () => {
  await start();
  fail(3, true);
  await model.request("job");
  await minutesPass();
  expect(model.phases("job")).toEqual(["succeeded"]);
});

test("a storage that stays away ends the job with the reason", async () => {
  await start();
  fail(Infinity, true);
  await model.request("job");
  await minutesPass();
  expect(Object.values(model.reports("job"))).toMatchObject([
    { phase: "rejected", "error-code": "storage-unreachable" },
  ]);
  expect(model.started).toEqual([]);
});

test("a storage of which nobody can find out whether it keeps fences is why jobs wait, until it heals", async () => {
  fail(Infinity, false);
  await start();
  await model.request("job");
  await model.updateStatus();
  expect(model.queue()).toMatchObject([
    { "job-id": "job", reason: expect.stringContaining("It did not work. Repair it.") },
  ]);
  fail(0, false);
  await model.updateStatus();
  await model.updateStatus();
  expect(model.phases("job")).toEqual(["succeeded"]);
});
