/**
 * Lists what may happen next in a model that goes step by step, each with how to let it happen.
 *
 * @module
 */
import { operationName, operationRelation, type Operation } from "../agent/operation.ts";
import type { AgentLoop } from "../agent/agent-loop.ts";
import { exit, type InProcessRunner } from "../in-process/in-process-runner.ts";
import type { Pending, SimulatedProcess } from "../in-process/simulated-process.ts";
import type { SimulatedMachine } from "../in-process/simulated-machine.ts";
import type { Timer, VirtualClock } from "../in-process/virtual-clock.ts";
import type { Fault, Step } from "./step.ts";

/** An agent whose charm runs in this process. */
export interface SteppedAgent {
  readonly loop: AgentLoop;
  readonly inProcess: InProcessRunner;
}

/** What goes step by step. */
export interface SteppedModel {
  readonly clock: VirtualClock;
  /** The agents that live. */
  readonly agents: readonly SteppedAgent[];
  /** The machines, oldest first, those of units that are no more included. */
  readonly machines: readonly SimulatedMachine[];
}

/** A step, and how to let it happen. */
export interface PossibleStep {
  readonly step: Step;
  /** Whether it may still happen, when other things have happened since. */
  readonly isPossible: () => boolean;
  readonly happen: (fault: Fault | undefined) => void;
}

/** Lists the steps: units in the order of their age, then workers, then the clock. */
export function possibleSteps({ agents, machines, clock }: SteppedModel): readonly PossibleStep[] {
  const possible: PossibleStep[] = [];
  for (const { loop, inProcess } of agents) possible.push(...agentSteps(loop, inProcess));
  for (const machine of machines) {
    const { running } = machine;
    if (running.length === 0) continue;
    const unit = agents.find(({ inProcess }) => inProcess.machine === machine)?.loop.agent.unit;
    for (const process of running) possible.push(...workerSteps(machine, process, unit));
  }
  possible.push(...timeSteps(clock));
  return distinct(possible);
}

function agentSteps(loop: AgentLoop, inProcess: InProcessRunner): readonly PossibleStep[] {
  const { agent, operation } = loop;
  const { unit } = agent;
  const where = { unit, machine: inProcess.machine.name };
  const { process } = inProcess;
  if (process !== undefined && operation !== undefined) {
    return process.pending.map((pending) => dispatchStep(where, loop, process, pending, operation));
  }
  const next = loop.outlook;
  if (next === undefined) return [];
  if (next === "notice") {
    const step = { name: `${unit} takes note`, kind: "notice", ...where, what: "takes note" } as const;
    return [
      {
        step: { ...step, args: [], faults: [] },
        isPossible: () => loop.outlook === next,
        happen: () => loop.takeNote(),
      },
    ];
  }
  const what = described(next);
  const step = { name: `${unit} begins ${what}`, kind: "begin", ...where, what } as const;
  return [
    {
      step: { ...step, args: [], faults: [] },
      isPossible: () => isOperation(loop.outlook) && described(loop.outlook) === what,
      happen: () => loop.begin(),
    },
  ];
}

function isOperation(outlook: AgentLoop["outlook"]): outlook is Operation {
  return outlook !== undefined && outlook !== "notice";
}

function dispatchStep(
  where: { readonly unit: string; readonly machine: string },
  loop: AgentLoop,
  process: SimulatedProcess,
  pending: Pending,
  operation: Operation,
): PossibleStep {
  const { what, args, fails } = pending.intent;
  const isEnd = pending.intent === exit;
  const done = isEnd ? described(operation) : what;
  const step: Step = {
    name: `${where.unit} ${isEnd ? `ends ${done}` : done}`,
    kind: isEnd ? "end" : "act",
    ...where,
    what: done,
    args,
    faults: [
      "kill",
      "exit-1",
      ...(fails === undefined ? [] : (["fail"] as const)),
      ...(isEnd ? (["uncommitted", "unrecorded"] as const) : []),
    ],
  };
  const happen = (fault: Fault | undefined): void => {
    if (fault === "kill" || fault === "exit-1") {
      process.kill(fault === "kill" ? undefined : 1);
      return;
    }
    if (fault === "uncommitted" || fault === "unrecorded") {
      loop.killAtEnd(fault === "uncommitted" ? "now" : "unrecorded");
    }
    pending.go(fault === "fail");
  };
  return { step, isPossible: () => process.pending.includes(pending), happen };
}

function workerSteps(
  machine: SimulatedMachine,
  process: SimulatedProcess,
  unit: string | undefined,
): readonly PossibleStep[] {
  const { pid } = process.identity;
  return process.pending.map((pending): PossibleStep => {
    const { what, args, fails } = pending.intent;
    return {
      step: {
        name: `${machine.name} process ${pid} ${what}`,
        kind: "act",
        machine: machine.name,
        ...(unit === undefined ? {} : { unit }),
        pid,
        what,
        args,
        faults: fails === undefined ? ["kill"] : ["kill", "fail"],
      },
      isPossible: () => process.pending.includes(pending),
      happen: (fault) => {
        if (fault === "kill") machine.kill(pid);
        else pending.go(fault === "fail");
      },
    };
  });
}

function timeSteps(clock: VirtualClock): readonly PossibleStep[] {
  const nowMs = clock.now().getTime();
  const isDue = ({ dueMs }: Timer): boolean => dueMs <= nowMs;
  const due = clock.timers.filter(isDue).map((timer): PossibleStep => {
    const step = { name: `timer: ${timer.what}`, kind: "timer", what: timer.what } as const;
    return {
      step: { ...step, args: [], faults: [] },
      isPossible: () => clock.timers.includes(timer),
      happen: () => clock.fire(timer),
    };
  });
  const later = clock.timers.find((timer) => !isDue(timer));
  if (later === undefined) return due;
  const step = { name: "time passes", kind: "time", what: "time passes", ms: later.dueMs - nowMs } as const;
  return [
    ...due,
    {
      step: { ...step, args: [], faults: [] },
      isPossible: () => clock.now().getTime() === nowMs && clock.timers.includes(later),
      happen: () => clock.moveTo(new Date(later.dueMs)),
    },
  ];
}

/** An operation with what it is about, without anything that differs from run to run. */
function described(operation: Operation): string {
  const relation = operationRelation(operation);
  const name = operationName(operation);
  if (relation === undefined) return name;
  return `${name} ${relation.id} ${relation.remoteUnit ?? relation.remoteApplication}`;
}

/** Numbers steps that would have the same name. */
function distinct(possible: readonly PossibleStep[]): readonly PossibleStep[] {
  if (new Set(possible.map(({ step }) => step.name)).size === possible.length) return possible;
  const counts = new Map<string, number>();
  return possible.map((each) => {
    const { name } = each.step;
    const count = (counts.get(name) ?? 0) + 1;
    counts.set(name, count);
    return count === 1 ? each : { ...each, step: { ...each.step, name: `${name} (${count})` } };
  });
}
