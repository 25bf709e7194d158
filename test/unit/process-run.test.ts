import { readFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { fc, test as property } from "@fast-check/vitest";
import { describe, expect, test } from "vitest";
import { describeEnd, run, signalGroup, type RunResult } from "../../lib/process/run.ts";

/** Whether a process lives; one that has ended and waits for its parent does not. */
async function lives(pid: number): Promise<boolean> {
  const stat = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => "");
  return stat !== "" && stat.slice(stat.lastIndexOf(")") + 2).charAt(0) !== "Z";
}

/** The processes that still live a moment later. */
async function survivors(pids: readonly number[]): Promise<readonly number[]> {
  await sleep(50);
  const alive = await Promise.all(pids.map(lives));
  return pids.filter((_, index) => alive[index]);
}

const pidsIn = (result: RunResult): readonly number[] => result.stdout.trim().split(/\s+/).map(Number);

describe("a line without end", () => {
  test("is kept up to a limit, and what comes after it as ever", async () => {
    const lines: string[] = [];
    const command = "head -c 3000000 /dev/zero | tr '\\0' x; echo; echo next";
    const options = { onLine: (line: string) => lines.push(line), maxOutputBytes: 10, maxLineBytes: 1000 };
    await run(["sh", "-c", command], options);
    expect(lines).toEqual(["x".repeat(1000), "next"]);
  });
});

describe("a command that ends by itself", () => {
  test("gives its output and its exit code", async () => {
    expect(await run(["sh", "-c", "echo out; echo err >&2"])).toMatchObject({
      exitCode: 0,
      signal: undefined,
      stdout: "out\n",
      stderr: "err\n",
      endedBy: undefined,
      startFailure: undefined,
    });
  });

  test("gives them too where it fails", async () => {
    const result = await run(["sh", "-c", "echo out; echo err >&2; exit 49"]);
    expect(result).toMatchObject({ exitCode: 49, stdout: "out\n", stderr: "err\n", endedBy: undefined });
    expect(describeEnd(result)).toBe("exited with code 49");
  });

  test("names the signal that killed it", async () => {
    const result = await run(["sh", "-c", "kill -9 $$"]);
    expect(result).toMatchObject({ exitCode: undefined, signal: "SIGKILL", endedBy: undefined });
    expect(describeEnd(result)).toBe("was killed by SIGKILL");
  });

  property.prop(
    [
      fc.array(
        fc.string({ unit: "grapheme" }).filter((text) => !text.includes("\0")),
        { maxLength: 4 },
      ),
    ],
    {
      numRuns: 15,
    },
  )("gets its arguments as they are, without a shell", async (args) => {
    const result = await run(["printf", "%s\\n", ...args, "$(id) `id` ; | * ~"]);
    expect(result.stdout).toBe([...args, "$(id) `id` ; | * ~"].map((text) => `${text}\n`).join(""));
  });

  test("gets the environment and the directory that it is given, and no other", async () => {
    const env = { PATH: process.env["PATH"] ?? "", GREETING: "hello" };
    const result = await run(["sh", "-c", "echo $GREETING $HOME; pwd"], { env, cwd: "/" });
    expect(result.stdout).toBe("hello\n/\n");
  });
});

describe("a command that cannot be started", () => {
  test("is a result that says why", async () => {
    const result = await run(["no-such-program-here"]);
    expect(result).toMatchObject({
      exitCode: undefined,
      signal: undefined,
      startFailure: "ENOENT",
      stdout: "",
    });
    expect(describeEnd(result)).toBe("could not be started (ENOENT)");
  });

  test("because it is no program", async () => {
    expect(await run(["/dev/null"])).toMatchObject({ startFailure: "EACCES", exitCode: undefined });
  });

  test("because its directory is none", async () => {
    expect(await run(["true"], { cwd: "/no/such/directory" })).toMatchObject({ startFailure: "ENOENT" });
    expect(await run(["true"], { cwd: "/etc/hostname" })).toMatchObject({ startFailure: "ENOTDIR" });
  });

  test("because an argument is longer than Linux allows", async () => {
    const result = await run(["true", "x".repeat(256 * 1024)]);
    expect(result).toMatchObject({ startFailure: "E2BIG", exitCode: undefined, signal: undefined });
  });
});

describe("standard input", () => {
  test("is what it is given", async () => {
    const stdin = "geheim é 😀\n".repeat(20_000);
    const result = await run(["cat"], { stdin, maxOutputBytes: 10_000_000 });
    expect(result.stdout === stdin).toBe(true);
  });

  test("is empty where nothing is given", async () => {
    expect(await run(["cat"])).toMatchObject({ exitCode: 0, stdout: "" });
  });

  test("may be left unread", async () => {
    const stdin = "x".repeat(5_000_000);
    expect(await run(["true"], { stdin })).toMatchObject({ exitCode: 0, startFailure: undefined });
    expect(await run(["sh", "-c", "exec <&-; exit 7"], { stdin })).toMatchObject({ exitCode: 7 });
    expect(await run(["no-such-program-here"], { stdin })).toMatchObject({ startFailure: "ENOENT" });
  });
});

