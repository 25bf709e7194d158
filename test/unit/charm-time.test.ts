import { fc, test as property } from "@fast-check/vitest";
import { describe, expect, test } from "vitest";
import { CharmTime } from "../../lib/conformance/stage/charm-time.ts";
import type { CharmProcess } from "../../lib/conformance/stage/charm-processes.ts";

const waiting: CharmProcess = { pid: 7, wantsToRun: false, computedMs: 100 };

/** Looks at processes, each time after so many milliseconds. */
function after(elapsedMs: number, looks: readonly (readonly CharmProcess[])[]): CharmTime {
  const time = new CharmTime();
  for (const processes of [[], ...looks]) time.pass(elapsedMs, processes);
  return time;
}

describe("the time of a charm", () => {
  test("passes while its processes wait, or where it has none", () => {
    expect(
      after(
        100,
        Array.from({ length: 11 }, () => [waiting]),
      ).isOver(1_000),
    ).toBe(true);
    expect(
      after(
        100,
        Array.from({ length: 9 }, () => []),
      ).isOver(1_000),
    ).toBe(false);
  });

  test("passes by what its processes compute while one of them wants to run", () => {
    const starved = Array.from({ length: 100 }, (_, index): CharmProcess[] => [
      waiting,
      { pid: 8, wantsToRun: true, computedMs: index },
    ]);
    expect(after(100, starved).isOver(1_000)).toBe(false);
    const spinning = starved.map((_, index): CharmProcess[] => [
      { pid: 8, wantsToRun: true, computedMs: 100 * index },
    ]);
    expect(after(100, spinning).isOver(1_000)).toBe(true);
  });

  test("does not pass while nobody looks", () => {
    expect(after(3_600_000, [[waiting]]).isOver(1_500)).toBe(false);
  });

  test("begins anew when something has changed", () => {
    const time = after(500, [[waiting], [waiting], [waiting]]);
    expect(time.isOver(1_000)).toBe(true);
    time.reset();
    expect(time.isOver(1_000)).toBe(false);
  });

  const looks = fc.array(
    fc.array(fc.record({ pid: fc.nat(9), wantsToRun: fc.boolean(), computedMs: fc.nat(10_000) }), {
      maxLength: 4,
    }),
    { minLength: 20 * 11 + 1, maxLength: 300 },
  );
  property.prop([looks], { numRuns: 50 })("is over some time, whatever the processes do", (seen) => {
    expect(after(1_000, seen).isOver(10_000)).toBe(true);
  });
});
