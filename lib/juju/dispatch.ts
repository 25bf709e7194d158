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
import { secretFilesOn } from "./secret-files.ts";
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
  /**
   * Adds a check that is made when the charm has done everything it does in this dispatch. One that throws fails the
   * dispatch: in a hook, Juju then drops what it wrote to databags and runs it again.
   */
  readonly atEnd: (check: () => void) => void;
}

/**
 * The dispatch that this process was started for.
 *
 * @param environment Default: the environment of this process.
 * @throws ConfigurationError where the environment is none that Juju gives to a charm.
 */
export function currentDispatch(environment: NodeJS.ProcessEnv = process.env): Dispatch {
  const runTool = processToolRunner(environment, hookToolTimeoutMs);
  return dispatchWith(environment, runTool, nodeMachine, failProcessAtEnd);
}

/** Runs a charm's code for one dispatch, and makes the checks of its end. */
export async function runDispatch(
  charm: (dispatch: Dispatch) => Promise<void>,
  environment: Readonly<NodeJS.ProcessEnv>,
  runTool: ToolRunner,
  machine: Machine,
): Promise<void> {
  const checks: (() => void)[] = [];
  await charm(dispatchWith(environment, runTool, machine, (check) => void checks.push(check)));
  for (const check of checks) check();
}

/** For a charm that is run by nobody who could make the check: the process makes it when it ends. */
function failProcessAtEnd(check: () => void): void {
  process.once("exit", () => {
    try {
      check();
    } catch {
      process.exitCode = 1;
    }
  });
}

function dispatchWith(
  environment: Readonly<NodeJS.ProcessEnv>,
  runTool: ToolRunner,
  machine: Machine,
  atEnd: Dispatch["atEnd"],
): Dispatch {
  return {
    juju: new HookTools({
      environment,
      runTool,
      ...(machine === nodeMachine ? {} : { secretFiles: secretFilesOn(machine.disk) }),
    }),
    event: currentEvent(environment),
    machine,
    charmDirectory: environment["JUJU_CHARM_DIR"] ?? process.cwd(),
    environment,
    runTool,
    atEnd,
  };
}
