import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { survivingProcesses } from "../../../lib/testing/processes/surviving-processes.ts";
import { until } from "../../simulation/until.ts";
import { charmWithDispatch } from "../../simulation/charm-with-dispatch.ts";
import { charmFolder } from "./judged.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "interrupted-"));
});
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** A charm with a hook that does not end, and a daemon that runs a program without Juju's environment. */
async function hangingCharm(marker: string): Promise<string> {
  const daemon = `setsid sh -c 'env -i sleep 3600 & echo $! > ${marker}.daemon; wait' >/dev/null 2>&1 &`;
  const script = `${daemon}\nprintf %s "$JUJU_MODEL_UUID" > ${marker}\nsleep 3600`;
  return await charmWithDispatch(charmFolder("test/charms/v0-database"), join(folder, "charm"), script);
}

function lives(pid: number): boolean {
  return existsSync(`/proc/${pid}`) && !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
}

test.each(["SIGINT", "SIGTERM"] as const)(
  "%s ends what the charm runs, and leaves nothing",
  async (signal) => {
    const marker = join(folder, signal);
    const temporary = join(folder, "tmp");
    rmSync(join(folder, "charm"), { recursive: true, force: true });
    mkdirSync(temporary, { recursive: true });
    const charm = await hangingCharm(marker);
    const main = charmFolder("dist/lib/cli/main.js");
    const command = spawn(process.execPath, [main, "conformance", "--charm", charm], {
      env: { ...process.env, TMPDIR: temporary },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let said = "";
    command.stderr.on("data", (chunk: Buffer) => {
      said += chunk.toString();
    });
    const ended = once(command, "close");
    const daemon = await until("the hook runs", () =>
      existsSync(marker) && existsSync(`${marker}.daemon`)
        ? Number(readFileSync(`${marker}.daemon`, "utf8")) || undefined
        : undefined,
    );
    expect(lives(daemon)).toBe(true);

    command.kill(signal);
    expect(await ended).toEqual([null, signal]);
    expect(said).toBe("Interrupted before all was judged. What the charm left running has been ended.\n");
    expect(await survivingProcesses(readFileSync(marker, "utf8"))).toEqual([]);
    expect(lives(daemon)).toBe(false);
    expect(readdirSync(temporary)).toEqual([]);
  },
);
