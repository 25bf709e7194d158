/**
 * Drives the `probe` charm: writes down what it does in a hook, lets the hook happen, and reads what came of it.
 *
 * @module
 */
import { access, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { SimulatedJuju } from "../../../lib/testing/index.ts";

/** How a shell line ended. */
export interface LineResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** The folder of the charm. */
export const probeCharm: string = new URL("../../charms/probe", import.meta.url).pathname;

/** The probes of one simulated Juju. */
export class ShellProbe {
  readonly #juju: SimulatedJuju;

  constructor(juju: SimulatedJuju) {
    this.#juju = juju;
  }

  /** The folder that a unit's scripts and their traces lie in. */
  place(unit: string): string {
    return join(this.#juju.directory, "agents", `unit-${unit.replace("/", "-")}`, "probe");
  }

  /** Writes down what a unit does in a hook or an action from now on; "any" is for those without a script. */
  async on(unit: string, hook: string, script: string): Promise<void> {
    await mkdir(this.place(unit), { recursive: true });
    await writeFile(join(this.place(unit), hook), `place=${this.place(unit)}\n${script}\n`);
  }

  /** Takes back what {@link on} wrote. */
  async off(unit: string, hook: string): Promise<void> {
    await rm(join(this.place(unit), hook), { force: true });
  }

  /** Runs shell lines in the hook that `fire` causes, and tells how each of them ended. */
  async inHook(
    unit: string,
    hook: string,
    fire: () => Promise<unknown>,
    lines: readonly string[],
  ): Promise<LineResult[]> {
    const place = this.place(unit);
    const script = lines.map((line, index) => {
      const trace = `"$place/${index}`;
      return `{ ${line}\n} >${trace}.stdout" 2>${trace}.stderr"; echo $? >${trace}.code"`;
    });
    await this.on(unit, hook, [...script, "exit 0"].join("\n"));
    await fire();
    // Another unit may be in hook error; that is the test's affair.
    await this.#juju.settle({ allowErrors: true });
    await this.off(unit, hook);
    return Promise.all(
      lines.map(async (_, index) => {
        const read = (kind: string): Promise<string> => readFile(join(place, `${index}.${kind}`), "utf8");
        const [code, stdout, stderr] = await Promise.all([read("code"), read("stdout"), read("stderr")]);
        return { code: Number(code), stdout, stderr };
      }),
    );
  }

  /** Runs shell lines in an `update-status` hook. */
  async run(unit: string, ...lines: readonly string[]): Promise<LineResult[]> {
    return this.inHook(unit, "update-status", () => this.#juju.updateStatus(unit), lines);
  }

  /** Runs one shell line in an `update-status` hook, which must end well, and gives its output. */
  async output(unit: string, line: string): Promise<string> {
    const [result] = await this.run(unit, line);
    if (result?.code !== 0) throw new Error(`${line}: ${result?.stderr ?? "did not run"}`);
    return result.stdout;
  }

  /** Waits until a script has made a file in its unit's folder. */
  async reached(unit: string, file: string): Promise<void> {
    for (;;) {
      try {
        await access(join(this.place(unit), file));
        return;
      } catch {
        await sleep(5);
      }
    }
  }

  /** Makes a file that a script waits for with {@link waitFor}. */
  async release(unit: string, file: string): Promise<void> {
    await writeFile(join(this.place(unit), file), "");
  }
}

/** Shell: says that the script is here, and waits until the test goes on. */
export function waitFor(here: string, there: string): string {
  return `touch "$place/${here}"; until [ -e "$place/${there}" ]; do sleep 0.01; done`;
}

/** What a hook tool says when it fails. */
export function refusal(code: number, message: string): LineResult {
  return { code, stdout: "", stderr: `ERROR ${message}\n` };
}

/** What a hook tool says when it does not. */
export function answer(stdout: string): LineResult {
  return { code: 0, stdout, stderr: "" };
}
