import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { buildExample, linkExamples, runNodeTest, writeExample } from "./written-example.ts";

const executorPage = "docs/how-to/write-an-executor.md";
const testPage = "docs/how-to/test-a-charm.md";

let folder: string;
beforeAll(async () => {
  folder = await writeExample("executed", [executorPage, testPage]);
  await linkExamples(folder);
  buildExample(join(folder, "notes-charm"));
});

test("the executor of the page backs up and restores, in the test of the other page", () => {
  const { passed, output } = runNodeTest(join(folder, "notes-charm"), "test/backup.test.js");
  expect(passed, output).toBe(true);
  expect(output).toMatch(/✔ notes are backed up, lost and restored/);
  expect(output).toMatch(/✔ a backup that the executor refuses is rejected/);
});

test("a charm is tested alone, by what stands in its databags", () => {
  const { passed, output } = runNodeTest(join(folder, "notes-charm"), "test/databags.test.js");
  expect(passed, output).toBe(true);
  expect(output).toMatch(/✔ a request of a type that nobody knows is answered/);
});

test("a whole backup runs in the process of its test", () => {
  const { passed, output } = runNodeTest(join(folder, "notes-charm"), "test/in-process.test.js");
  expect(passed, output).toBe(true);
  expect(output).toMatch(/✔ a backup is requested, made and reported/);
});

test("a backup is made in whatever order things happen, step by step", () => {
  const { passed, output } = runNodeTest(join(folder, "notes-charm"), "test/step-by-step.test.js");
  expect(passed, output).toBe(true);
  expect(output).toMatch(/✔ a backup is made in whatever order things happen/);
});
