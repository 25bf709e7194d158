import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, describe, expect, test } from "vitest";
import type { ProcessIdentity } from "../../lib/machine/machine.ts";
import { identifyProcess, isRunning } from "../../lib/machine/process-identity.ts";

const started: ChildProcess[] = [];

async function startProcess(
  program: string,
  ...args: readonly string[]
): Promise<ChildProcess & { readonly pid: number }> {
  const child = spawn(program, args, { stdio: ["pipe", "pipe", "ignore"] });
  started.push(child);
  await once(child, "spawn");
  return child as ChildProcess & { readonly pid: number };
}

async function identityOf(pid: number): Promise<ProcessIdentity> {
  const identity = await identifyProcess(pid);
  if (identity === undefined) throw new Error(`no process ${pid}`);
  return identity;
}

afterEach(() => {
  for (const child of started.splice(0)) child.kill("SIGKILL");
});

describe("the identity of a process", () => {
  test("is that of this process while it runs", async () => {
    const identity = await identityOf(process.pid);
    expect(identity.pid).toBe(process.pid);
    expect(identity.startTime).toMatch(/^[1-9]\d*$/);
    expect(identity.bootId).toMatch(/^[0-9a-f]{8}-[0-9a-f-]{27}$/);
    expect(await isRunning(identity)).toBe(true);
  });

  test("stays the same", async () => {
    const { pid } = await startProcess("sleep", "60");
    expect(await identityOf(pid)).toEqual(await identityOf(pid));
  });

  test("survives being written and read", async () => {
    const { pid } = await startProcess("sleep", "60");
    expect(await isRunning(JSON.parse(JSON.stringify(await identityOf(pid))) as ProcessIdentity)).toBe(true);
  });

  test("is nobody's after the process has died", async () => {
    const child = await startProcess("sleep", "60");
    const identity = await identityOf(child.pid);
    expect(await isRunning(identity)).toBe(true);
    const exit = once(child, "exit");
    child.kill("SIGKILL");
    await exit;
    expect(await isRunning(identity)).toBe(false);
    expect(await identifyProcess(child.pid)).toBeUndefined();
  });

  test("is not that of a zombie", async () => {
    // The shell starts a child, becomes a program that never asks for the child's end, and the child ends.
    const parent = await startProcess("sh", "-c", "sleep 0.3 & echo $!; exec sleep 60");
    const [line] = (await once(parent.stdout as NodeJS.EventEmitter, "data")) as [Buffer];
    const pid = Number(String(line).trim());
    const identity = await identityOf(pid);
    for (let state = ""; state !== "Z"; await sleep(20)) {
      const stat = await readFile(`/proc/${pid}/stat`, "utf8");
      state = stat.slice(stat.lastIndexOf(")") + 2).charAt(0);
    }
    expect(await isRunning(identity)).toBe(false);
    expect(await identifyProcess(pid)).toBeUndefined();
  });

  test("differs in the start time where a pid was given out again", async () => {
    const identity = await identityOf(process.pid);
    expect(await isRunning({ ...identity, startTime: String(Number(identity.startTime) - 1) })).toBe(false);
  });

  test("differs in the boot id where the machine was started anew", async () => {
    const identity = await identityOf(process.pid);
    expect(await isRunning({ ...identity, bootId: "00000000-0000-4000-8000-000000000000" })).toBe(false);
  });

  test("is read past a program's name with blanks and parentheses", async () => {
    const child = await startProcess(
      "bash",
      "-c",
      "printf ') Z 1 (' > /proc/self/comm; echo named; read -r _",
    );
    await once(child.stdout as NodeJS.EventEmitter, "data");
    expect(await readFile(`/proc/${child.pid}/comm`, "utf8")).toBe(") Z 1 (\n");
    const identity = await identityOf(child.pid);
    expect(identity.startTime).toMatch(/^[1-9]\d*$/);
    expect(await isRunning(identity)).toBe(true);
  });

  test("is undefined where there is no such process", async () => {
    expect(await identifyProcess(4_194_305)).toBeUndefined();
  });
});
