/**
 * Whether a database charm detects jobs, and runs each of them once.
 *
 * @module
 */
import {
  happened,
  hasUnknownFields,
  isBlocked,
  isEndStatus,
  isRelated,
  isRequested,
  leaderChanged,
  openCalls,
  providerUnits,
  statusesAt,
  usableRequest,
} from "../trace/circumstances.ts";
import { holdsAt, type Call, type JobStory, type Requested, type Story } from "../trace/story.ts";
import { visibly } from "../trace/visible.ts";
import { broken, holds, type Evidence, type Judge } from "./judge.ts";

/** Every usable request is taken up, unless it has to wait for another job. */
export const detection: Judge = (story) =>
  [...story.jobs.values()].flatMap((job) => {
    const request = usableRequest(job);
    if (request === undefined) return [];
    let hasWaited = false;
    for (const index of story.settled) {
      if (index < request.from || !isRequested(job, index) || !isRelated(story, index)) continue;
      const rule = ruleOf(story, job, request, index, hasWaited);
      if (isTakenUp(story, job, index)) return [holds(rule, index, job.id)];
      // A charm that tells its admin to act first does not hide that it leaves jobs alone; one that is slow may be late.
      if (isBlocked(story, index) || story.hasty.has(index)) continue;
      if (openCalls(story, index).length > 0) {
        hasWaited = true;
        continue;
      }
      const says = [...statusesAt(job, index).values()];
      const text = says.includes("running")
        ? visibly`Job ${job.id} is said to be running, and nothing runs.`
        : visibly`Job ${job.id} was requested, and nothing came of it: no run, no report.`;
      return [broken(rule, index, text, job.id)];
    }
    return [];
  });

function isTakenUp(story: Story, job: JobStory, index: number): boolean {
  if (job.calls.some((call) => call.from <= index)) return true;
  const statuses = [...statusesAt(job, index).values()];
  return statuses.some(
    story.observed ? isEndStatus : (status) => status === "running" || isEndStatus(status),
  );
}

/** Which rule it is about, by what else went on: the rarest first. */
function ruleOf(story: Story, job: JobStory, request: Requested, index: number, hasWaited: boolean): string {
  const { from } = request;
  const injected = (how: "lost" | "interrupted"): boolean =>
    happened(story, "hook", from, index, (hook) => hook.injected === how);
  if (injected("lost")) return "P-28";
  if (injected("interrupted")) return "P-29";
  if (story.unreadable.some((each) => each.side === "requirer" && each.from < from)) return "P-25";
  if (request.besideMalformed) return "P-24";
  if (hasUnknownFields(request.job)) return "P-23";
  if (happened(story, "call", 0, index, ({ state }) => state === "killed")) return "P-35";
  if (happened(story, "left", 0, index)) return "P-31";
  if (leaderChanged(story, 0, index)) return "P-30";
  if (isCoalesced(story, job, request)) return "P-27";
  if (hasWaited || openCalls(story, from).length > 0) {
    return isBackupAmongBackups(story, job, request, index) ? "P-06" : "P-09";
  }
  return hasEndedBefore(story, job, from) ? "P-04" : "P-01";
}

/** Whether another job was requested so shortly before or after that no hook came between. */
function isCoalesced(story: Story, job: JobStory, request: Requested): boolean {
  if (request.newTogether > 1) return true;
  return [...story.jobs.values()].some((other) => {
    const from = other === job ? undefined : usableRequest(other)?.from;
    if (from === undefined) return false;
    const [first, second] = from < request.from ? [from, request.from] : [request.from, from];
    return !happened(story, "hook", first, second);
  });
}

function isBackupAmongBackups(story: Story, job: JobStory, request: Requested, index: number): boolean {
  const others = [...story.jobs.values()].filter(
    (other) =>
      other !== job && other.calls.some((call) => call.from <= index && (call.to ?? index) >= request.from),
  );
  return [job, ...others].every((each) => usableRequest(each)?.job["job-type"] === "backup");
}

function hasEndedBefore({ jobs }: Story, job: JobStory, index: number): boolean {
  return [...jobs.values()].some(
    (other) =>
      other !== job &&
      (other.calls.some((call) => call.to !== undefined && call.to < index) ||
        [...statusesAt(other, index - 1).values()].some(isEndStatus)),
  );
}

/** No job is run a second time, and nothing is run that nobody requested. */
export const onlyOnce: Judge = (story) => [
  ...[...story.jobs.values()].flatMap((job) => runsOf(story, job)),
  ...story.strayCalls.map((call) =>
    broken(
      repetitionRule(story, 0, call),
      call.from,
      visibly`A ${call.type} began that is the run of no job that waits.`,
    ),
  ),
];

function runsOf(story: Story, job: JobStory): readonly Evidence[] {
  const [first, second] = job.calls.filter((call) => call.state !== "killed");
  if (first === undefined) return [];
  if (second !== undefined) {
    const isBeside = holdsAt(first, second.from) && first.unit !== second.unit;
    const beside = leaderChanged(story, first.from, second.from) ? "P-30" : "P-10";
    const rule = isBeside ? beside : repetitionRule(story, first.from, second);
    return [broken(rule, second.from, visibly`Job ${job.id} was run a second time.`, job.id)];
  }
  const last = story.settled.at(-1);
  if (last === undefined || last < first.from) return [];
  const rules = [
    "P-03",
    ...(happened(story, "step", first.from, last, ({ repeats }) => repeats === true) ? ["P-26"] : []),
    ...(happened(story, "hook", job.requests[0]?.from ?? 0, last, isInterrupted) ? ["P-29"] : []),
    ...(leaderChanged(story, first.from, last) ? ["P-30"] : []),
    ...(happened(story, "left", first.from, last) ? ["P-31"] : []),
    ...(providerUnits(story, first.from) > 1 ? ["P-10"] : []),
  ];
  return rules.map((rule) => holds(rule, last, job.id));
}

function isInterrupted({ injected }: { readonly injected?: string }): boolean {
  return injected === "interrupted";
}

function repetitionRule(story: Story, after: number, call: Call): string {
  if (happened(story, "hook", after, call.from, isInterrupted)) return "P-29";
  // A hook that runs twice has begun before what it does is seen.
  if (lastRequestInterrupted(story, call.from)) return "P-29";
  if (happened(story, "step", after, call.from, ({ repeats }) => repeats === true)) return "P-26";
  if (happened(story, "left", after, call.from)) return "P-31";
  if (leaderChanged(story, after, call.from)) return "P-30";
  return providerUnits(story, call.from) > 1 ? "P-10" : "P-03";
}

function lastRequestInterrupted(story: Story, index: number): boolean {
  const requested = [...story.jobs.values()].map((job) => usableRequest(job)?.from ?? 0);
  const last = Math.max(0, ...requested.filter((from) => from <= index));
  return happened(story, "hook", last, index, isInterrupted);
}

/** A backup is run for a job of type backup, and a restore for one of type restore. */
export const rightType: Judge = (story) =>
  [...story.jobs.values()].flatMap((job) => {
    const type = usableRequest(job)?.job["job-type"];
    return job.calls.map((call) =>
      type === call.type
        ? holds("P-02", call.from, job.id)
        : broken(
            "P-02",
            call.from,
            visibly`Job ${job.id} asks for a ${String(type)}, and a ${call.type} was run.`,
            job.id,
          ),
    );
  });
