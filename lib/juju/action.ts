/**
 * Runs a charm's actions.
 *
 * @module
 */
import { isDatabaseBackupError } from "../errors.ts";
import type { Juju } from "./juju.ts";

/** What an action was given, read as what its charm declares it to be. */
export class ActionParameters {
  readonly #values: Readonly<Record<string, unknown>>;

  constructor(values: Readonly<Record<string, unknown>>) {
    this.#values = values;
  }

  /** A text; undefined where it is missing or empty. */
  text(name: string): string | undefined {
    const value = this.#values[name];
    return typeof value === "string" && value !== "" ? value : undefined;
  }

  /** One of several words; undefined where it is missing or none of them, which the charm's declaration rules out. */
  choice<Word extends string>(name: string, words: readonly Word[]): Word | undefined {
    return words.find((word) => word === this.#values[name]);
  }

  /** A whole number; undefined where it is missing. */
  integer(name: string): number | undefined {
    const value = this.#values[name];
    return typeof value === "number" && Number.isInteger(value) ? value : undefined;
  }

  /** Yes or no; undefined where it is missing. */
  flag(name: string): boolean | undefined {
    const value = this.#values[name];
    return typeof value === "boolean" ? value : undefined;
  }
}

/** Does what an action is for, and gives its results. */
export type ActionHandler = (parameters: ActionParameters) => Promise<Readonly<Record<string, string>>>;

/**
 * Runs the handler of an action. An error of this library fails the action with its message and its remedy; any other,
 * and a hook tool that failed, fails the dispatch, so that nothing half-done is written.
 *
 * @param handlers By the actions' names.
 */
export async function runAction(
  juju: Juju,
  name: string,
  handlers: Readonly<Record<string, ActionHandler>>,
): Promise<void> {
  const handler = Object.hasOwn(handlers, name) ? handlers[name] : undefined;
  if (handler === undefined) {
    await juju.failAction(`This charm does not handle the action ${name}.`);
    return;
  }
  try {
    const results = await handler(new ActionParameters(await juju.actionParameters()));
    await juju.setActionResults(results);
  } catch (error) {
    if (!isDatabaseBackupError(error) || error.code === "hook-tool-failed") throw error;
    await juju.failAction(`${error.message} ${error.remedy}`);
  }
}
