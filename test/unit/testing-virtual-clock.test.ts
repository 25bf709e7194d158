import { fc, test as property } from "@fast-check/vitest";
import { describe, expect, test } from "vitest";
import { VirtualClock } from "../../lib/testing/in-process/virtual-clock.ts";

const start = new Date("2026-03-01T00:00:00Z");

describe("a virtual clock", () => {
  test("stands still until it is moved on", () => {
    const clock = new VirtualClock(start);
    clock.schedule(1_000, () => expect.unreachable());
    expect(clock.now()).toEqual(start);
    clock.moveTo(new Date(start.getTime() + 500));
    expect(clock.now().toISOString()).toBe("2026-03-01T00:00:00.500Z");
    clock.moveTo(start);
    expect(clock.now().toISOString()).toBe("2026-03-01T00:00:00.500Z");
  });

  test("does not let a timer fire that was called off, or that falls due after the limit", () => {
    const clock = new VirtualClock(start);
    const fired: string[] = [];
    const callOff = clock.schedule(1, () => fired.push("called off"));
    clock.schedule(3, () => fired.push("late"));
    callOff();
    callOff();
    expect(clock.step(new Date(start.getTime() + 2))).toBe(false);
    expect(clock.now()).toEqual(start);
    expect(clock.step()).toBe(true);
    expect(clock.step()).toBe(false);
    expect(fired).toEqual(["late"]);
  });

  property.prop([fc.array(fc.integer({ min: -5, max: 50 }))])(
    "fires timers in the order of their times, and those of one time in the order they were set",
    (delays) => {
      const clock = new VirtualClock(start);
      const fired: { readonly delay: number; readonly index: number; readonly at: number }[] = [];
      for (const [index, delay] of delays.entries()) {
        clock.schedule(delay, () => fired.push({ delay, index, at: clock.now().getTime() }));
      }
      while (clock.step());
      expect(fired.map(({ index }) => index)).toEqual(
        delays
          .map((delay, index) => ({ due: Math.max(0, delay), index }))
          .toSorted((a, b) => a.due - b.due || a.index - b.index)
          .map(({ index }) => index),
      );
      for (const { delay, at } of fired) expect(at).toBe(start.getTime() + Math.max(0, delay));
    },
  );
});
