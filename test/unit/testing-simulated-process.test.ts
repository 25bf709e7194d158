import { setImmediate as turn } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { describe, expect, test } from "vitest";
import {
  currentProcess,
  nothingGoesOn,
  SimulatedProcess,
  waitFor,
} from "../../lib/testing/in-process/simulated-process.ts";

function newProcess(onChange: () => void = () => undefined): SimulatedProcess {
  return new SimulatedProcess({ pid: 1, startTime: "1", bootId: "boot" }, { onChange });
}

describe("a process that is a function", () => {
  test("ends as its function does", async () => {
    expect(await newProcess().run(async () => undefined)).toEqual({ how: "returned" });
    const error = new Error("no such luck");
    expect(
      await newProcess().run(async () => {
        throw error;
      }),
    ).toEqual({ how: "threw", error });
  });

  test("has no effect any more once it is killed, however far it was", async () => {
    const effects: string[] = [];
    const process = newProcess();
    let begin = (): void => undefined;
    const begun = new Promise<void>((resolve) => {
      begin = resolve;
    });
    const end = process.run(async () => {
      await process.act(() => effects.push("first"));
      await process.act(async () => {
        begin();
        await turn();
        effects.push("under way");
      });
      await process.act(() => effects.push("second"));
      effects.push("after");
    });
    await begun;
    process.kill();
    expect(await end).toEqual({ how: "killed", exitCode: 137 });
    await turn();
    await turn();
    expect(effects).toEqual(["first", "under way"]);
    expect(process.isAlive).toBe(false);
  });

  test("keeps nothing in memory once it is killed", async () => {
    const run = async (): Promise<WeakRef<object>> => {
      const held = { large: true };
      const process = newProcess();
      const end = process.run(async () => {
        await process.act(turn);
        // Of what comes after its last act it would need this.
        expect(held.large).toBe(false);
      });
      process.kill();
      await end;
      await turn();
      return new WeakRef(held);
    };
    const held = await run();
    setFlagsFromString("--expose-gc");
    const collectGarbage = runInNewContext("gc");
    for (let tries = 0; tries < 10 && held.deref() !== undefined; tries += 1) {
      await turn();
      collectGarbage();
    }
    expect(held.deref()).toBeUndefined();
  });

  test("is not active while it waits for the test, and says so", async () => {
    const seen: boolean[] = [];
    const process = newProcess(() => seen.push(process.isActive));
    let release = (): void => undefined;
    const end = process.run(async () => {
      await waitFor(
        new Promise<void>((resolve) => {
          release = resolve;
        }),
      );
    });
    expect(process.isActive).toBe(false);
    release();
    await end;
    expect(seen).toEqual([false, true, false]);
  });

  test("knows which one it is, and elsewhere there is none", async () => {
    const process = newProcess();
    let known: SimulatedProcess | undefined;
    await process.run(async () => {
      await turn();
      known = currentProcess();
    });
    expect(known).toBe(process);
    expect(currentProcess()).toBeUndefined();
    expect(await waitFor(Promise.resolve("no process"))).toBe("no process");
  });

  test("is not taken for one that has ended, when a command ends that this one left behind", async () => {
    const options = { onChange: () => undefined, isStepped: true, stepAt: () => false };
    const [gone, alive] = [1, 2].map(
      (pid) => new SimulatedProcess({ pid, startTime: String(pid), bootId: "boot" }, options),
    );
    let endCommand = (): void => undefined;
    await gone?.run(async () => {
      const command = new Promise<void>((resolve) => {
        endCommand = resolve;
      });
      void gone.act(async () => await command, { what: "processes.leave", args: [] });
    });
    let known: SimulatedProcess | undefined;
    await alive?.run(async () => {
      endCommand();
      await turn();
      known = currentProcess();
    });
    nothingGoesOn();
    expect(known).toBe(alive);
  });

  test("hears that it is asked to end, and goes on until it does", async () => {
    const process = newProcess();
    const end = process.run(async () => {
      await new Promise<void>((resolve) => {
        process.signal.addEventListener("abort", () => resolve());
      });
    });
    expect(process.isAlive).toBe(true);
    process.terminate();
    expect(await end).toEqual({ how: "returned" });
  });
});
