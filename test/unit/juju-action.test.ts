import { describe, expect, test } from "vitest";
import { JournalError, RequestError } from "../../lib/errors.ts";
import { ActionParameters, runAction, type ActionHandler } from "../../lib/juju/action.ts";
import type { Juju } from "../../lib/juju/juju.ts";

/** The part of Juju that actions use. */
class ActionJuju {
  readonly failures: string[] = [];
  readonly results: Readonly<Record<string, string>>[] = [];
  readonly parameters: Readonly<Record<string, unknown>>;

  constructor(parameters: Readonly<Record<string, unknown>> = {}) {
    this.parameters = parameters;
  }

  async run(name: string, handlers: Readonly<Record<string, ActionHandler>>): Promise<void> {
    const juju = {
      actionParameters: async () => this.parameters,
      setActionResults: async (results: Readonly<Record<string, string>>) => void this.results.push(results),
      failAction: async (message: string) => void this.failures.push(message),
    };
    await runAction(juju as unknown as Juju, name, handlers);
  }
}

describe("an action", () => {
  test("gives its handler the parameters, and its results to Juju", async () => {
    const juju = new ActionJuju({ database: "postgresql" });
    await juju.run("list", {
      list: async (parameters) => ({ database: parameters.text("database") ?? "" }),
      other: async () => ({ wrong: "handler" }),
    });
    expect(juju.results).toEqual([{ database: "postgresql" }]);
    expect(juju.failures).toEqual([]);
  });

  test("fails with the message and the remedy of the library's error", async () => {
    const juju = new ActionJuju();
    const error = new RequestError("job-unknown", "There is no job x.", {
      remedy: "Look for it with list-jobs.",
    });
    await juju.run("show", { show: async () => await Promise.reject(error) });
    expect(juju.failures).toEqual(["There is no job x. Look for it with list-jobs."]);
    expect(juju.results).toEqual([]);
  });

  test("fails likewise whatever the library's error is", async () => {
    const juju = new ActionJuju();
    const error = new JournalError("The disk is full.", {
      remedy: "Free some space.",
      cause: new Error("ENOSPC"),
    });
    await juju.run("show", { show: async () => await Promise.reject(error) });
    expect(juju.failures).toEqual(["The disk is full. Free some space."]);
  });

  test("lets any other error fail the dispatch", async () => {
    const juju = new ActionJuju();
    const error = new TypeError("x is not a function");
    await expect(juju.run("show", { show: async () => await Promise.reject(error) })).rejects.toBe(error);
    expect(juju.failures).toEqual([]);
    expect(juju.results).toEqual([]);
  });

  test("that nobody handles fails, and says so", async () => {
    const juju = new ActionJuju();
    await juju.run("vanish", { show: async () => ({}) });
    expect(juju.failures).toEqual(["This charm does not handle the action vanish."]);
    expect(juju.results).toEqual([]);
  });
});

describe("the parameters of an action", () => {
  const parameters = new ActionParameters({
    text: "a",
    empty: "",
    zero: 0,
    whole: 3,
    half: 3.5,
    digits: "3",
    no: false,
    yes: true,
    word: "full",
    nothing: null,
  });

  test("are texts, and an empty one is none", () => {
    expect(parameters.text("text")).toBe("a");
    expect(["empty", "whole", "nothing", "missing"].map((name) => parameters.text(name))).toEqual([
      undefined,
      undefined,
      undefined,
      undefined,
    ]);
  });

  test("are whole numbers, zero included", () => {
    expect(parameters.integer("whole")).toBe(3);
    expect(parameters.integer("zero")).toBe(0);
    expect(["half", "digits", "yes", "missing"].map((name) => parameters.integer(name))).toEqual([
      undefined,
      undefined,
      undefined,
      undefined,
    ]);
  });

  test("are flags, no included", () => {
    expect(parameters.flag("yes")).toBe(true);
    expect(parameters.flag("no")).toBe(false);
    expect(["zero", "text", "missing"].map((name) => parameters.flag(name))).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
  });

  test("are choices of known words", () => {
    expect(parameters.choice("word", ["full", "incremental"])).toBe("full");
    expect(parameters.choice("text", ["full", "incremental"])).toBeUndefined();
    expect(parameters.choice("missing", ["full"])).toBeUndefined();
  });
});
