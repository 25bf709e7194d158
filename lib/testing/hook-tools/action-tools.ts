/**
 * The hook tools about the running action: action-get, action-set, action-log and action-fail.
 *
 * @module
 * @see https://documentation.ubuntu.com/juju/3.6/reference/hook-command/list-of-hook-commands/action-get/
 */
import { asMapping } from "../model/mapping.ts";
import {
  failed,
  misused,
  requireNoMore,
  type HookTool,
  type ToolAction,
  type ToolContext,
} from "./hook-tool.ts";

const keyRule = /^[a-z0-9](?:[a-z0-9\-.]*[a-z0-9])?$/u;
const reserved: ReadonlySet<string> = new Set(["stdout", "stdout-encoding", "stderr", "stderr-encoding"]);

function actionOf(context: ToolContext): ToolAction {
  return context.action ?? failed("not running an action");
}

const actionGet: HookTool = {
  name: "action-get",
  format: "smart",
  run: ({ context, args }) => {
    const [key, ...more] = args;
    requireNoMore(more);
    const { parameters } = actionOf(context);
    if (key === undefined) return { value: parameters };
    let value: unknown = parameters;
    for (const part of key.split(".")) value = asMapping(value)?.[part];
    return { value: value ?? null };
  },
};

const actionSet: HookTool = {
  name: "action-set",
  run: ({ context, args }) => {
    const pairs = args.map((arg) => {
      const at = arg.indexOf("=");
      if (at < 0) misused(`argument ${JSON.stringify(arg)} must be of the form key...=value`);
      const path = arg.slice(0, at).split(".");
      for (const key of path) checkKey(key);
      return { path, value: arg.slice(at + 1) };
    });
    const action = actionOf(context);
    for (const { path, value } of pairs) action.setResult(path, value);
    return {};
  },
};

function checkKey(key: string): void {
  if (!keyRule.test(key)) {
    misused(
      `key ${JSON.stringify(key)} must start and end with lowercase alphanumeric, ` +
        "and contain only lowercase alphanumeric, hyphens and periods",
    );
  }
  if (reserved.has(key)) misused(`cannot set reserved action key "${key}"`);
}

const actionLog: HookTool = {
  name: "action-log",
  run: ({ context, args }) => {
    if (args.length === 0) misused("no message specified");
    actionOf(context).log(args.join(" "));
    return {};
  },
};

const actionFail: HookTool = {
  name: "action-fail",
  run: ({ context, args }) => {
    const [message = "action failed without reason given, check action for errors", ...more] = args;
    requireNoMore(more);
    actionOf(context).fail(message);
    return {};
  },
};

/** The tools of this file. */
export const actionTools: readonly HookTool[] = [actionGet, actionSet, actionLog, actionFail];
