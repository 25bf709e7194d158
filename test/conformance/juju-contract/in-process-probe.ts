/**
 * The probe charm in the process of the test.
 *
 * @module
 */
import type { Dispatch } from "../../../lib/juju/dispatch.ts";
import { waitFor, type CharmFunction } from "../../../lib/testing/index.ts";
import { Gate } from "./gate.ts";
import { Probe, probeCharm } from "./probe.ts";
import { isCall, pausesOf, type Script, type ToolResult, type Trace } from "./script.ts";

/** Probes that are functions. */
export class InProcessProbe extends Probe {
  readonly charm: { readonly charm: string; readonly inProcess: CharmFunction } = {
    charm: probeCharm,
    inProcess: async (dispatch) => this.#act(dispatch),
  };
  readonly #scripts = new Map<string, Script>();
  readonly #traces = new Map<string, Trace>();
  readonly #gates = new Map<string, Gate>();

  async write(unit: string, hook: string, script: Script): Promise<void> {
    this.#scripts.set(`${unit} ${hook}`, script);
    this.#traces.delete(`${unit} ${hook}`);
    for (const name of pausesOf(script.steps)) this.#gates.delete(`${unit} ${name}`);
  }

  async off(unit: string, hook: string): Promise<void> {
    this.#scripts.delete(`${unit} ${hook}`);
  }

  async trace(unit: string, hook: string): Promise<Trace> {
    const trace = this.#traces.get(`${unit} ${hook}`);
    if (trace === undefined) throw new Error(`${unit} has not run ${hook}.`);
    return trace;
  }

  async reached(unit: string, pause: string): Promise<void> {
    await this.#gate(unit, pause).reached.come;
  }

  async release(unit: string, pause: string): Promise<void> {
    this.#gate(unit, pause).released.happen();
  }

  path(_unit: string, name: string): string {
    return `/${name}`;
  }

  async put(unit: string, name: string, text: string): Promise<void> {
    await this.juju.machine(unit).disk.replace(this.path(unit, name), text);
  }

  async read(unit: string, name: string): Promise<string> {
    const content = await this.juju.machine(unit).disk.read(this.path(unit, name));
    if (content === undefined) throw new Error(`${unit} has no file ${name}.`);
    return content;
  }

  async #act({ environment, runTool }: Dispatch): Promise<void> {
    const unit = environment["JUJU_UNIT_NAME"] ?? "";
    const path = environment["JUJU_DISPATCH_PATH"] ?? "";
    const name = `${unit} ${path.slice(path.indexOf("/") + 1)}`;
    const script = this.#scripts.get(name);
    if (script === undefined) return;
    const results: ToolResult[] = [];
    this.#traces.set(name, { environment: { ...environment } as Record<string, string>, results });
    for (const step of script.steps) {
      if (isCall(step)) {
        const { exitCode = 1, stdout, stderr } = await runTool(step.tool, step.args, step.stdin);
        results.push({ code: exitCode, stdout, stderr });
      } else {
        const gate = this.#gate(unit, step.pause);
        gate.reached.happen();
        await waitFor(gate.released.come);
      }
    }
    if (script.fails === true) throw new Error("The script says so.");
  }

  #gate(unit: string, pause: string): Gate {
    const name = `${unit} ${pause}`;
    const gate = this.#gates.get(name) ?? new Gate();
    this.#gates.set(name, gate);
    return gate;
  }
}
