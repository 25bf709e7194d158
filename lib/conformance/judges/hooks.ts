/**
 * Whether a charm's hooks end, and end well, whatever the other side writes.
 *
 * @module
 */
import { validateProviderJob, validateRequirerJob } from "../../wire/generated/validators.js";
import { readList } from "../../wire/list-value.ts";
import { happened, hasUnknownFields, isRelated, leaderChanged } from "../trace/circumstances.ts";
import { holdsAt, type Story } from "../trace/story.ts";
import type { Databags, HookEntry } from "../trace/trace.ts";
import { visibly } from "../trace/visible.ts";
import { broken, holds, type Evidence, type Judge } from "./judge.ts";

/** The rules of one side. */
export interface HookRules {
  readonly fails: string;
  readonly hangs: string;
  readonly unreadable: string;
  readonly malformed: string;
  readonly unknownFields: string;
  readonly unitLeft: string;
  readonly relationRemoved: string;
  readonly leaderChanged: string;
}

/** Judges the hooks of a side. */
export function hooksOf(other: "provider" | "requirer", rules: HookRules): Judge {
  return (story) => {
    const hooks = story.trace.flatMap((entry, index) => (entry.kind === "hook" ? [{ ...entry, index }] : []));
    const evidence = hooks.flatMap((hook) => judgeHook(story, other, rules, hook, hook.index));
    return [...evidence, ...(evidence.length === 0 && hooks.length > 0 ? shown(story, other, rules) : [])];
  };
}

function judgeHook(
  story: Story,
  other: "provider" | "requirer",
  rules: HookRules,
  hook: HookEntry,
  index: number,
): readonly Evidence[] {
  if (hook.hung === true)
    return [broken(rules.hangs, index, visibly`The hook ${hook.hook} of ${hook.unit} does not end.`)];
  const isOwn = hook.injected !== undefined || hook.hook === "juju-exec" || hook.hook.startsWith("actions/");
  if (hook.exitCode === 0 || hook.exitCode === undefined || isOwn) return [];
  const text = visibly`The hook ${hook.hook} of ${hook.unit} failed with exit code ${hook.exitCode}.`;
  const isBroken = hook.hook.endsWith("-relation-broken");
  return [broken(isBroken ? rules.relationRemoved : ruleOf(story, other, rules, index), index, text)];
}

/** Which rule a failure breaks, by what the charm had to cope with. */
function ruleOf(story: Story, other: "provider" | "requirer", rules: HookRules, index: number): string {
  const [unreadable, malformed, unknown] = badData(story, other, index);
  if (unreadable) return rules.unreadable;
  if (malformed) return rules.malformed;
  if (unknown) return rules.unknownFields;
  if (hasBeenRelated(story, index) && !isRelated(story, index)) return rules.relationRemoved;
  if (happened(story, "left", 0, index)) return rules.unitLeft;
  return leaderChanged(story, 0, index) ? rules.leaderChanged : rules.fails;
}

/** What bad input has just been written: whether lists that cannot be read, items that are malformed, unknown fields. */
function badData(
  story: Story,
  other: "provider" | "requirer",
  index: number,
): readonly [unreadable: boolean, malformed: boolean, unknown: boolean] {
  const entry = story.trace.findLast((each, at): each is Databags => at <= index && each.kind === "databags");
  const party = entry?.[other];
  const databags = party === undefined ? [] : [party.data, ...Object.values(party.units)];
  const lists = databags.map((databag) => readList(databag, "jobs"));
  const items = lists.flatMap((list) => list.items);
  const known = other === "provider" ? ["status", "message"] : [];
  return [
    story.unreadable.some((each) => each.side === other && holdsAt(each, index)),
    items.some((item) => !isJob(item, other)),
    items.some((item) => isJob(item, other) && hasUnknownFields(item, known)),
  ];
}

function isJob(item: unknown, side: "provider" | "requirer"): item is Readonly<Record<string, unknown>> {
  return side === "provider" ? validateProviderJob(item) : validateRequirerJob(item);
}

function hasBeenRelated(story: Story, index: number): boolean {
  return story.trace.some(
    (entry, at) => at <= index && entry.kind === "databags" && entry.provider !== undefined,
  );
}

/** No hook failed and none hung: what the trace shows by that. */
function shown(story: Story, other: "provider" | "requirer", rules: HookRules): readonly Evidence[] {
  return story.settled.flatMap((index) => {
    const [unreadable] = badData(story, other, index);
    const isRemoved = hasBeenRelated(story, index) && !isRelated(story, index);
    return [
      holds(rules.fails, index),
      holds(rules.hangs, index),
      // Of a backup manager more is asked than hooks that do not fail.
      ...(unreadable && other === "requirer" ? [holds(rules.unreadable, index)] : []),
      ...(isRemoved && other === "requirer" ? [holds(rules.relationRemoved, index)] : []),
    ];
  });
}
