/**
 * One charm in one model, with the kit on the other side of the relation: what every scenario is played on.
 *
 * @module
 */
import { rm } from "node:fs/promises";
import { join } from "node:path";
import type { ActionResult } from "../../testing/agent/operation.ts";
import { killSurvivingProcesses } from "../../testing/processes/surviving-processes.ts";
import { SimulatedJuju } from "../../testing/simulated-juju.ts";
import { Observer, type ObservedCall } from "../observation/observer.ts";
import type { Occurrence, Trace, TraceEntry } from "../trace/trace.ts";
import { CharmHung } from "./charm-hung.ts";
import { applications, deploy, kitEndpoint } from "./deployment.ts";
import { HookFaults } from "./hook-faults.ts";
import type { JudgedCharm, StageOptions } from "./judged-charm.ts";
import { makeKitDirectory } from "./kit-directory.ts";
import { Recording } from "./recording.ts";
import { credentialsIn } from "./withheld.ts";
import { executingUnits, isBusy, rest, timeIsUp, type Waited } from "./rest.ts";

/** What a call of the observed program names: found by the texts that the kit gave to each job. */
export type Recognise = (call: ObservedCall) => {
  readonly jobs: readonly string[];
  readonly names: readonly string[];
};

/** A stage. */
export class Stage {
  readonly juju: SimulatedJuju;
  readonly observer: Observer;
  readonly recording: Recording;
  readonly judged: string;
  readonly other: string;
  readonly relation: number;
  readonly storageRelation: number | undefined;
  readonly #directory: string;
  readonly #waited: Waited & Pick<JudgedCharm, "isContent">;
  readonly #faults: HookFaults;
  readonly #endpoint: string;
  readonly #actions: ReadonlySet<string>;
  #stillRuns = false;

