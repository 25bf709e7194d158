/**
 * The results that an action gathers, and how it ends.
 *
 * @module
 * @see https://documentation.ubuntu.com/juju/3.6/reference/action/
 */
import type { ToolAction } from "../hook-tools/hook-tool.ts";
import type { ActionResult, ActionTask, ProcessEnd } from "./operation.ts";

interface Results {
  [key: string]: string | Results;
}

/** The running action. */
export class ActionData implements ToolAction {
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly #task: ActionTask;
  readonly #results: Results = {};
  #failure: string | undefined;

  constructor(task: ActionTask) {
    this.parameters = task.parameters;
    this.#task = task;
  }

  setResult(path: readonly string[], value: string): void {
    let results = this.#results;
    for (const key of path.slice(0, -1)) {
      const below = results[key];
      const next: Results = typeof below === "object" ? below : {};
      results[key] = next;
      results = next;
    }
    const last = path.at(-1);
    if (last !== undefined) results[last] = value;
  }

  log(message: string): void {
    this.#task.log.push(message);
  }

  fail(message: string): void {
    this.#failure = message;
  }

  /** Tells the result, given how the process ended and whether its writes could be committed. */
  result(end: ProcessEnd, committed: boolean): ActionResult {
    const results = {
      ...flatten(this.#results),
      "return-code": String(end.exitCode),
      ...(end.stdout === "" ? {} : { stdout: end.stdout }),
      ...(end.stderr === "" ? {} : { stderr: end.stderr }),
    };
    let failure = this.#failure;
    if (end.exitCode !== 0) failure = `exit status ${end.exitCode}`;
    else if (!committed) failure = "committing requested changes failed";
    const isAborted = this.#task.isCancelled && end.exitCode !== 0;
    if (isAborted) failure = "signal: killed";
    const failedStatus = isAborted ? "aborted" : "failed";
    return {
      status: failure === undefined ? "completed" : failedStatus,
      results,
      message: failure ?? "",
      log: [...this.#task.log],
    };
  }
}

function flatten(results: Results, prefix = ""): Record<string, string> {
  const flat: Record<string, string> = {};
  for (const [key, value] of Object.entries(results)) {
    if (typeof value === "string") flat[prefix + key] = value;
    else Object.assign(flat, flatten(value, `${prefix}${key}.`));
  }
  return flat;
}
