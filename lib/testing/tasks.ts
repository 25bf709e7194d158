/**
 * The actions that a model was asked to run: their numbers, and calling them off.
 *
 * @module
 * @see https://documentation.ubuntu.com/juju/3.6/reference/action/
 */
import { randomUUID } from "node:crypto";
import { ConfigurationError } from "../errors.ts";
import type { AgentLoop } from "./agent/agent-loop.ts";
import type { ActionResult } from "./agent/operation.ts";

/** An action that waits for its turn, runs, or has run. */
export interface StartedAction {
  /** The number of its task, as `juju show-task` takes it. */
  readonly id: string;
  /** Comes when it has ended, in whatever way. */
  readonly result: Promise<ActionResult>;
}

/** The tasks of a model. */
export class Tasks {
  readonly #loops = new Map<string, AgentLoop>();
  #next = 1;

  /** Lets an agent run an action when its turn has come. */
  start(loop: AgentLoop, name: string, parameters: Readonly<Record<string, unknown>>): StartedAction {
    const id = String(this.#next++);
    this.#loops.set(id, loop);
    const result = new Promise<ActionResult>((resolve) => {
      const finished = (ended: ActionResult): void => {
        this.#loops.delete(id);
        resolve(ended);
      };
      loop.agent.requests.addAction({
        id,
        uuid: randomUUID(),
        name,
        parameters,
        log: [],
        isCancelled: false,
        finished,
      });
    });
    loop.wake();
    return { id, result };
  }

  /** Calls off an action. @throws ConfigurationError where it neither waits nor runs. */
  cancel(id: string): void {
    if (this.#loops.get(id)?.cancelAction(id) === true) return;
    throw new ConfigurationError(`No action with the id "${id}" waits or runs`, {
      remedy: "Use the id of an action that has not yet ended.",
    });
  }
}
