/**
 * One dispatch of a charm: what Juju starts its code with.
 *
 * @module
 */
import type { Machine } from "../machine/machine.ts";
import { thrownText } from "../thrown.ts";
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
   * Adds what is done when the charm has done all else of this dispatch: a check, or a write that nothing may come after.
   * One that throws fails the dispatch: in a hook, Juju then drops what was written to databags and runs it again.
   */
  readonly atEnd: (last: () => void | Promise<void>) => void;
}

/**
 * The dispatch that this process was started for.
 *
 * @param environment Default: the environment of this process.
 * @throws ConfigurationError where the environment is none that Juju gives to a charm.
 */
export function currentDispatch(environment: NodeJS.ProcessEnv = process.env): Dispatch {
  const runTool = processToolRunner(environment, hookToolTimeoutMs);
  return dispatchWith(environment, runTool, nodeMachine, atEndOfProcess);
}

/** Runs a charm's code for one dispatch, and then what it left to the end. */
export async function runDispatch(
  charm: (dispatch: Dispatch) => Promise<void>,
  environment: Readonly<NodeJS.ProcessEnv>,
  runTool: ToolRunner,
  machine: Machine,
): Promise<void> {
  const atEnd: (() => void | Promise<void>)[] = [];
  await charm(dispatchWith(environment, runTool, machine, (last) => void atEnd.push(last)));
  for (const last of atEnd) await last();
}

/**
 * For a charm that nobody runs who could do it: the process does it when it has nothing else left to do. One that calls
 * `process.exit()` has its checks made, but writes nothing any more.
 */
function atEndOfProcess(last: () => void | Promise<void>): void {
  let isDone = false;
  const end = async (): Promise<void> => {
    if (isDone) return;
    isDone = true;
    try {
      await last();
    } catch (error) {
      process.exitCode = 1;
      process.stderr.write(`${thrownText(error)}\n`);
    }
  };
  process.once("beforeExit", () => void end());
  process.once("exit", () => void end());
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
