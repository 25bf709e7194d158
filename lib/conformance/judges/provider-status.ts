/**
 * Whether a database charm says where jobs stand.
 *
 * @module
 */
import {
  allCalls,
  isEndStatus,
  isRelated,
  isRequested,
  openCalls,
  statusesAt,
} from "../trace/circumstances.ts";
import { holdsAt, type Call, type JobStory, type Story } from "../trace/story.ts";
import { visibly } from "../trace/visible.ts";
import { broken, holds, type Evidence, type Judge } from "./judge.ts";

const expected = { succeeded: ["P-12", "success"], failed: ["P-13", "error"] } as const;

/** While a job runs its status is running; then it says how the job ended, and goes on saying so. */
export const statusOfJobs: Judge = (story) =>
  story.observed
    ? [...story.jobs.values()].flatMap((job) => [
        ...whileRunning(story, job),
        ...afterEnd(story, job),
        ...premature(job),
      ])
    : [];

function whileRunning(story: Story, job: JobStory): readonly Evidence[] {
  return story.settled.flatMap((index) => {
    const isOpen = job.calls.some((call) => holdsAt(call, index));
    if (!isOpen || !isRelated(story, index)) return [];
    const says = [...statusesAt(job, index).values()];
    return says.includes("running")
      ? [holds("P-11", index, job.id)]
      : [broken("P-11", index, visibly`Job ${job.id} runs, and its status is ${said(says)}.`, job.id)];
  });
}

function afterEnd(story: Story, job: JobStory): readonly Evidence[] {
  const call = job.calls.at(-1);
  if (call?.to === undefined || call.state === "began" || call.state === "killed") return [];
  const [rule, status] = expected[call.state];
  let wasRight = false;
  return story.settled.flatMap((index) => {
    if (!isLatest(story, job, call, index)) return [];
    const says = [...statusesAt(job, index).values()];
    if (says.includes(status)) {
      const evidence = [holds(wasRight ? "P-14" : rule, index, job.id)];
      wasRight = true;
      return evidence;
    }
    const text = visibly`Job ${job.id} has ${call.state} and is the last that ended, and its status is ${said(says)}.`;
    return [broken(wasRight && says.length === 0 ? "P-14" : rule, index, text, job.id)];
  });
}

/** A job that was killed is not said to go on for ever: it is run again, or has failed. */
export const killedJobs: Judge = (story) =>
  [...story.jobs.values()].flatMap((job) => {
    const killed = job.calls.findIndex(({ state }) => state === "killed");
    const killedAt = job.calls[killed]?.to;
    if (killedAt === undefined) return [];
    const again = job.calls[killed + 1];
    if (again !== undefined) return [holds("P-35", again.from, job.id)];
    return story.settled
      .filter((index) => index >= killedAt && isRequested(job, index) && isRelated(story, index))
      .map((index) => {
        const says = [...statusesAt(job, index).values()];
        const text = visibly`What ran job ${job.id} was killed, and its status is ${said(says)}.`;
        return says.includes("error") ? holds("P-35", index, job.id) : broken("P-35", index, text, job.id);
      });
  });

/** Whether a job is the one most recently completed, and its requirer still there to hear of it. */
function isLatest(story: Story, job: JobStory, call: Call, index: number): boolean {
  if (call.to === undefined || index < call.to) return false;
  if (!isRelated(story, index) || !isRequested(job, index) || openCalls(story, index).length > 0)
    return false;
  return allCalls(story).every(({ to }) => to === undefined || to > index || to <= (call.to ?? 0));
}

/** Success is said of nothing that has not succeeded. */
function premature(job: JobStory): readonly Evidence[] {
  return job.reports.flatMap(({ job: report, from }) => {
    const hasSucceeded = job.calls.some(({ state, to }) => state === "succeeded" && (to ?? from) <= from);
    return report["status"] === "success" && !hasSucceeded
      ? [broken("P-12", from, visibly`Job ${job.id} is said to have succeeded, and has not.`, job.id)]
      : [];
  });
}

/** An end that was reported is not taken back. */
export const endsStay: Judge = (story) =>
  [...story.jobs.values()].flatMap((job) => {
    const ends = new Map<string, string>();
    const evidence: Evidence[] = [];
    for (const { owner, job: report, from } of job.reports) {
      const status = String(report["status"]);
      const before = ends.get(owner);
      if (before !== undefined && before !== status) {
        const text = visibly`${owner} said of job ${job.id} that it ended with ${before}, and now says ${status}.`;
        evidence.push(broken("P-15", from, text, job.id));
      }
      if (isEndStatus(status)) ends.set(owner, status);
    }
    const seen = story.settled.filter((index) => [...statusesAt(job, index).values()].some(isEndStatus));
    const last = seen.at(-1);
    return evidence.length === 0 && seen.length > 1 && last !== undefined
      ? [holds("P-15", last, job.id)]
      : evidence;
  });

function said(statuses: readonly string[]): string {
  return statuses.length === 0 ? "not reported" : statuses.join(" and ");
}
