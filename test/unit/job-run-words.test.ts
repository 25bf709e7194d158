import { fc, test as property } from "@fast-check/vitest";
import { describe, expect, test } from "vitest";
import { JournalError } from "../../lib/errors.ts";
import { failureOf, worthPublishing } from "../../provider/worker/job-run.ts";

describe("what was thrown", () => {
  property.prop([
    fc.oneof(fc.string(), fc.integer(), fc.constant(undefined), fc.constant(null), fc.object()),
  ])("is a failure whatever it is", (thrown) => {
    const { code, message, remedy } = failureOf(thrown, "unexpectedly");
    expect(code).toBe("executor-crashed");
    expect(message).toMatch(/^The executor failed unexpectedly: /);
    expect(remedy).not.toBe("");
  });
});

test("an error of this library keeps its words", () => {
  const error = new JournalError("The disk is full.", {
    remedy: "Free some space.",
    cause: new Error("ENOSPC"),
  });
  expect(failureOf(error, "unexpectedly")).toEqual({
    code: "journal-unreadable",
    message: "The disk is full.",
    remedy: "Free some space.",
  });
});

test("not even what has no text breaks the run", () => {
  expect(failureOf({ toString: {} }, "unexpectedly").message).toBe(
    "The executor failed unexpectedly: something that has no text was thrown",
  );
});

describe("progress", () => {
  const before = { percent: 20, atMs: 1_000_000 };
  const later = before.atMs + 5 * 60_000;

  test.each([
    [30, later, true],
    [95, later + 1, true],
    [29, later + 3_600_000, false],
    [30, later - 1, false],
    [100, before.atMs, false],
  ])("to %i at %i is worth an event: %s", (percent, at, worth) => {
    expect(worthPublishing(before, { percent }, at)).toBe(worth);
  });
});
