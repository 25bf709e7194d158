/**
 * The hook tools about leadership and status: is-leader, status-set, status-get and application-version-set.
 *
 * @module
 * @see https://documentation.ubuntu.com/juju/3.6/reference/hook-command/list-of-hook-commands/status-set/
 */
import type { Application, Status } from "../model/model.ts";
import { failed, misused, requireNoMore, type HookTool, type ToolContext } from "./hook-tool.ts";

const settable: readonly string[] = ["maintenance", "blocked", "waiting", "active"];

const isLeader: HookTool = {
  name: "is-leader",
  format: "smart",
  run: ({ context, args }) => {
    requireNoMore(args);
    return { value: context.isLeader() };
  },
};

function ownApplication(context: ToolContext): Application {
  if (!context.isLeader()) failed("this unit is not the leader");
  return context.model.application(context.application);
}

const statusSet: HookTool = {
  name: "status-set",
  flags: { application: { kind: "boolean" } },
  run: ({ context, flags, args }) => {
    const [name, ...words] = args;
    if (name === undefined) misused(`invalid args, require <status> [message] [data]`);
    if (!settable.includes(name)) {
      misused(`invalid status ${JSON.stringify(name)}, expected one of [${settable.join(" ")}]`);
    }
    const [message = "", ...more] = words;
    requireNoMore(more);
    const status = context.model.status(name, message);
    if (flags.isSet("application")) ownApplication(context).status = status;
    else context.setUnitStatus(status);
    return {};
  },
};

function shown({ name, message }: Status): Record<string, unknown> {
  return { status: name, message, "status-data": {} };
}

const statusGet: HookTool = {
  name: "status-get",
  format: "smart",
  flags: { application: { kind: "boolean" }, "include-data": { kind: "boolean" } },
  run: ({ context, flags, args }) => {
    requireNoMore(args);
    const includesData = flags.isSet("include-data");
    if (flags.isSet("application")) {
      const { status, units } = ownApplication(context);
      const overall = status ?? context.model.status("unknown", "");
      const each = Object.fromEntries([...units.values()].map((unit) => [unit.name, shown(unit.workload)]));
      return { value: { "application-status": { ...shown(overall), units: each } } };
    }
    const { workload } = context.model.unit(context.unit);
    // Without data the smart format is the status word alone, while JSON always has everything.
    const everything = includesData || (flags.text("format") ?? "smart") !== "smart";
    return { value: everything ? shown(workload) : workload.name };
  },
};

const applicationVersionSet: HookTool = {
  name: "application-version-set",
  run: ({ context, args }) => {
    const [version, ...more] = args;
    if (version === undefined) misused("no version specified");
    requireNoMore(more);
    context.model.unit(context.unit).workloadVersion = version;
    return {};
  },
};

/** The tools of this file. */
export const statusTools: readonly HookTool[] = [isLeader, statusSet, statusGet, applicationVersionSet];
