/**
 * The probe charm as processes: its scripts are shell, and what they find lies in files.
 *
 * @module
 */
import { access, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Probe, probeCharm } from "./probe.ts";
import {
  callsOf,
  isCall,
  pausesOf,
  type Script,
  type ToolCall,
  type ToolResult,
  type Trace,
} from "./script.ts";

/** Probes that run as processes. */
export class ProcessProbe extends Probe {
  readonly charm: { readonly charm: string } = { charm: probeCharm };
  readonly #calls = new Map<string, readonly ToolCall[]>();

  async write(unit: string, hook: string, script: Script): Promise<void> {
    const traces = this.#traces(unit, hook);
    await rm(traces, { recursive: true, force: true });
    await mkdir(traces, { recursive: true });
    const calls = callsOf(script.steps);
    this.#calls.set(`${unit} ${hook}`, calls);
    const inputs = calls.map((call, index) => writeFile(join(traces, `${index}.stdin`), call.stdin ?? ""));
    const gates = pausesOf(script.steps).flatMap((name) => [this.#here(unit, name), this.#gone(unit, name)]);
    await Promise.all([...inputs, ...gates.map((path) => rm(path, { force: true }))]);
    await writeFile(join(this.#place(unit), hook), this.#shell(unit, traces, script));
  }

  async off(unit: string, hook: string): Promise<void> {
    await rm(join(this.#place(unit), hook), { force: true });
  }

  async trace(unit: string, hook: string): Promise<Trace> {
    const traces = this.#traces(unit, hook);
    const read = (name: string): Promise<string> => readFile(join(traces, name), "utf8");
    const calls = this.#calls.get(`${unit} ${hook}`) ?? [];
    const results = await Promise.all(
      calls.map(async (_, index): Promise<ToolResult | undefined> => {
        const code = await read(`${index}.code`).catch(() => undefined);
        if (code === undefined) return undefined;
        const [stdout, stderr] = await Promise.all([read(`${index}.stdout`), read(`${index}.stderr`)]);
        return { code: Number(code), stdout, stderr };
      }),
    );
    return {
      environment: environmentOf(await read("environment")),
      results: results.filter((result) => result !== undefined),
    };
  }

  async reached(unit: string, pause: string): Promise<void> {
    for (;;) {
      try {
        await access(this.#here(unit, pause));
        return;
      } catch {
        await sleep(5);
      }
    }
  }

  async release(unit: string, pause: string): Promise<void> {
    await writeFile(this.#gone(unit, pause), "");
  }

  path(unit: string, name: string): string {
    return join(this.#place(unit), name);
  }

  async put(unit: string, name: string, text: string): Promise<void> {
    await mkdir(this.#place(unit), { recursive: true });
    await writeFile(this.path(unit, name), text);
  }

  async read(unit: string, name: string): Promise<string> {
    return readFile(this.path(unit, name), "utf8");
  }

  #shell(unit: string, traces: string, { steps, fails = false }: Script): string {
    let calls = 0;
    const lines = steps.map((step) => {
      if (!isCall(step)) {
        const gone = quoted(this.#gone(unit, step.pause));
        return `: >${quoted(this.#here(unit, step.pause))}; until [ -e ${gone} ]; do sleep 0.01; done`;
      }
      const words = [step.tool, ...step.args].map(quoted).join(" ");
      const trace = quoted(join(traces, String(calls++)));
      return `${words} <${trace}.stdin >${trace}.stdout 2>${trace}.stderr; echo $? >${trace}.code`;
    });
    const dump = `cat /proc/$$/environ >${quoted(join(traces, "environment"))}`;
    return [dump, ...lines, `exit ${fails ? 1 : 0}`, ""].join("\n");
  }

  #place(unit: string): string {
    return join(this.juju.directory, "agents", `unit-${unit.replace("/", "-")}`, "probe");
  }

  #traces(unit: string, hook: string): string {
    return join(this.#place(unit), "traces", hook);
  }

  #here(unit: string, pause: string): string {
    return join(this.#place(unit), `${pause}.here`);
  }

  #gone(unit: string, pause: string): string {
    return join(this.#place(unit), `${pause}.gone`);
  }
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}

function environmentOf(text: string): Record<string, string> {
  const lines = text.split("\0").filter((line) => line !== "");
  // Shells add their own: that of the charm, and that of a command.
  const given = lines.filter((line) => !/^(?:PWD|SHLVL|_)=/u.test(line));
  return Object.fromEntries(
    given.map((line) => [line.slice(0, line.indexOf("=")), line.slice(line.indexOf("=") + 1)]),
  );
}