  private constructor(
    parts: Pick<
      Stage,
      "juju" | "observer" | "recording" | "judged" | "other" | "relation" | "storageRelation"
    >,
    directory: string,
    charm: JudgedCharm,
    faults: HookFaults,
  ) {
    this.juju = parts.juju;
    this.observer = parts.observer;
    this.recording = parts.recording;
    this.judged = parts.judged;
    this.other = parts.other;
    this.relation = parts.relation;
    this.storageRelation = parts.storageRelation;
    const { juju, recording, observer } = parts;
    this.#directory = directory;
    this.#endpoint = charm.endpoint;
    this.#actions = charm.actions;
    this.#waited = {
      juju,
      recording,
      observer,
      limits: charm.limits,
      signal: charm.signal,
      isContent: charm.isContent,
    };
    this.#faults = faults;
  }

  /** The trace of this stage. */
  get trace(): Trace {
    return this.recording.trace;
  }

  /**
   * Sets the stage, and waits until the charm rests.
   *
   * @throws CharmHung where it never does; what was recorded until then is given to `onRecording`.
   */
  static async set(
    charm: JudgedCharm,
    options: StageOptions,
    recognise: Recognise,
    onRecording: (recording: Recording) => void,
  ): Promise<Stage> {
    const { judged, other } = applications[charm.side];
    const recording = new Recording({
      side: charm.side,
      judged,
      other,
      credentials: credentialsIn(charm.observation.storage),
    });
    onRecording(recording);
    const { observation, side } = charm;
    const observed = observation.program !== undefined || observation.programOption !== undefined;
    recording.add({ kind: "start", side, scenario: options.scenario, observed });
    const directory = await makeKitDirectory();
    const program = join(directory, "program");
    const observer = await Observer.start(observation, program, {
      began: (call) => recording.add({ kind: "call", ...callOf(call), ...recognise(call), state: "began" }),
      ended: (call, state) => recording.add({ kind: "call", ...callOf(call), ...recognise(call), state }),
    });
    const faults = new HookFaults();
    const juju = await SimulatedJuju.start({
      directory: join(directory, "juju"),
      precedingPath: [program],
      automaticallyRetryHooks: false,
      onChange: () => recording.look(),
      onLog: (line) => recording.hear(line),
      failHook: (unit, hook) => faults.of(unit, hook),
    });
    recording.of(juju);
    try {
      const relations = await deploy({ juju, charm, options, directory, observer });
      const stage = new Stage(
        { juju, observer, recording, judged, other, ...relations },
        directory,
        charm,
        faults,
      );
      recording.relation(stage.relation);
      await stage.rest();
      return stage;
    } catch (error) {
      await close(juju, observer, directory);
      throw error;
    }
  }

  /** The units of the judged charm. */
  get units(): readonly string[] {
    return Object.keys(this.juju.status().applications[this.judged]?.units ?? {});
  }

  /** Says in the trace what the kit does. */
  step(text: string, repeats = false): void {
    this.recording.add({ kind: "step", text, ...(repeats ? { repeats: true } : {}) });
  }

  /** Waits until the charm rests. @throws CharmHung where it never does. */
  async rest(): Promise<void> {
    const { hung, isEndless, stillRuns } = await rest(this.#waited);
    this.#stillRuns = stillRuns;
    if (isEndless) {
      this.step("Hooks bring about others without end: the kit has seen enough.");
      this.recording.add({ kind: "settled", stillRuns: true });
      throw new CharmHung(this.units);
    }
    for (const unit of hung) {
      const { message } = this.juju.status().applications[this.judged]?.units[unit]?.agent ?? { message: "" };
      this.recording.add({ kind: "hook", unit, hook: message.replace(/^running | hook$/g, ""), hung: true });
    }
    if (hung.length > 0) throw new CharmHung(hung);
  }

  /**
   * Waits until nothing more comes. A charm with which something is wrong then is given more hooks, until they change
   * nothing more: what it would do by itself within minutes is no fault.
   *
   * @param events `few` gives no more hooks where nothing is wrong. Default: few.
   */
  async settle(events: "few" | "more" = "few"): Promise<void> {
    await this.rest();
    if (events === "more") await this.giveHooks();
    for (let round = 0; round < 4 && !this.wouldBeContent({ kind: "settled" }); round += 1) {
      const before = this.recording.changes;
      await this.giveHooks();
      if (this.recording.changes === before) break;
    }
    this.recording.add({ kind: "settled", ...(this.#stillRuns ? { stillRuns: true } : {}) });
  }

  /** Whether nothing would be wrong if this came next in the trace. */
  wouldBeContent(occurrence: Occurrence): boolean {
    this.recording.look();
    const next: TraceEntry = { at: new Date().toISOString(), ...occurrence };
    return this.#waited.isContent([...this.recording.trace, next]);
  }

  /** Gives every unit a hook, and lets failed ones run again. */
  async giveHooks(): Promise<void> {
    const busy = executingUnits(this.juju);
    for (const unit of this.units) {
      if (busy.includes(unit)) continue;
      if (this.#isInError(unit)) await this.juju.resolve(unit);
      else await this.juju.updateStatus(unit);
    }
    await this.rest();
  }

  /** Lets hooks happen again that have nothing new to say. */
  async repeatEvents(): Promise<void> {
    this.step("Hooks come again that have nothing new to say.", true);
    const { applications: all } = this.juju.status();
    const others = Object.keys(all[this.other]?.units ?? {});
    for (const unit of others)
      await this.juju.writeDatabag(this.relation, unit, { "kit-note": String(this.trace.length) });
    await this.settle("more");
  }

  /** Does something whose next hook is lost on every unit: Juju counts it as done, and the charm never ran. */
  async loseHooks(cause: () => Promise<void>): Promise<void> {
    this.step("The hooks that would tell of the next change are lost.");
    this.#faults.begin("unrun", this.units, (unit) => this.recording.inject(unit, "lost"));
    await cause();
    await this.rest();
    this.#faults.end();
    for (const unit of this.units) if (this.#isInError(unit)) await this.juju.resolve(unit, { retry: false });
  }

  /** Does something of which the first unit hears in a hook that is killed at its very end, and then runs again. */
  async dropHook(cause: () => Promise<void>): Promise<void> {
    const [unit = ""] = this.units;
    this.step("The next hook is killed at its end: what it writes is dropped.");
    this.#faults.begin("dropped", [unit], () => this.recording.inject(unit, "interrupted"));
    await cause();
    await this.rest();
    this.#faults.end();
    await this.#runAgain(unit);
  }

  /** Does something of which the first unit hears in a hook that ends well, and is not noted: it runs again. */
  async repeatHook(cause: () => Promise<void>): Promise<void> {
    const [unit = ""] = this.units;
    this.step("The next hook runs twice.");
    await cause();
    while (!executingUnits(this.juju).includes(unit) && (await isBusy(this.juju, 1))) {
      // Its agent takes note of the change first, and other hooks may be due.
    }
    if (executingUnits(this.juju).includes(unit)) {
      this.recording.inject(unit, "interrupted");
      await this.juju.restartAgent(unit, { when: "unrecorded" });
    }
    await this.rest();
    await this.#runAgain(unit);
  }

  /** Kills all that the charm has left running, as when its machine starts anew. */
  async killProcesses(): Promise<void> {
    this.step("All that the charm has left running is killed, as when its machine starts anew.");
    await killSurvivingProcesses(this.juju.modelUuid);
    await this.observer.kill();
  }

  async #runAgain(unit: string): Promise<void> {
    if (!this.#isInError(unit)) return;
    await this.juju.resolve(unit);
    await this.rest();
  }

  /** Removes the relation. */
  async removeRelation(): Promise<void> {
    this.step("The relation is removed.");
    await this.juju.removeRelation(`${this.judged}:${this.#endpoint}`, `${this.other}:${kitEndpoint}`);
  }

  /** Makes another unit the leader. */
  async changeLeader(): Promise<void> {
    const leader = this.juju.leader(this.judged);
    const next = this.units.find((unit) => unit !== leader);
    if (next !== undefined) await this.juju.setLeader(next);
  }

  /** Whether the charm declares an action. */
  hasAction(name: string): boolean {
    return this.#actions.has(name);
  }

  /** Runs an action of the charm; undefined where it does not end. */
  async act(
    unit: string,
    name: string,
    parameters: Readonly<Record<string, unknown>>,
  ): Promise<ActionResult | undefined> {
    const { id, result } = this.juju.startAction(unit, name, parameters);
    const watch = new AbortController();
    const ended = await Promise.race([result, timeIsUp(this.#waited, watch.signal)]);
    watch.abort();
    if (ended === undefined) await this.juju.cancelTask(id).catch(() => undefined);
    return ended;
  }

  /** Takes everything down. */
  async strike(): Promise<void> {
    this.recording.look();
    await close(this.juju, this.observer, this.#directory);
  }

  #isInError(unit: string): boolean {
    return this.juju.status().applications[this.judged]?.units[unit]?.agent.name === "error";
  }
}

function callOf({ number, type, unit }: ObservedCall): {
  readonly call: number;
  readonly type: "backup" | "restore";
  readonly unit?: string;
} {
  return { call: number, type, ...(unit === "" ? {} : { unit }) };
}

async function close(juju: SimulatedJuju, observer: Observer, directory: string): Promise<void> {
  await juju.stop();
  await observer.close();
  await rm(directory, { recursive: true, force: true });
}
