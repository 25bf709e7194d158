/**
 * The provider's application databag. Version 0 of the interface leaves it empty; all of it is extension.
 *
 * @module
 */
import type { Backup } from "../job/backup.ts";
import type { QueuedJob } from "../job/waiting-job.ts";
import type { Databag } from "../juju/juju.ts";
import type { PublishedBackup, PublishedProblem, WaitingJob } from "./generated/databags.ts";
import {
  validateProviderApplicationDatabag,
  validatePublishedBackup,
  validatePublishedProblem,
} from "./generated/validators/provider-application.js";
import { validateWaitingJob } from "./generated/validators/queue.js";
import { readList, type ListValue } from "./list-value.ts";
import { present, textOf } from "./optional.ts";
import { shortened } from "../printable.ts";
import type { Problem } from "./problem.ts";
import { ProblemList } from "./problem-list.ts";
import { shown } from "./received.ts";
import { check, problemOf } from "./validate.ts";
import type { Validator } from "./validator.ts";
import { canonicalTime } from "./wire-time.ts";

/** The extensions that a provider may list as working. */
export const features = [
  "secret-extra",
  "cancel",
  "backup-type",
  "restore-to-time",
  "start-before",
  "retention",
  "discard-old-data",
  "backups",
] as const;
/** An extension that a provider may list as working. */
export type Feature = (typeof features)[number];

/** How many backups a provider publishes at most. */
export const maxPublishedBackups = 100;

/** What a provider says as a whole. */
export interface ProviderApplication {
  /** What works, and nothing else. */
  readonly features: Iterable<Feature>;
  /** `MAJOR.MINOR`. */
  readonly libVersion: string;
  /** What is wrong with requests that have no usable id. */
  readonly problems: readonly Problem[];
  /** What waits, and why. Default: nothing. */
  readonly queue?: readonly QueuedJob[];
  /** The backups of the repository, in any order. Absent until they were listed. */
  readonly backups?: readonly Backup[] | undefined;
}

/** What a provider's application databag says. */
export interface DecodedProviderApplication {
  /** As the provider wrote them: those of a newer provider are among them. None where it knows v0 alone. */
  readonly features: ReadonlySet<string>;
  /** Absent where the provider does not use this library, or wrote no version. */
  readonly libVersion?: string;
  /** What the provider says is wrong with requests, and what is wrong with this databag itself. */
  readonly problems: readonly Problem[];
  /** The newest first. */
  readonly backups: readonly Backup[];
  /** The jobs of this relation that wait, as the provider ordered them. */
  readonly queue: readonly QueuedJob[];
  /** Tells a repository without backups from a provider that has not listed any. */
  readonly backupsPublished: boolean;
}

/**
 * Writes the databag: a value for each of its keys, the empty string where a key shall go away. Of the
 * backups the newest 100 are written, the newest first.
 */
export function encodeProviderApplication(application: ProviderApplication): Record<string, string> {
  const listed: ReadonlySet<Feature> = new Set(application.features);
  const { problems, backups, queue = [] } = application;
  return {
    features: JSON.stringify(features.filter((feature) => listed.has(feature))),
    "lib-version": application.libVersion,
    queue: queue.length === 0 ? "" : JSON.stringify(queue.map(encodeQueued)),
    problems: problems.length === 0 ? "" : JSON.stringify(problems.map(encodeProblem)),
    backups: backups === undefined ? "" : JSON.stringify(newest(backups).map(encodeBackup)),
  };
}

function newest(backups: readonly Backup[]): readonly Backup[] {
  return backups
    .toSorted((a, b) => Date.parse(b.finishedAt) - Date.parse(a.finishedAt))
    .slice(0, maxPublishedBackups);
}

function encodeQueued({ jobId, position, reason, waitingFor }: QueuedJob): WaitingJob {
  return present({ "job-id": jobId, position, reason, "waiting-for": waitingFor });
}

