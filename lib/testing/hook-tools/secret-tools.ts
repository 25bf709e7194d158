/**
 * The hook tools about secrets: secret-add, secret-get, secret-info-get, secret-set, secret-grant, secret-revoke,
 * secret-remove and secret-ids.
 *
 * @module
 * @see https://documentation.ubuntu.com/juju/3.6/reference/hook-command/list-of-hook-commands/secret-add/
 */
import type { SecretContent } from "../model/secret.ts";
import { applicationOf, isApplicationName, isUnitName, unitTag } from "../model/unit-name.ts";
import type { FlagDefinition } from "./flags.ts";
import { failed, misused, requireNoMore, type HookTool } from "./hook-tool.ts";
import { relationFlags, relationOf } from "./relation-tools.ts";
import { requiredId, secretId, secretSettings, settingsFlags } from "./secret-arguments.ts";
import type { SecretMetadata } from "./tool-secrets.ts";

const text: FlagDefinition = { kind: "text" };
const boolean: FlagDefinition = { kind: "boolean" };

const secretAdd: HookTool = {
  name: "secret-add",
  flags: settingsFlags,
  run: (call) => {
    const { context, flags, args } = call;
    if (args.length === 0 && (flags.text("file") ?? "") === "") misused("missing secret value or filename");
    const settings = secretSettings(call, args);
    if (settings.content === undefined) failed("empty secret value not valid");
    const owner = flags.text("owner") === "unit" ? "unit" : "application";
    return { stdout: `secret:${context.secrets.create(owner, settings)}\n` };
  },
};

const secretGet: HookTool = {
  name: "secret-get",
  format: "yaml",
  flags: { label: text, peek: boolean, refresh: boolean },
  run: ({ context, flags, args }) => {
    const [uri, key, ...more] = args;
    const id = uri === undefined ? undefined : secretId(uri);
    const label = flags.text("label") ?? "";
    if (id === undefined && label === "") misused("require either a secret URI or label");
    const refresh = flags.isSet("refresh");
    const peek = flags.isSet("peek");
    if (peek && refresh) misused("specify one of --peek or --refresh but not both");
    requireNoMore(more);
    const content = context.secrets.read({ id, label, refresh, peek });
    if (key !== undefined && key !== "") return { value: valueOf(content, key) };
    return {
      value: Object.fromEntries(Object.entries(content).map(([name, value]) => [name, decode(value)])),
    };
  },
};

function valueOf(content: SecretContent, key: string): string {
  const isEncoded = key.endsWith("#base64");
  const name = isEncoded ? key.slice(0, -"#base64".length) : key;
  const value = content[name] ?? failed(`secret key value ${JSON.stringify(name)} not found`);
  return isEncoded ? value : decode(value);
}

function decode(value: string): string {
  const wrong = /[^A-Za-z0-9+/=]/u.exec(value)?.index ?? (value.length % 4 === 0 ? undefined : value.length);
  if (wrong !== undefined) failed(`illegal base64 data at input byte ${wrong}`);
  return Buffer.from(value, "base64").toString("utf8");
}

const secretInfoGet: HookTool = {
  name: "secret-info-get",
  format: "yaml",
  flags: { label: text },
  run: ({ context, flags, args }) => {
    const [uri, ...more] = args;
    const id = uri === undefined ? undefined : secretId(uri);
    const label = flags.text("label") ?? "";
    if (id === undefined && label === "") misused("require either a secret URI or label");
    if (id !== undefined && label !== "") misused("specify either a secret URI or label but not both");
    requireNoMore(more);
    for (const [each, metadata] of context.secrets.metadata()) {
      if (id === undefined ? metadata.label === label : each === id)
        return { value: { [each]: shown(metadata) } };
    }
    return failed(`secret ${JSON.stringify(id ?? label)} not found`);
  },
};