describe("output", () => {
  test.each([1, 10, 4096, 100_000])("beyond %i bytes keeps its end", async (maxOutputBytes) => {
    const result = await run(["sh", "-c", "seq 1 30000; seq 1 30000 >&2"], { maxOutputBytes });
    const whole = Array.from({ length: 30_000 }, (_, index) => `${index + 1}\n`).join("");
    expect(result.stdout).toBe(whole.slice(-maxOutputBytes));
    expect(result.stderr).toBe(whole.slice(-maxOutputBytes));
  });

  test("of just as many bytes is kept whole", async () => {
    expect((await run(["printf", "12345"], { maxOutputBytes: 5 })).stdout).toBe("12345");
    expect((await run(["printf", "123456"], { maxOutputBytes: 5 })).stdout).toBe("23456");
  });

  test("is read as UTF-8 however it is cut into pieces", async () => {
    const result = await run(["sh", "-c", String.raw`printf '\303'; sleep 0.1; printf '\251'`]);
    expect(result.stdout).toBe("é");
  });

  test("is handed over line by line, the last one without its end too", async () => {
    const lines: string[] = [];
    const result = await run(["sh", "-c", "printf 'one\\n\\ntw'; sleep 0.1; printf 'o\\nlast'"], {
      onLine: (line) => lines.push(line),
      maxOutputBytes: 3,
    });
    expect(lines).toEqual(["one", "", "two", "last"]);
    expect(result.stdout).toBe("ast");
  });

  test("is handed over while the command runs", async () => {
    const stop = new AbortController();
    const result = await run(["sh", "-c", "echo ready; sleep 60"], {
      onLine: (line) => line === "ready" && stop.abort(),
      signal: stop.signal,
    });
    expect(result).toMatchObject({ endedBy: "abort", stdout: "ready\n" });
  });
});

describe("the end of a command before its time", () => {
  const family = "sleep 60 & sleep 60 >/dev/null 2>&1 & echo $$ $(jobs -p); wait";

  test("by the clock takes the whole group along", async () => {
    const result = await run(["bash", "-c", family], { timeoutMs: 300 });
    expect(result).toMatchObject({ endedBy: "time-out", exitCode: undefined, signal: "SIGTERM" });
    expect(describeEnd(result)).toMatch(/^was ended after its time limit \(\d+ s\)$/);
    expect(pidsIn(result)).toHaveLength(3);
    expect(await survivors(pidsIn(result))).toEqual([]);
  });

  test("by an abort takes the whole group along", async () => {
    const stop = new AbortController();
    const result = await run(["bash", "-c", family], { signal: stop.signal, onLine: () => stop.abort() });
    expect(result).toMatchObject({ endedBy: "abort", signal: "SIGTERM" });
    expect(describeEnd(result)).toBe("was cancelled");
    expect(pidsIn(result)).toHaveLength(3);
    expect(await survivors(pidsIn(result))).toEqual([]);
  });

  test("leaves nobody behind who ignores it while the command itself goes", async () => {
    const stubborn = "(trap '' TERM; exec sleep 60 >/dev/null 2>&1) & sleep 0.2; echo $$ $!; wait";
    const stop = new AbortController();
    const result = await run(["bash", "-c", stubborn], { signal: stop.signal, onLine: () => stop.abort() });
    expect(pidsIn(result)).toHaveLength(2);
    expect(await survivors(pidsIn(result))).toEqual([]);
  });

  test("is forced upon a command that ignores it", { timeout: 20_000 }, async () => {
    const stubborn = "trap '' TERM; echo $$; while :; do sleep 1; done";
    const result = await run(["bash", "-c", stubborn], { timeoutMs: 300 });
    expect(result).toMatchObject({ endedBy: "time-out", signal: "SIGKILL" });
    expect(await survivors(pidsIn(result))).toEqual([]);
  });

  test("comes even where a process outside of the group holds the output", { timeout: 20_000 }, async () => {
    const escaped = "setsid sleep 60 & echo $!; wait";
    const result = await run(["bash", "-c", escaped], { timeoutMs: 300 });
    expect(result).toMatchObject({ endedBy: "time-out" });
    for (const pid of await survivors(pidsIn(result))) process.kill(pid, "SIGKILL");
  });

  test("comes when it has said nothing for too long, however long it had spoken", async () => {
    const talkative = "for i in 1 2 3 4 5 6; do echo $i; sleep 0.2; done; sleep 60";
    const result = await run(["bash", "-c", talkative], { silenceMs: 1_000 });
    expect(result).toMatchObject({ endedBy: "silence", stdout: "1\n2\n3\n4\n5\n6\n" });
    expect(describeEnd(result)).toBe("was ended because it had said nothing for too long");
  });

  test("may have been asked for before it began", async () => {
    expect(await run(["sleep", "60"], { signal: AbortSignal.abort() })).toMatchObject({ endedBy: "abort" });
  });

  test("does not come where the command was faster", async () => {
    const stop = new AbortController();
    const result = await run(["true"], { timeoutMs: 60_000, signal: stop.signal });
    stop.abort();
    expect(result).toMatchObject({ exitCode: 0, endedBy: undefined });
  });

  test("lets a command end in its own way", async () => {
    const polite = "trap 'echo goodbye; exit 3' TERM; echo ready; while :; do sleep 0.05; done";
    const stop = new AbortController();
    const result = await run(["bash", "-c", polite], { signal: stop.signal, onLine: () => stop.abort() });
    expect(result).toMatchObject({ endedBy: "abort", exitCode: 3, stdout: "ready\ngoodbye\n" });
  });
});

describe("a signal to a group", () => {
  test("that is gone is no error", async () => {
    const result = await run(["sh", "-c", "echo $$"]);
    const [pid] = pidsIn(result);
    expect(() => signalGroup(pid ?? 0, "SIGTERM")).not.toThrow();
  });
});
