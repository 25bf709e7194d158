/**
 * Whether a backup manager tells its admin how jobs went, and keeps their history.
 *
 * @module
 */
import { readList } from "../../wire/list-value.ts";
import { validateProviderJob } from "../../wire/generated/validators.js";
import { happened, hasUnknownFields, isEndStatus, isRelated, leaderChanged } from "../trace/circumstances.ts";
import { stringAt } from "../trace/field.ts";
import { holdsAt, type JobStory, type Stated, type Story } from "../trace/story.ts";
import type { Databags, ToldEntry } from "../trace/trace.ts";
import { visibly } from "../trace/visible.ts";
import { broken, holds, type Evidence, type Judge } from "./judge.ts";

/** Each is looked for in a text beside all others. No scenario asks for as many. */
const mostJobs = 100;

/** What an admin is told of each job is what its provider reported, now or before. */
export const relayed: Judge = (story) => {
  const told = story.trace.flatMap((entry, index) => (entry.kind === "told" ? [{ entry, index }] : []));
  // Where jobs can be shown one by one, a list of them may be short.
  const hasShow = told.some(({ entry }) => entry.purpose === "show");
  const hasList = told.some(({ entry }) => entry.purpose === "list");
  return told.flatMap(({ entry, index }) => {
    if (entry.purpose !== "show" && entry.purpose !== "list") return [];
    const jobs = [...story.jobs.values()]
      .filter((job) => isOwn(job, index) && (entry.job === undefined || entry.job === job.id))
      .slice(0, mostJobs);
    return jobs.flatMap((job): readonly Evidence[] => {
      const about = entry.purpose === "show" ? entry.text : partAbout(entry.text, job, jobs);
      const cleared = whenCleared(story, job, index);
      if (cleared === "gone") {
        return hasList && entry.purpose === "show" ? [] : [judgeCleared(entry, about, job, index)];
      }
      const report = lastReport(job, index);
      if (report === undefined) return [];
      const wrong =
        hasShow && entry.purpose === "list"
          ? whatIsWrongWithList(job, about)
          : whatIsWrongWithAnswer(job, report, entry.done ? about : undefined);
      const rule = ruleOf(story, job, report, index, cleared);
      return [wrong === undefined ? holds(rule, index, job.id) : broken(rule, index, wrong, job.id)];
    });
  });
};

function isOwn(job: JobStory, index: number): boolean {
  return (job.requests[0]?.from ?? Number.POSITIVE_INFINITY) < index;
}

/** What a text says between the id of a job and that of the next. */
function partAbout(text: string, { id }: JobStory, jobs: readonly JobStory[]): string | undefined {
  const start = text.indexOf(id);
  if (start < 0) return undefined;
  const ends = jobs
    .filter((job) => job.id !== id)
    .map((job) => text.indexOf(job.id, start + id.length))
    .filter((at) => at >= 0);
  return text.slice(start, Math.min(text.length, ...ends));
}

function whenCleared(story: Story, job: JobStory, index: number): "gone" | "kept" | undefined {
  const at = story.trace.findLastIndex(
    (entry, each) => each < index && entry.kind === "told" && entry.purpose === "clear" && entry.done,
  );
  if (at < 0 || (job.requests[0]?.from ?? at) >= at) return undefined;
  return isEndStatus(statusOf(lastReport(job, at))) ? "gone" : "kept";
}

function judgeCleared(entry: ToldEntry, about: string | undefined, job: JobStory, index: number): Evidence {
  const isThere = about !== undefined && (entry.purpose === "list" || entry.done);
  return isThere
    ? broken(
        "R-12",
        index,
        visibly`The history was cleared, and job ${job.id}, which had ended, is still listed.`,
        job.id,
      )
    : holds("R-12", index, job.id);
}

