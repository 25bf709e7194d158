/**
 * Tells the story of a relation: what became of each job, which rule broke first, and what should happen next.
 *
 * @module
 */
import { mayHoldCredentials } from "../printable.ts";
import type { Evidence } from "../conformance/judges/judge.ts";
import type { Rule } from "../conformance/rules/rule.ts";
import { rulesOf } from "../conformance/rules/rules-of.ts";
import { isEndStatus, openCalls } from "../conformance/trace/circumstances.ts";
import { stringAt } from "../conformance/trace/field.ts";
import { narrate, type Told } from "../conformance/trace/narration.ts";
import { holdsAt, tellStory, type JobStory, type Story } from "../conformance/trace/story.ts";
import type { Trace } from "../conformance/trace/trace.ts";
import { visible } from "../conformance/trace/visible.ts";
import { judge } from "../conformance/verdict.ts";
import { isObject, readList } from "../wire/list-value.ts";
import { sides, type Side } from "../wire/side.ts";
import type { RelationTrace } from "./snapshots.ts";

/** A job's story. */
export interface JobTold {
  readonly id: string;
  readonly type: string;
  /** `requested`, `running`, `success`, `error`, or `withdrawn` where neither side has it any more. */
  readonly status: string;
  readonly timeline: readonly Told[];
  /** What should happen next, in a sentence. */
  readonly next: string;
}

/** A rule that was broken. */
export interface BrokenRule {
  readonly rule: Rule;
  readonly at: string;
  readonly what: string;
}

/** The story of one relation. */
export interface Replay {
  readonly relation: string;
  readonly provider?: string;
  readonly requirer?: string;
  readonly jobs: readonly JobTold[];
  /** What is about no single job. */
  readonly others: readonly Told[];
  /** What was broken, first things first; each rule once. */
  readonly broken: readonly BrokenRule[];
}

const longestShown = 200;

/** Tells the story of a relation. */
export function replay({ relation, trace }: RelationTrace): Replay {
  const story = tellStory(trace);
  const told = narrate(trace);
  const last = trace.findLast((entry) => entry.kind === "databags" && entry.provider !== undefined);
  const byJob = new Map<string, Told[]>();
  for (const line of told) {
    if (line.job === undefined) continue;
    const lines = byJob.get(line.job);
    if (lines === undefined) byJob.set(line.job, [line]);
    else lines.push(line);
  }
  const waiting = queueIn(trace);
  const parties = last?.kind === "databags" ? last : undefined;
  return {
    relation: visible(relation),
    ...(parties?.provider === undefined ? {} : { provider: visible(parties.provider.application) }),
    ...(parties?.requirer === undefined ? {} : { requirer: visible(parties.requirer.application) }),
    jobs: [...story.jobs.values()].map((job) => tellJob(story, job, byJob.get(job.id) ?? [], waiting)),
    others: told.filter(({ job }) => job === undefined || !story.jobs.has(job)),
    broken: brokenRules(trace),
  };
}

function tellJob(
  story: Story,
  job: JobStory,
  timeline: readonly Told[],
  queue: ReadonlyMap<unknown, unknown>,
): JobTold {
  const index = story.trace.length - 1;
  const standing = job.reports.filter((report) => holdsAt(report, index));
  const statuses = standing.map((report) => String(report.job["status"]));
  const isRequested = job.requests.some((request) => holdsAt(request, index));
  const status = statuses.find(isEndStatus) ?? statuses[0] ?? (isRequested ? "requested" : "withdrawn");
  const source = job.requests.at(-1) ?? job.reports.at(-1);
  return {
    id: mayHoldCredentials(job.id) ? visible(job.id) : job.id,
    type: shown(source?.job["job-type"]) ?? "of an unknown type",
    status,
    timeline,
    next: nextStep(story, job, status, isRequested, shown(queue.get(job.id))),
  };
}

function nextStep(
  story: Story,
  job: JobStory,
  status: string,
  isRequested: boolean,
  reason: string | undefined,
): string {
  const report = job.reports.at(-1)?.job ?? {};
  switch (status) {
    case "running":
      return "The provider's unit goes on, and reports an end.";
    case "success":
      return isRequested ? "Nothing: it is done." : "Nothing: it is done, and its request was taken back.";
    case "error":
      return `Somebody acts${said(report, "remedy", ": ")}${said(report, "message", "; it said: ")}. Then request it anew, under another id.`;
    case "requested":
      return waitingStep(story, job, reason);
    default:
      return "Nothing: neither side has it any more.";
  }
}

function waitingStep(story: Story, job: JobStory, reason: string | undefined): string {
  const request = job.requests.at(-1);
  if (request?.valid === false) {
    return "The requirer corrects the request: juju-database-backup validate says what is wrong with it.";
  }
  if (reason !== undefined) return `The provider takes it up when it can; it waits because: ${reason}`;
  return openCalls(story, story.trace.length - 1).length > 0
    ? "The provider takes it up when what runs has ended."
    : "The provider takes it up: see in the status of its units what keeps it from that.";
}

/** Why the provider says that jobs wait, by their ids, where it says so in its application's databag. */
function queueIn(trace: Trace): ReadonlyMap<unknown, unknown> {
  const last = trace.findLast((entry) => entry.kind === "databags");
  const data = last?.kind === "databags" ? last.provider?.data : undefined;
  const items = readList(data ?? {}, "queue").items.filter(isObject);
  return new Map(items.map((item) => [item["job-id"], item["reason"]]));
}

function said(report: Readonly<Record<string, unknown>>, field: string, before: string): string {
  const text = shown(stringAt(report, field));
  return text === undefined ? "" : `${before}${text.replace(/[.\s]+$/, "")}`;
}

function shown(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? visible(value, longestShown) : undefined;
}

/** A trace of the kit is about one side. */
function judgedSides(trace: Trace): readonly Side[] {
  const start = trace.find((entry) => entry.kind === "start");
  return start?.kind === "start" && start.side !== undefined ? [start.side] : sides;
}

function brokenRules(trace: Trace): readonly BrokenRule[] {
  const evidence = judgedSides(trace)
    .flatMap((side) => judge(trace, side).map((each) => ({ side, each })))
    .filter(({ each }) => each.verdict === "broken")
    .toSorted((a, b) => a.each.index - b.each.index);
  const seen = new Set<string>();
  return evidence.flatMap(({ side, each }) => {
    if (seen.has(each.rule)) return [];
    seen.add(each.rule);
    return brokenRule(trace, side, each);
  });
}

function brokenRule(trace: Trace, side: Side, { rule: id, index, text }: Evidence): readonly BrokenRule[] {
  const rule = rulesOf(side).find((each) => each.id === id);
  return rule === undefined ? [] : [{ rule, at: trace[index]?.at ?? "", what: text }];
}
