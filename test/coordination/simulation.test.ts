import { spawnSync } from "node:child_process";
import { resolve } from "node:path";
import { describe, expect, test } from "vitest";
import { variants } from "./variants.ts";

// Schedules of the shipped code, by chance: how many, the environment says.

const root = resolve(import.meta.dirname, "../..");

interface Figures {
  readonly schedules: number;
  readonly requested: number;
  readonly leaderChanged: number;
  readonly waited: number;
  readonly recovered: number;
  readonly ends: Readonly<Record<string, number>>;
  readonly violations: readonly unknown[];
}

/** Fails with the traces of the schedules that failed. */
function simulate(schedules: number, ...more: readonly string[]): Figures {
  const { stdout, stderr, status } = spawnSync(
    process.execPath,
    ["scripts/simulate.mjs", "--json", "--schedules", String(schedules), ...more],
    { cwd: root, encoding: "utf8", maxBuffer: 1 << 28 },
  );
  expect(status, stderr).toBe(0);
  return JSON.parse(stdout);
}

describe("the coordination between units", () => {
  test("holds in every schedule, and schedules are about what is hard", () => {
    const schedules = Number(process.env["SCHEDULES"] ?? "300");
    const figures = simulate(schedules);
    expect(figures).toMatchObject({ schedules, violations: [] });
    for (const share of ["leaderChanged", "waited", "recovered"] as const)
      expect(figures[share] / schedules, share).toBeGreaterThanOrEqual(0.2);
  });

  test("lets jobs succeed where nothing goes wrong", () => {
    const { ends, requested } = simulate(100, "--faultless");
    expect((ends["succeeded"] ?? 0) / requested).toBeGreaterThanOrEqual(0.95);
  });
});

const isFull = process.env["LONG_TESTS"] === "all";
/** Others take longer, or are found out at once by the schedules that are written for them. */
const quickly = variants.filter(
  ({ rules, foundAfter = Infinity }) => rules !== undefined && foundAfter <= 10,
);
const everywhere = variants.filter(({ foundAfter }) => foundAfter !== undefined);

describe("what differs from the shipped code by one function", () => {
  test.each(isFull ? everywhere : quickly)("is found out by chance: $name", ({ name, foundAfter = 0 }) => {
    // Where chance falls differently after a change, it may take longer.
    const schedules = String(5 * foundAfter);
    const { stdout } = spawnSync(
      process.execPath,
      ["scripts/simulate.mjs", "--json", "--unshrunk", "--variant", name, "--schedules", schedules],
      { cwd: root, encoding: "utf8", maxBuffer: 1 << 28 },
    );
    const { violations }: Figures = JSON.parse(stdout);
    expect(violations).not.toEqual([]);
  });
});
