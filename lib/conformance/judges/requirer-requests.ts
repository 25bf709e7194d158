/**
 * Whether a backup manager requests what its admin asks for: in the right place and form, once, with its storage.
 *
 * @module
 */
import { isObject, readList } from "../../wire/list-value.ts";
import { check } from "../../wire/validate.ts";
import { validateRequirerJob } from "../../wire/generated/validators.js";
import { happened, leaderChanged } from "../trace/circumstances.ts";
import { stringAt } from "../trace/field.ts";
import type { JobStory, Story } from "../trace/story.ts";
import type { ToldEntry } from "../trace/trace.ts";
import { visibly } from "../trace/visible.ts";
import { broken, holds, type Evidence, type Judge } from "./judge.ts";

interface Request {
  readonly told: ToldEntry;
  readonly asked: number;
  /** Up to when what came of it has to be there. */
  readonly until: number;
  readonly made: readonly JobStory[];
}

/** Every request of an admin becomes one job, of the right type; nothing else becomes one. */
export const requestsMade: Judge = (story) => {
  const requests = requestsIn(story);
  const wanted = new Set(requests.flatMap(({ made }) => made));
  return [
    ...requests.flatMap((request) => judgeRequest(story, request)),
    ...unwanted(story, wanted),
    ...quiet(story),
  ];
};

function requestsIn(story: Story): readonly Request[] {
  return story.trace.flatMap((told, index): readonly Request[] => {
    if (told.kind !== "told" || (told.purpose !== "backup" && told.purpose !== "restore")) return [];
    const asked = story.trace.findLastIndex((entry, at) => at < index && entry.kind === "asked");
    const until = story.settled.find((each) => each > index);
    if (until === undefined) return [];
    const made = [...story.jobs.values()].filter((job) => isMadeBetween(job, asked, until));
    return [{ told, asked, until, made }];
  });
}

function isMadeBetween({ requests }: JobStory, after: number, upTo: number): boolean {
  const from = requests[0]?.from;
  return from !== undefined && from > after && from <= upTo;
}

function judgeRequest(story: Story, { told, asked, until, made }: Request): readonly Evidence[] {
  const rule = requestRule(story, asked, until);
  const [job, ...others] = made;
  if (job === undefined) {
    const text = told.done
      ? visibly`An admin asked for a ${told.purpose}, and the application's databag has no job for it.`
      : visibly`An admin asked for a ${told.purpose}, and was told: ${told.text.split("\n").at(-1) ?? ""}`;
    return [broken(rule, until, text)];
  }
  if (others.length > 0) {
    return [
      broken(
        "R-18",
        until,
        visibly`An admin asked for one ${told.purpose}, and ${made.length} jobs were requested.`,
      ),
    ];
  }
  return [holds(rule, until, job.id), judgeType(told, job, until)];
}

function judgeType(told: ToldEntry, job: JobStory, index: number): Evidence {
  const request = job.requests[0]?.job ?? {};
  if (request["job-type"] !== told.purpose) {
    const text = visibly`An admin asked for a ${told.purpose}, and job ${job.id} is a ${String(request["job-type"])}.`;
    return broken("R-03", index, text, job.id);
  }
  if (told.artefact !== undefined && stringAt(request, "artefact-path") !== told.artefact) {
    const text = visibly`An admin asked for ${told.artefact} to be restored, and job ${job.id} does not name it.`;
    return broken("R-03", index, text, job.id);
  }
  return holds("R-03", index, job.id);
}

/** Which rule a request is about, by what went on. */
function requestRule(story: Story, asked: number, until: number): string {
  if (happened(story, "hook", asked, until, ({ injected }) => injected === "interrupted")) return "R-21";
  return leaderChanged(story, 0, asked) ? "R-22" : "R-01";
}

