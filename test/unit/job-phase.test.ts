import { describe, expect, test } from "vitest";
import {
  endPhases,
  isAtWork,
  isEnd,
  isPhase,
  phaseOf,
  phasesAtWork,
  phasesBeforeStart,
  statusOf,
  type Phase,
} from "../../lib/job/phase.ts";

const all: readonly Phase[] = [...phasesBeforeStart, ...phasesAtWork, ...endPhases];

describe("phases", () => {
  test("are the twelve of a job's life, each named once", () => {
    expect(all).toHaveLength(12);
    expect(new Set(all).size).toBe(12);
  });

  test.each(all)("%s is a phase, and nothing near it is", (phase) => {
    expect(isPhase(phase)).toBe(true);
    expect(isPhase(phase.toUpperCase())).toBe(false);
    expect(isPhase(`${phase} `)).toBe(false);
  });

  test.each(["", "error", "success", "toString", "__proto__"])("%j is no phase", (text) => {
    expect(isPhase(text)).toBe(false);
  });

  test.each(all)("%s is before the start, at work, or an end, and only one of them", (phase) => {
    const before = phasesBeforeStart.some((candidate) => candidate === phase);
    expect([before, isAtWork(phase), isEnd(phase)].filter(Boolean)).toEqual([true]);
  });
});

describe("the interface's status", () => {
  test.each([
    ["requested", "running"],
    ["waiting", "running"],
    ["granted", "running"],
    ["starting", "running"],
    ["running", "running"],
    ["finalizing", "running"],
    ["succeeded", "success"],
    ["failed", "error"],
    ["rejected", "error"],
    ["cancelled", "error"],
    ["expired", "error"],
    ["lost", "error"],
  ] as const)("of %s is %s", (phase, status) => {
    expect(statusOf(phase)).toBe(status);
  });

  test.each(["running", "success", "error"] as const)("%s unfolds into a phase that folds back", (status) => {
    expect(statusOf(phaseOf(status))).toBe(status);
  });

  test("unfolds into the plainest phase there is", () => {
    expect(["running", "success", "error"].map((status) => phaseOf(status as "running"))).toEqual([
      "running",
      "succeeded",
      "failed",
    ]);
  });
});
