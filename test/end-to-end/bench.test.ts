/**
 * The benchmark on real servers, of a small database: that it measures what the page tells of.
 */
import { afterAll, beforeAll, expect, test } from "vitest";
import { run } from "../../lib/process/run.ts";
import { root, tableOf } from "../package/pages.ts";

const limitMs = 600_000;
const parts = ["backup", "restore", "throughput"];
let figures: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {};
const over = new AbortController();

beforeAll(async () => {
  const { exitCode, stdout, stderr } = await run(
    [process.execPath, "bench/main.mjs", "--json", "--runs=1", "--scale=1", "--only", parts.join(",")],
    { cwd: root, signal: over.signal },
  );
  expect(exitCode, stderr).toBe(0);
  figures = JSON.parse(stdout);
}, limitMs);
afterAll(() => over.abort());

test("measures jobs beside the tools by hand", () => {
  const times = ["plainSeconds", "jobSeconds", "ratio", "overSeconds", "workerMB"];
  expect(
    Object.fromEntries(Object.entries(figures).map(([part, each]) => [part, Object.keys(each)])),
  ).toEqual({
    backup: ["databaseMB", ...times],
    restore: times,
    throughput: ["plainPerSecond", "jobPerSecond", "lossPercent"],
  });
  const named = Object.values(figures).flatMap((each) => Object.entries(each));
  for (const [name, value] of named) expect(value, name).toEqual(expect.any(Number));
  // What is left above the goal may be nothing, or less.
  const differences = new Set(["overSeconds", "lossPercent"]);
  for (const [name, value] of named.filter(([each]) => !differences.has(each)))
    expect(value, name).toBeGreaterThan(0);
});

test("makes the figures of the page", () => {
  const rows = tableOf("docs/explanation/performance.md", "server-figures").slice(1);
  expect(new Set(rows.map(([part = ""]) => part.replaceAll("`", "")))).toEqual(new Set(parts));
  for (const [part = "", figure = ""] of rows)
    expect(Object.keys(figures[part.replaceAll("`", "")] ?? {})).toContain(figure.replaceAll("`", ""));
});
