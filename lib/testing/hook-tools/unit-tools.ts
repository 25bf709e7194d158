/**
 * The hook tools about the unit itself: config-get, state-*, juju-log, goal-state and network-get.
 *
 * @module
 * @see https://documentation.ubuntu.com/juju/3.6/reference/hook-command/list-of-hook-commands/
 */
import type { LogLine } from "../log-line.ts";
import type { Unit } from "../model/model.ts";
import { stateLimits } from "../model/size-limits.ts";
import type { FlagDefinition } from "./flags.ts";
import { failed, keyValues, misused, requireNoMore, type HookTool, type ToolContext } from "./hook-tool.ts";
import { deprecatedFormat, relationFlags } from "./relation-tools.ts";
import { readSettingsFile } from "./settings-file.ts";

const text: FlagDefinition = { kind: "text" };
const boolean: FlagDefinition = { kind: "boolean" };

const configGet: HookTool = {
  name: "config-get",
  format: "smart",
  flags: { all: boolean, a: { kind: "boolean", aliasOf: "all" } },
  run: ({ context, flags, args }) => {
    const [key, ...more] = args;
    requireNoMore(more);
    const config = context.config();
    if (key !== undefined) return { value: config[key] ?? null };
    if (!flags.isSet("all")) return { value: config };
    const { charm } = context.model.application(context.application);
    const unset = Object.fromEntries([...charm.config.keys()].map((name) => [name, null]));
    return { value: { ...unset, ...config } };
  },
};

const stateGet: HookTool = {
  name: "state-get",
  format: "smart",
  flags: { strict: boolean },
  run: ({ context, args }) => {
    const [key, ...more] = args;
    requireNoMore(more);
    if (key !== undefined && key !== "-") {
      return { value: context.state.get(key) ?? failed(`${JSON.stringify(key)} not found`) };
    }
    // Juju 4 prints null where 3.6 prints an empty map.
    if (context.state.size === 0 && context.model.isAtLeast(4)) return { value: null };
    return { value: Object.fromEntries(context.state) };
  },
};

const stateSet: HookTool = {
  name: "state-set",
  flags: { file: text },
  run: ({ context, flags, args, readInput }) => {
    const overrides = keyValues(args);
    const file = flags.text("file");
    const settings = file === undefined || file === "" ? [] : readSettingsFile(readInput(file));
    for (const [key, value] of new Map([...settings, ...overrides])) {
      const { keyBytes, valueBytes } = stateLimits;
      if (Buffer.byteLength(key) > keyBytes) failed(`max allowed key length (${keyBytes}) exceeded`);
      if (Buffer.byteLength(value) > valueBytes) failed(`max allowed value length (${valueBytes}) exceeded`);
      context.state.set(key, value);
    }
    context.stateChanged();
    return {};
  },
};

const stateDelete: HookTool = {
  name: "state-delete",
  run: ({ context, args }) => {
    const [key, ...more] = args;
    if (key === undefined || key === "") misused("no key specified");
    requireNoMore(more);
    context.state.delete(key);
    context.stateChanged();
    return {};
  },
};

const levels: readonly LogLine["level"][] = ["TRACE", "DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"];

const jujuLog: HookTool = {
  name: "juju-log",
  flags: { debug: boolean, "log-level": text, l: { kind: "text", aliasOf: "log-level" }, format: text },
  run: (call) => {
    const { context, flags, args } = call;
    if (args.length === 0) misused("no message specified");
    const given = flags.text("log-level") ?? "INFO";
    const wanted = flags.isSet("debug") ? "DEBUG" : given.toUpperCase();
    const level = levels.find((each) => each === wanted);
    if (level === undefined)
      context.log("WARNING", `Specified log level of ${JSON.stringify(given)} is not valid`);
    const relation = context.hookRelation;
    const prefix = relation === undefined ? "" : `${relation.endpoint}:${relation.id}: `;
    context.log(level ?? "INFO", prefix + args.join(" "));
    return deprecatedFormat(call, "juju-log");
  },
};

function goalOf(unit: Unit): unknown {
  const status = unit.life === "dying" ? "dying" : unit.workload.name;
  return new Map([
    ["status", status],
    ["since", goTime(unit.workload.since)],
  ]);
}

function goTime(date: Date): string {
  return `${date.toISOString().slice(0, 19).replace("T", " ")}Z`;
}

function goals(units: Iterable<Unit>): Record<string, unknown> {
  return Object.fromEntries([...units].map((unit) => [unit.name, goalOf(unit)]));
}

const goalState: HookTool = {
  name: "goal-state",
  format: "yaml",
  run: ({ context, args }) => {
    requireNoMore(args);
    const { model } = context;
    const relations: Record<string, Record<string, unknown>> = {};
    for (const relation of model.relationsOf(context.application)) {
      if (relation.isPeer) continue;
      const endpoint = relation.endOf(context.application)?.endpoint.name ?? "";
      const remote = model.application(relation.remoteEndOf(context.application).application);
      relations[endpoint] = {
        ...relations[endpoint],
        [remote.name]: { status: relation.life === "alive" ? "joined" : "dying" },
        ...goals(remote.units.values()),
      };
    }
    const units = goals(model.application(context.application).units.values());
    return {
      value: new Map<string, unknown>([
        ["units", units],
        ["relations", relations],
      ]),
    };
  },
};

const networkFlags = ["bind-address", "egress-subnets", "ingress-address"] as const;

const networkGet: HookTool = {
  name: "network-get",
  format: "smart",
  flags: {
    ...relationFlags,
    "primary-address": { kind: "boolean", aliasOf: "bind-address" },
    ...Object.fromEntries(networkFlags.map((name) => [name, boolean])),
  },
  run: ({ context, flags, args }) => {
    const [binding, ...more] = args;
    if (binding === undefined || binding === "") misused("no arguments specified");
    requireNoMore(more);
    const { address } = context.model.unit(context.unit);
    if (!hasBinding(context, binding))
      failed(`no network config found for binding ${JSON.stringify(binding)}`);
    const answers: Record<(typeof networkFlags)[number], unknown> = {
      "bind-address": address,
      "egress-subnets": [`${address}/32`],
      "ingress-address": address,
    };
    const asked = networkFlags.filter((name) => flags.isSet(name));
    const [only, ...others] = asked;
    if (only !== undefined && others.length === 0) return { value: answers[only] };
    if (only !== undefined) return { value: Object.fromEntries(asked.map((name) => [name, answers[name]])) };
    return { value: wholeNetwork(address) };
  },
};

function hasBinding(context: ToolContext, binding: string): boolean {
  return (
    binding === "juju-info" || context.model.application(context.application).charm.endpoints.has(binding)
  );
}

function wholeNetwork(address: string): unknown {
  const addresses = [
    new Map([
      ["hostname", ""],
      ["value", address],
      ["cidr", ""],
    ]),
  ];
  return new Map<string, unknown>([
    [
      "bind-addresses",
      [
        new Map<string, unknown>([
          ["mac-address", ""],
          ["interface-name", ""],
          ["addresses", addresses],
        ]),
      ],
    ],
    ["egress-subnets", [`${address}/32`]],
    ["ingress-addresses", [address]],
  ]);
}

/** The tools of this file. */
export const unitTools: readonly HookTool[] = [
  configGet,
  stateGet,
  stateSet,
  stateDelete,
  jujuLog,
  goalState,
  networkGet,
];
