/**
 * What a unit was asked to run and has not yet begun: actions, and commands of `juju-exec`.
 *
 * @module
 */
import type { ActionTask, CommandRequest, Operation, ProcessEnd } from "./operation.ts";

/** What happens to a command whose agent is killed. */
export const commandLost: ProcessEnd = { exitCode: 1, stdout: "", stderr: "ERROR connection is shut down\n" };

/** The requests of one unit, in the order in which they came; actions first. */
export class RequestQueue {
  readonly #actions: ActionTask[] = [];
  readonly #commands: CommandRequest[] = [];

  addAction(task: ActionTask): void {
    this.#actions.push(task);
  }

  addCommand(command: CommandRequest): void {
    this.#commands.push(command);
  }

  /** The request whose turn it is, if any. */
  next(): Operation | undefined {
    const [task] = this.#actions;
    if (task !== undefined) return { kind: "action", task };
    const [command] = this.#commands;
    return command === undefined ? undefined : { kind: "command", command };
  }

  /** Takes note that a request waits no longer. A hook is none. */
  begun({ kind }: Operation): void {
    if (kind === "action") this.#actions.shift();
    if (kind === "command") this.#commands.shift();
  }

  /** Takes back an action that waits, if it is there. */
  cancelAction(id: string): boolean {
    const at = this.#actions.findIndex((task) => task.id === id);
    const [task] = at < 0 ? [] : this.#actions.splice(at, 1);
    task?.finished({ status: "cancelled", results: {}, message: "action cancelled via the API", log: [] });
    return task !== undefined;
  }

  /** Forgets the commands, as an agent does that is killed. Actions are the controller's. */
  loseCommands(): void {
    for (const command of this.#commands.splice(0)) command.finished(commandLost);
  }

  /** Ends everything that waits, because the unit is gone. */
  abandon(): void {
    for (const task of this.#actions.splice(0)) {
      task.finished({ status: "aborted", results: {}, message: "the unit is gone", log: [...task.log] });
    }
    for (const command of this.#commands.splice(0)) {
      command.finished({ exitCode: 1, stdout: "", stderr: "ERROR the unit is gone\n" });
    }
  }
}