function shown(metadata: SecretMetadata): ReadonlyMap<string, unknown> {
  const { revision, label, owner, description, rotation, expires, rotates, access } = metadata;
  const entries: readonly (readonly [string, unknown])[] = [
    ["revision", revision],
    ["label", label],
    ["owner", owner],
    ["description", description === "" ? undefined : description],
    ["rotation", rotation],
    ["expiry", expires === undefined ? undefined : goTime(expires)],
    ["rotates", rotates === undefined ? undefined : goTime(rotates)],
    [
      "access",
      access.length === 0
        ? undefined
        : access.map(
            ({ subject, relationKey }) =>
              new Map([
                ["target", isUnitName(subject) ? unitTag(subject) : `application-${subject}`],
                ["scope", `relation-${relationKey.replaceAll(":", ".").replaceAll(" ", "#")}`],
                ["role", "view"],
              ]),
          ),
    ],
  ];
  return new Map(entries.filter(([, value]) => value !== undefined));
}

function goTime(date: Date): string {
  return date.toISOString().replace(/\.?0*Z$/u, "Z");
}

const secretSet: HookTool = {
  name: "secret-set",
  flags: settingsFlags,
  run: (call) => {
    const id = requiredId(call.args);
    call.context.secrets.update(id, secretSettings(call, call.args.slice(1)));
    return {};
  },
};

const secretGrant: HookTool = {
  name: "secret-grant",
  flags: { ...relationFlags, unit: text },
  run: (call) => {
    const id = requiredId(call.args);
    const relation = relationOf(call);
    const application = relation.remoteApplication;
    const unit = call.flags.text("unit") ?? "";
    if (unit !== "") {
      requireUnit(unit);
      if (applicationOf(unit) !== application) {
        misused(
          `cannot specify unit ${JSON.stringify(unit)} in relation to application ${JSON.stringify(application)}`,
        );
      }
    }
    requireNoMore(call.args.slice(1));
    call.context.secrets.grant(id, relation, unit === "" ? application : unit);
    return {};
  },
};

const secretRevoke: HookTool = {
  name: "secret-revoke",
  flags: { ...relationFlags, app: text, application: { kind: "text", aliasOf: "app" }, unit: text },
  run: (call) => {
    const { context, flags, args } = call;
    const id = requiredId(args);
    const application = flags.text("app") ?? "";
    const unit = flags.text("unit") ?? "";
    if (application !== "" && !isApplicationName(application)) {
      misused(`application ${JSON.stringify(application)} not valid`);
    }
    if (unit !== "") requireUnit(unit);
    if (application !== "" && unit !== "") misused("specify only one of application or unit");
    const isInRelation = flags.text("relation") !== undefined || context.hookRelation !== undefined;
    if (isInRelation && application !== "") misused("do not specify both relation and app");
    const related = isInRelation ? relationOf(call).remoteApplication : application;
    if (unit === "" && related === "") misused("missing relation or application or unit");
    requireNoMore(args.slice(1));
    context.secrets.revoke(id, unit === "" ? related : unit);
    return {};
  },
};

function requireUnit(unit: string): void {
  if (!isUnitName(unit)) misused(`unit ${JSON.stringify(unit)} not valid`);
}

const checkNumber = (value: string): string | undefined =>
  /^[+-]?\d+$/u.test(value)
    ? undefined
    : `strconv.ParseInt: parsing ${JSON.stringify(value)}: invalid syntax`;

const secretRemove: HookTool = {
  name: "secret-remove",
  flags: { revision: { kind: "text", check: checkNumber } },
  run: ({ context, flags, args }) => {
    const id = requiredId(args);
    requireNoMore(args.slice(1));
    const revision = Number(flags.text("revision") ?? 0);
    context.secrets.remove(id, revision > 0 ? revision : undefined);
    return {};
  },
};

const secretIds: HookTool = {
  name: "secret-ids",
  format: "smart",
  run: ({ context, args }) => {
    requireNoMore(args);
    return { value: [...context.secrets.metadata().keys()].toSorted() };
  },
};

/** The tools of this file. */
export const secretTools: readonly HookTool[] = [
  secretAdd,
  secretGet,
  secretInfoGet,
  secretSet,
  secretGrant,
  secretRevoke,
  secretRemove,
  secretIds,
];
