/**
 * The hook tools about relations: relation-ids, relation-list, relation-model-get, relation-get and relation-set.
 *
 * @module
 * @see https://documentation.ubuntu.com/juju/3.6/reference/hook-command/list-of-hook-commands/
 */
import { applicationOf, isApplicationName, isUnitName } from "../model/unit-name.ts";
import type { FlagDefinition } from "./flags.ts";
import {
  failed,
  keyValues,
  misused,
  requireNoMore,
  type HookTool,
  type ToolCall,
  type ToolContext,
  type ToolRelation,
} from "./hook-tool.ts";
import { readSettingsFile } from "./settings-file.ts";

const boolean: FlagDefinition = { kind: "boolean" };
const text: FlagDefinition = { kind: "text" };

/** The flag that names a relation; its value is checked by {@link checkRelation} as soon as it is read. */
export const relationFlags: Readonly<Record<string, FlagDefinition>> = {
  relation: text,
  r: { kind: "text", aliasOf: "relation" },
};

/** Says what is wrong with a relation id, if anything is. */
export function checkRelation(context: ToolContext, value: string): string | undefined {
  const colon = value.lastIndexOf(":");
  const id = value.slice(colon + 1);
  if (!/^[+-]?[0-9]+$/u.test(id)) return "invalid relation id";
  const found = context.relations.find((relation) => relation.id === Number(id));
  // Juju up to 4.0 does not look at the endpoint before the colon.
  const isAnother = context.checksEndpoints && colon > 0 && found?.endpoint !== value.slice(0, colon);
  return found === undefined || isAnother ? "relation not found" : undefined;
}

/** The relation that a tool is to work on: the one of its flag, or else the hook's own. */
export function relationOf({ context, flags }: ToolCall): ToolRelation {
  const given = flags.text("relation");
  const id = given === undefined ? context.hookRelation?.id : Number(given.slice(given.lastIndexOf(":") + 1));
  return context.relations.find((relation) => relation.id === id) ?? misused("no relation id specified");
}

const relationIds: HookTool = {
  name: "relation-ids",
  format: "smart",
  run: ({ context, args }) => {
    const [endpoint = context.hookRelation?.endpoint, ...more] = args;
    requireNoMore(more);
    if (endpoint === undefined) misused("no endpoint name specified");
    const related = context.relations.filter((relation) => relation.endpoint === endpoint);
    return { value: related.map((relation) => `${relation.endpoint}:${relation.id}`).toSorted() };
  },
};

const relationList: HookTool = {
  name: "relation-list",
  format: "smart",
  flags: { ...relationFlags, app: boolean },
  run: (call) => {
    const relation = relationOf(call);
    requireNoMore(call.args);
    return { value: call.flags.isSet("app") ? relation.remoteApplication : relation.members };
  },
};

const relationModelGet: HookTool = {
  name: "relation-model-get",
  format: "smart",
  flags: relationFlags,
  run: (call) => {
    const relation = relationOf(call);
    requireNoMore(call.args);
    return { value: { uuid: relation.otherModelUuid ?? call.context.model.uuid } };
  },
};

interface Target {
  readonly name: string;
  readonly isApplication: boolean;
}

function readTarget(context: ToolContext, given: string | undefined, wantsApplication: boolean): Target {
  if (given !== undefined) {
    if (wantsApplication) {
      return { name: isUnitName(given) ? applicationOf(given) : given, isApplication: true };
    }
    if (isUnitName(given)) return { name: given, isApplication: false };
    if (isApplicationName(given))
      misused(`expected unit name, got application name ${JSON.stringify(given)}`);
    misused(`invalid unit name ${JSON.stringify(given)}`);
  }
  const { remoteUnit, remoteApplication } = context;
  if (!wantsApplication && remoteUnit !== undefined) return { name: remoteUnit, isApplication: false };
  if (remoteApplication !== undefined) return { name: remoteApplication, isApplication: true };
  return misused("no unit or application specified");
}

function readDatabag(
  context: ToolContext,
  relation: ToolRelation,
  target: Target,
): Readonly<Record<string, string>> {
  const { name } = target;
  if (target.isApplication) {
    if (name === context.application) {
      if (context.isLeader()) return relation.applicationSettings().map();
      return relation.isPeer ? relation.readApplication(name) : failed("permission denied");
    }
    return name === relation.remoteApplication ? relation.readApplication(name) : failed("permission denied");
  }
  if (name === context.unit) return relation.unitSettings().map();
  if (applicationOf(name) !== relation.remoteApplication) return failed("permission denied");
  const subject = `unit ${JSON.stringify(name)}`;
  return (
    relation.readUnit(name) ??
    failed(
      `cannot read settings for ${subject} in relation ${JSON.stringify(relation.key)}: ${subject}: settings not found`,
    )
  );
}

const relationGet: HookTool = {
  name: "relation-get",
  format: "smart",
  flags: { ...relationFlags, app: boolean },
  run: (call) => {
    const relation = relationOf(call);
    const [given = "-", unitOrApplication, ...more] = call.args;
    const target = readTarget(call.context, unitOrApplication, call.flags.isSet("app"));
    requireNoMore(more);
    const settings = readDatabag(call.context, relation, target);
    if (given === "-" || given === "") return { value: settings };
    return { value: Object.hasOwn(settings, given) ? (settings[given] ?? null) : null };
  },
};

const relationSet: HookTool = {
  name: "relation-set",
  flags: { ...relationFlags, app: boolean, file: text, format: text },
  run: (call) => {
    const { context, flags } = call;
    const relation = relationOf(call);
    const overrides = keyValues(call.args);
    const file = flags.text("file");
    const settings = file === undefined || file === "" ? [] : readSettingsFile(call.readInput(file));
    const toApplication = flags.isSet("app");
    if (toApplication && !context.isLeader()) failed("cannot write relation settings");
    const buffer = toApplication ? relation.applicationSettings() : relation.unitSettings();
    for (const [key, value] of new Map([...settings, ...overrides])) buffer.set(key, value);
    return deprecatedFormat(call, "relation-set");
  },
};

/** What a tool says that takes `--format` without having a use for it. */
export function deprecatedFormat({ flags }: ToolCall, name: string): { stderr?: string } {
  return (flags.text("format") ?? "") === ""
    ? {}
    : { stderr: `--format flag deprecated for command "${name}"` };
}

/** The tools of this file. */
export const relationTools: readonly HookTool[] = [
  relationIds,
  relationList,
  relationModelGet,
  relationGet,
  relationSet,
];