function unwanted(story: Story, wanted: ReadonlySet<JobStory>): readonly Evidence[] {
  if (!story.trace.some(({ kind }) => kind === "asked")) return [];
  return [...story.jobs.values()].flatMap((job) => {
    const from = job.requests[0]?.from;
    if (from === undefined || wanted.has(job)) return [];
    const since = story.settled.findLast((index) => index < from) ?? 0;
    const rule = happened(story, "hook", since, from, ({ injected }) => injected === "interrupted")
      ? "R-21"
      : leaderChanged(story, since, from)
        ? "R-22"
        : "R-18";
    return [broken(rule, from, visibly`Job ${job.id} was requested, and no admin had asked for it.`, job.id)];
  });
}

/** Where hooks came again and nothing was requested. */
function quiet(story: Story): readonly Evidence[] {
  return story.settled.flatMap((index) => {
    const since = story.settled.findLast((each) => each < index) ?? 0;
    const repeated = happened(story, "step", since, index, ({ repeats }) => repeats === true);
    const made = [...story.jobs.values()].some((job) => isMadeBetween(job, since, index));
    return repeated && !made ? [holds("R-18", index)] : [];
  });
}

/** Requests obey the schema, and every job has an id of its own. */
export const requestsAreValid: Judge = ({ trace }) =>
  trace.flatMap((entry, index): readonly Evidence[] => {
    if (entry.kind !== "databags" || entry.requirer === undefined) return [];
    const { application, data, units } = entry.requirer;
    const astray = Object.entries(units).find(([, databag]) => (databag["jobs"] ?? "") !== "");
    if (astray !== undefined)
      return [broken("R-01", index, visibly`The databag of ${astray[0]} holds jobs.`)];
    const { items, problems } = readList(data, "jobs");
    const [fault] = [
      ...problems,
      ...items.flatMap((item, at) => check(validateRequirerJob, item, `jobs[${at}]`).findings),
    ];
    if (fault !== undefined)
      return [broken("R-02", index, `${visibly`In the databag of ${application}`}, ${fault.message}`)];
    const ids = items.filter(isObject).map((item) => stringAt(item, "job-id") ?? "");
    const seen = new Set<string>();
    const twice = ids.find((id) => id === "" || seen.size === seen.add(id).size);
    return [
      ...(items.length > 0 ? [holds("R-02", index)] : []),
      ...(twice === undefined
        ? ids.length > 1
          ? [holds("R-04", index)]
          : []
        : [
            broken(
              "R-04",
              index,
              twice === "" ? "A job's id is empty." : visibly`Two jobs have the id ${twice}.`,
            ),
          ]),
    ];
  });

/** Each job carries the storage that the backup manager had when it was requested, and keeps it. */
export const storageOfRequests: Judge = (story) => {
  const given = story.trace.flatMap((entry, index) =>
    entry.kind === "storage" ? [{ ...entry.storage, index }] : [],
  );
  if (given.length === 0) return [];
  return [...story.jobs.values()].flatMap((job) =>
    job.requests.map((request, at): Evidence => {
      const from = job.requests[0]?.from ?? 0;
      const before = given.filter(({ index }) => index < from);
      const { index: _, ...storage } = before.at(-1) ?? { index: 0 };
      const rule = at > 0 || before.length > 1 ? "R-06" : "R-05";
      const field = differingField(storage, request.job);
      return field === undefined
        ? holds(rule, request.from, job.id)
        : broken(
            rule,
            request.from,
            `${visibly`Job ${job.id}`} does not carry the storage's ${field}.`,
            job.id,
          );
    }),
  );
};

const keys: ReadonlySet<string> = new Set(["access-key", "secret-key"]);

function differingField(
  storage: Readonly<Record<string, string>>,
  request: Readonly<Record<string, unknown>>,
): string | undefined {
  const carried = request["storage-config"];
  if (!isObject(carried)) return "configuration";
  return Object.keys(storage).find((field) => {
    // Keys may be handed over in a secret, or be gone once the job has ended.
    if (keys.has(field) && carried[field] === "") return false;
    return carried[field] !== storage[field];
  });
}
