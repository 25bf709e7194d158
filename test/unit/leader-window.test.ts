import { describe, expect, test } from "vitest";
import { LeadershipError } from "../../lib/errors.ts";
import { LeaderWindow } from "../../lib/juju/leader-window.ts";

/** A machine whose uptime the test sets, and a Juju that takes its time. */
class Slow {
  readonly unit = "db/0";
  seconds = 1000;
  answerTakes = 0;
  leads = true;

  uptime(): number {
    return this.seconds;
  }

  async isLeader(): Promise<boolean> {
    this.seconds += this.answerTakes;
    return await Promise.resolve(this.leads);
  }
}

describe("the window of a leader", () => {
  test("opens with Juju's answer, whatever that is", async () => {
    const juju = new Slow();
    expect(await new LeaderWindow(juju, juju).open()).toBe(true);
    juju.leads = false;
    expect(await new LeaderWindow(juju, juju).open()).toBe(false);
  });

  test.each([
    [10, true],
    [10.01, false],
  ])("is open after %d s: %j", async (seconds, isOpen) => {
    const juju = new Slow();
    const window = new LeaderWindow(juju, juju);
    await window.open();
    juju.seconds += seconds;
    expect(window.isOpen).toBe(isOpen);
  });

  test("counts the time that the answer took: it may be as old as the question", async () => {
    const juju = new Slow();
    const window = new LeaderWindow(juju, juju);
    juju.answerTakes = 11;
    await window.open();
    expect(window.isOpen).toBe(false);
  });

  test("opens anew with the next answer", async () => {
    const juju = new Slow();
    const window = new LeaderWindow(juju, juju);
    await window.open();
    juju.seconds += 60;
    expect(window.isOpen).toBe(false);
    await window.open();
    expect(window.isOpen).toBe(true);
  });

  test("was never open before Juju was asked", () => {
    const juju = new Slow();
    // The machine has only just been started.
    juju.seconds = 3;
    expect(new LeaderWindow(juju, juju).isOpen).toBe(false);
  });

  test("that is closed is an error which says that nothing was written, and that Juju tries again", async () => {
    const juju = new Slow();
    const window = new LeaderWindow(juju, juju);
    await window.open();
    expect(() => window.require()).not.toThrow();
    juju.seconds += 11;
    expect(() => window.require()).toThrow(
      expect.objectContaining({
        code: "leadership-expired",
        retryable: true,
        message: expect.stringContaining("db/0") as unknown,
      }),
    );
    expect(() => window.require()).toThrow(LeadershipError);
  });
});
