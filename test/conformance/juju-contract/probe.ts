/**
 * Drives the `probe` charm in either way of the simulated Juju: says what it does in a hook, lets the hook happen, and
 * reads what came of it.
 *
 * @module
 */
import type { DeployOptions, ProcessEnd, SimulatedJuju } from "../../../lib/testing/index.ts";
import { type Case, type Pause, type Script, type ToolCall, type ToolResult, type Trace } from "./script.ts";

/** The folder of the charm. */
export const probeCharm: string = new URL("../../charms/probe", import.meta.url).pathname;

/** The probes of one simulated Juju. */
export abstract class Probe {
  readonly juju: SimulatedJuju;
  /** How to deploy the charm. */
  abstract readonly charm: Pick<DeployOptions, "charm" | "inProcess">;

  constructor(juju: SimulatedJuju) {
    this.juju = juju;
  }

  /** Says what a unit does in a hook, an action or an event of its own from now on. */
  abstract write(unit: string, hook: string, script: Script): Promise<void>;
  /** Takes back what {@link write} said. */
  abstract off(unit: string, hook: string): Promise<void>;
  /** What became of a unit's last dispatch of this name. */
  abstract trace(unit: string, hook: string): Promise<Trace>;
  /** Waits until a script stands at a pause. */
  abstract reached(unit: string, pause: string): Promise<void>;
  /** Lets a script go on that stands at a pause, or will come there. */
  abstract release(unit: string, pause: string): Promise<void>;

  /** Where a file lies that a unit's hook tools can be told to write or read. */
  abstract path(unit: string, name: string): string;
  /** Writes such a file. */
  abstract put(unit: string, name: string, text: string): Promise<void>;
  /** What such a file holds. */
  abstract read(unit: string, name: string): Promise<string>;

  /** Deploys the charm. */
  async deploy(application: string, options: Partial<DeployOptions> = {}): Promise<void> {
    await this.juju.deploy({ ...this.charm, application, ...options });
  }

  /** Says what a unit does in a hook, which then ends well. */
  async on(unit: string, hook: string, ...steps: readonly (ToolCall | Pause)[]): Promise<void> {
    await this.write(unit, hook, { steps });
  }

  /** Says what a unit does in a hook, which then fails. */
  async failing(unit: string, hook: string, ...steps: readonly (ToolCall | Pause)[]): Promise<void> {
    await this.write(unit, hook, { steps, fails: true });
  }

  /** Makes the calls in the hook that `fire` causes, and tells how each of them ended. */
  async inHook(
    unit: string,
    hook: string,
    fire: () => Promise<unknown>,
    calls: readonly ToolCall[],
  ): Promise<readonly ToolResult[]> {
    await this.on(unit, hook, ...calls);
    await fire();
    // Another unit may be in hook error; that is the test's affair.
    await this.juju.settle({ allowErrors: true });
    await this.off(unit, hook);
    const { results } = await this.trace(unit, hook);
    if (results.length !== calls.length) throw new Error(`${unit} has not run ${hook} to its end.`);
    return results;
  }

  /** Makes the calls in an `update-status` hook. */
  async run(unit: string, ...calls: readonly ToolCall[]): Promise<readonly ToolResult[]> {
    return this.inHook(unit, "update-status", () => this.juju.updateStatus(unit), calls);
  }

  /** Makes one call in an `update-status` hook, which must end well, and gives its output. */
  async output(unit: string, call: ToolCall): Promise<string> {
    const [result] = await this.run(unit, call);
    if (result?.code !== 0) throw new Error(`${call.tool}: ${result?.stderr ?? "did not run"}`);
    return result.stdout;
  }

  /** Makes the calls of a table, and puts each with its result. */
  async answers(unit: string, cases: readonly Case[]): Promise<readonly Case[]> {
    const results = await this.run(unit, ...cases.map(([call]) => call));
    return paired(cases, results);
  }

  /** The same in the hook that `fire` causes. */
  async answersIn(
    unit: string,
    hook: string,
    fire: () => Promise<unknown>,
    cases: readonly Case[],
  ): Promise<readonly Case[]> {
    const calls = cases.map(([call]) => call);
    return paired(cases, await this.inHook(unit, hook, fire, calls));
  }

  /** Lets a unit run `update-status`, whatever comes of it. */
  async updateStatus(unit: string): Promise<void> {
    await this.juju.updateStatus(unit);
    await this.juju.settle({ allowErrors: true });
  }

  /** Dispatches an event of the charm's own to a unit, from outside any hook. */
  async dispatch(
    unit: string,
    event: string,
    about: Parameters<SimulatedJuju["exec"]>[2] = {},
  ): Promise<ProcessEnd> {
    return this.juju.exec(unit, `JUJU_DISPATCH_PATH=hooks/${event} $CHARM_DIR/dispatch`, about);
  }

  /** What ran on a unit from `from` on, as "hook" or "hook remote-unit". */
  ran(unit: string, from = 0): readonly string[] {
    return this.juju
      .hooksRun()
      .slice(from)
      .filter((run) => run.unit === unit)
      .map(({ operation, remoteUnit }) =>
        remoteUnit === undefined ? operation : `${operation} ${remoteUnit}`,
      );
  }

  /** How many hooks have run, for {@link ran}. */
  get now(): number {
    return this.juju.hooksRun().length;
  }

  /** How often a unit has run a hook. */
  count(unit: string, operation: string): number {
    return this.juju.hooksRun().filter((run) => run.unit === unit && run.operation === operation).length;
  }
}

function paired(cases: readonly Case[], results: readonly ToolResult[]): readonly Case[] {
  return cases.map(([call], index) => {
    const result = results[index];
    if (result === undefined) throw new Error(`${call.tool} was not called.`);
    return [call, result];
  });
}