function encodeProblem({ field, message, remedy }: Problem): PublishedProblem {
  return { field, message, remedy };
}

function encodeBackup(backup: Backup): PublishedBackup {
  return {
    "backup-id": backup.id,
    type: backup.type,
    "finished-at": backup.finishedAt,
    "size-bytes": backup.sizeBytes,
    timeline: backup.timeline,
    "artefact-path": backup.artefactPath,
  };
}

/** Reads the databag, as much as can be read; what cannot becomes a problem. */
export function decodeProviderApplication(databag: Databag): DecodedProviderApplication {
  const wrong = {
    features: new ProblemList("features"),
    queue: new ProblemList("queue"),
    backups: new ProblemList("backups"),
    version: new ProblemList("lib-version"),
    problems: new ProblemList("problems"),
  };
  const read = (key: "features" | "queue" | "backups" | "problems"): ListValue => {
    const list = readList(databag, key);
    wrong[key].addAll(list.problems);
    return list;
  };
  const known = readFeatures(read("features"), wrong.features);
  const queue = readItems(read("queue"), "queue", validateWaitingJob, wrong.queue).map(decodeQueued);
  const published = read("backups");
  const backups = readItems(published, "backups", validatePublishedBackup, wrong.backups).map(decodeBackup);
  const libVersion = readVersion(databag, wrong.version);
  const told = new ProblemList("problems");
  for (const problem of readItems(read("problems"), "problems", validatePublishedProblem, wrong.problems)) {
    told.add(() => decodeProblem(problem));
  }
  return present({
    features: known,
    libVersion,
    problems: [...Object.values(wrong).flatMap((problems) => problems.all), ...told.all],
    queue,
    backups,
    backupsPublished: published.present,
  });
}

function readFeatures(list: ListValue, problems: ProblemList): ReadonlySet<string> {
  const read = new Set<string>();
  for (const [index, item] of list.items.entries()) {
    if (typeof item === "string" && /^[a-z][a-z0-9-]{0,63}$/.test(item)) {
      read.add(item);
      continue;
    }
    problems.add(() => ({
      field: `features[${index}]`,
      message: `features[${index}] is ${shown(item)}; expected the name of a feature.`,
      remedy: "List features by their names.",
    }));
  }
  return read;
}

function readItems<T>(
  list: ListValue,
  key: string,
  validator: Validator<T>,
  problems: ProblemList,
): readonly T[] {
  const read: T[] = [];
  for (const [index, item] of list.items.entries()) {
    if (problems.isFull && !validator(item)) {
      problems.count();
      continue;
    }
    const { valid, findings } = check(validator, item, `${key}[${index}]`);
    problems.addAll(findings.map(problemOf));
    if (valid !== undefined) read.push(valid);
  }
  return read;
}

function readVersion(databag: Databag, problems: ProblemList): string | undefined {
  const version = databag["lib-version"] ?? "";
  if (version === "") return undefined;
  const { valid, findings } = check(validateProviderApplicationDatabag, { "lib-version": version }, "");
  problems.addAll(findings.map(problemOf));
  return valid?.["lib-version"];
}

function decodeQueued(job: WaitingJob): QueuedJob {
  return present({
    jobId: job["job-id"],
    position: job.position,
    reason: shortened(job.reason, 1_000),
    waitingFor: textOf(job["waiting-for"]),
  });
}

/** Another's words, which may be of any length. */
function decodeProblem({ field, message, remedy }: PublishedProblem): Problem {
  return {
    field: shortened(field, 200),
    message: shortened(message, 1_000),
    remedy: shortened(remedy, 1_000),
  };
}

function decodeBackup(backup: PublishedBackup): Backup {
  return {
    id: backup["backup-id"],
    type: backup.type,
    finishedAt: canonicalTime(backup["finished-at"]),
    sizeBytes: backup["size-bytes"],
    timeline: backup.timeline,
    artefactPath: backup["artefact-path"],
  };
}
