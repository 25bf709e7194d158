/**
 * One dispatch of a charm: what Juju starts its code with.
 *
 * @module
 */
import type { Machine } from "../machine/machine.ts";
import { nodeMachine } from "../machine/node-machine.ts";
import { currentEvent, type JujuEvent } from "./event.ts";
import { HookTools } from "./hook-tools.ts";
import type { Juju } from "./juju.ts";
import { hookToolTimeoutMs, processToolRunner, type ToolRunner } from "./tool-runner.ts";

/**
 * One dispatch. A charm that is a function of it runs under Juju and, unchanged, in the process of a test.
 */
export interface Dispatch {
  readonly juju: Juju;
  /** Why the charm was dispatched. */
  readonly event: JujuEvent;
  /** The machine that the unit runs on. */
  readonly machine: Machine;
  /** The charm's own directory. */
  readonly charmDirectory: string;
  /** What Juju says in environment variables. */
  readonly environment: Readonly<NodeJS.ProcessEnv>;
  /** Runs one of Juju's hook tools, for what the port `juju` does not have. */
  readonly runTool: ToolRunner;
}

/**
 * The dispatch that this process was started for.
 *
 * @param environment Default: the environment of this process.
 * @throws ConfigurationError where the environment is none that Juju gives to a charm.
 */
export function currentDispatch(environment: NodeJS.ProcessEnv = process.env): Dispatch {
  return dispatchWith(environment, processToolRunner(environment, hookToolTimeoutMs), nodeMachine);
}

/** A dispatch with the given ways to reach Juju and the machine. */
export function dispatchWith(
  environment: Readonly<NodeJS.ProcessEnv>,
  runTool: ToolRunner,
  machine: Machine,
): Dispatch {
  return {
    juju: new HookTools({ environment, runTool }),
    event: currentEvent(environment),
    machine,
    charmDirectory: environment["JUJU_CHARM_DIR"] ?? process.cwd(),
    environment,
    runTool,
  };
}