/** The last report of a job up to an entry, whether it still stands or not. */
function lastReport(job: JobStory, index: number): Stated | undefined {
  return job.reports
    .filter(({ from, job: report }) => from <= index && validateProviderJob(report))
    .toSorted((a, b) => Number(holdsAt(a, index)) - Number(holdsAt(b, index)) || a.from - b.from)
    .at(-1);
}

function statusOf(report: Stated | undefined): string {
  return report === undefined ? "" : (stringAt(report.job, "status") ?? "");
}

function whatIsWrongWithList(job: JobStory, about: string | undefined): string | undefined {
  return about === undefined ? visibly`Job ${job.id} is missing from the list of jobs.` : undefined;
}

function whatIsWrongWithAnswer(job: JobStory, report: Stated, about: string | undefined): string | undefined {
  const missing = whatIsMissing(about, report);
  return missing === undefined
    ? undefined
    : visibly`Job ${job.id} is reported as ${statusOf(report)}; the admin is told ${missing}.`;
}

const words: Readonly<Record<string, RegExp>> = {
  success: /succe|complet|\bdone\b|finished/i,
  error: /error|fail/i,
  running: /running|progress|\bstarted\b|at work/i,
};

/** A table breaks long lines. */
function plain(text: string): string {
  return text.replace(/\s+/g, " ");
}

function whatIsMissing(about: string | undefined, { job: report }: Stated): string | undefined {
  if (about === undefined) return "nothing of it";
  const status = String(report["status"]);
  if (words[status]?.test(about) === false) return "something else";
  if (
    status === "success" &&
    words["error"]?.test(about.replace(/"?error"?: *"?(none|-)?"?(\n|$)/i, "")) === true
  ) {
    return "both that and a failure";
  }
  const message = stringAt(report, "message");
  return status === "error" && message !== undefined && !plain(about).includes(plain(message))
    ? "nothing of its message"
    : undefined;
}

/** Which rule it is about, by what the backup manager had to cope with: the rarest first. */
function ruleOf(
  story: Story,
  job: JobStory,
  report: Stated,
  index: number,
  cleared: "kept" | undefined,
): string {
  const requested = job.requests[0]?.from ?? 0;
  if (cleared === "kept") return "R-13";
  if (!isRelated(story, index)) return "R-11";
  if (!holdsAt(report, index)) return happened(story, "left", report.from, index) ? "R-23" : "R-10";
  const injected = (how: "lost" | "interrupted"): boolean =>
    happened(story, "hook", requested, index, (hook) => hook.injected === how);
  if (injected("lost")) return "R-20";
  if (injected("interrupted")) return "R-21";
  if (
    story.unreadable.some((each) => each.side === "provider" && each.from >= requested && each.from <= index)
  ) {
    return "R-16";
  }
  const [malformed, foreign] = neighbours(story, report.from);
  if (malformed) return "R-15";
  if (hasUnknownFields(report.job, ["status", "message"])) return "R-14";
  if (foreign) return "R-17";
  if (leaderChanged(story, 0, index)) return "R-22";
  const status = statusOf(report);
  if (status === "running") return "R-09";
  if (isCoalesced(story, job, report)) return "R-19";
  return status === "success" ? "R-07" : "R-08";
}

/** What stands beside a report: something that is none, and reports of jobs that nobody requested. */
function neighbours(story: Story, index: number): readonly [malformed: boolean, foreign: boolean] {
  const entry = story.trace.findLast((each, at): each is Databags => at <= index && each.kind === "databags");
  const items = Object.values(entry?.provider?.units ?? {}).flatMap(
    (databag) => readList(databag, "jobs").items,
  );
  return [
    items.some((item) => !validateProviderJob(item)),
    items.some(
      (item) => validateProviderJob(item) && (story.jobs.get(item["job-id"])?.requests.length ?? 0) === 0,
    ),
  ];
}

/** Whether no hook came between the first report of a job and the one that counts. */
function isCoalesced(story: Story, job: JobStory, report: Stated): boolean {
  const [first] = job.reports;
  return first !== undefined && first !== report && !happened(story, "hook", first.from, report.from);
}
