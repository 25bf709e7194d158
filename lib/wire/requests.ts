/**
 * Requests on the wire: the key `jobs` of the requirer's application databag (database_backup v0, Requirer).
 *
 * @module
 */
import type { Failure, ReportedStorage } from "../job/report.ts";
import type {
  BackupRequest,
  JobRequest,
  JobType,
  RestoreRequest,
  Retention,
  ScheduleSlot,
} from "../job/request.ts";
import { Credentials } from "../job/storage-config.ts";
import type { Databag } from "../juju/juju.ts";
import type { RequestExtensions, RequirerJob } from "./generated/databags.ts";
import { validateExtendedRequirerJob } from "./generated/validators/requests.js";
import { bounded } from "./bounded-item.ts";
import { isObject, readJobs, withoutDuplicates, type IdentifiedItem, type JsonObject } from "./list-value.ts";
import { present, textOf } from "./optional.ts";
import type { Problem } from "./problem.ts";
import { ProblemList } from "./problem-list.ts";
import { decodeReportedStorage, decodeStorage, encodeStorage } from "./storage-config.ts";
import { check, refused, type Finding } from "./validate.ts";
import { canonicalTime, explainRestoreTime, isCalendarDay } from "./wire-time.ts";

/** A request that has an id and cannot be accepted. What could not be read is replaced by what v0 can repeat. */
export interface RejectedRequest {
  readonly id: string;
  /** Default, where none was readable: backup. */
  readonly type: JobType;
  /** Without a bucket where none was readable. */
  readonly storage: ReportedStorage;
  /** Absent where none was readable. */
  readonly compression?: boolean;
  /** What it says is to be kept. Only where nothing but its keys is missing, as with one whose job has ended. */
  readonly retention?: Retention;
  /** Names the first field that is wrong, then all others. */
  readonly failure: Failure;
}

/** What a requirer's application databag asks for. */
export interface DecodedRequests {
  /** In the databag's order. */
  readonly requests: readonly JobRequest[];
  /** In the databag's order. */
  readonly rejected: readonly RejectedRequest[];
  /** What is wrong and belongs to no job id. */
  readonly problems: readonly Problem[];
}

/** The codes that a rejected request's failure may have. */
export type RejectionCode =
  | "credentials-missing"
  | "job-type-unknown"
  | "request-invalid"
  | "restore-target-missing"
  | "restore-time-invalid"
  | "storage-interface-unknown";

type ExtendedJob = RequirerJob & RequestExtensions;

/**
 * Reads the requests of a requirer's application databag. Whatever stands there, nothing is thrown: a bad job is
 * rejected, all others are read.
 *
 * A request whose keys were withdrawn after its job ended is rejected as `credentials-missing`, like any other that
 * cannot be run; who knows how the job ended ignores that. A request with `secret-extra` has empty credentials.
 */
export function decodeRequests(databag: Databag): DecodedRequests {
  const problems = new ProblemList("jobs");
  const requests: JobRequest[] = [];
  const rejected: RejectedRequest[] = [];
  let repeated = 0;
  let unreported = 0;
  for (const identified of withoutDuplicates(readJobs(databag, problems), problems)) {
    const item = bounded(identified.item);
    if (unreported > 0 && !validateExtendedRequirerJob(item)) {
      unreported += 1;
      continue;
    }
    const { valid, faults } = examine({ ...identified, item });
    const [first, ...others] = faults;
    if (first === undefined) {
      if (valid !== undefined) requests.push(decodeRequest(valid));
      continue;
    }
    const rejection = reject({ ...identified, valid }, first, others);
    repeated += rejection.id.length + JSON.stringify(rejection.storage).length;
    if (rejected.length < maxRejected && repeated <= maxRepeatedCharacters) rejected.push(rejection);
    else unreported += 1;
  }
  if (unreported > 0) problems.add(() => tooManyRejected(unreported));
  return { requests, rejected, problems: problems.all };
}

/** The reports of rejected requests stand in a databag too, which holds no more than that of the requests. */
const maxRejected = 1_000;
const maxRepeatedCharacters = 4 * 1024 * 1024;

function tooManyRejected(unreported: number): Problem {
  return {
    field: "jobs",
    message: `jobs has ${unreported} more jobs that cannot be run, too many to report each.`,
    remedy: "Correct or remove those that are reported as rejected first.",
  };
}

/** Something that is wrong with a request. */
export interface RequestFault extends Problem {
  readonly code: RejectionCode;
  /** The path inside the request. */
  readonly path: Finding["path"];
  /** `meaning` where the schema accepts what stands there, and the request cannot be run. */
  readonly kind: Finding["kind"] | "meaning";
  readonly expected: string;
}

type NamedItem = Omit<IdentifiedItem, "id">;

/** Everything that is wrong with one request, a fault for each field. */
export function requestFaults(item: JsonObject, name: string): readonly RequestFault[] {
  return examine({ item: bounded(item), name }).faults;
}

function examine(named: NamedItem): {
  readonly valid: ExtendedJob | undefined;
  readonly faults: readonly RequestFault[];
} {
  const { valid, findings } = check(validateExtendedRequirerJob, named.item, named.name);
  const wrong = new Set(findings.map((finding) => finding.path[0]));
  const faults = [
    ...findings.map((finding) => faultOf(finding, named)),
    ...daysThatAreNone(named, wrong),
    ...missingTarget(named),
    ...missingCredentials(named),
  ];
  return { valid, faults };
}

function faultOf(finding: Finding, { item, name }: NamedItem): RequestFault {
  const field = finding.path.join(".");
  if (field === "restore-to-time") {
    return {
      ...finding,
      ...explainRestoreTime(`${name}.${field}`, item[field]),
      code: "restore-time-invalid",
    };
  }
  return { ...finding, code: codeOf(field, finding.kind) };
}

function codeOf(field: string, kind: Finding["kind"]): RejectionCode {
  if (kind === "wrong" && field === "job-type") return "job-type-unknown";
  if (kind === "wrong" && field === "storage-interface") return "storage-interface-unknown";
  if (kind === "missing" && /^storage-config\.(access|secret)-key$/.test(field)) return "credentials-missing";
  return "request-invalid";
}

const times = ["restore-to-time", "requested-at", "start-before"] as const;

function daysThatAreNone({ item, name }: NamedItem, wrong: ReadonlySet<unknown>): readonly RequestFault[] {
  const faults: RequestFault[] = [];
  for (const field of times) {
    const value = item[field];
    if (typeof value !== "string" || wrong.has(field) || value === "latest" || isCalendarDay(value)) continue;
    const code = field === "restore-to-time" ? "restore-time-invalid" : "request-invalid";
    faults.push({ ...refused(name, field, value), kind: "meaning", code });
  }
  return faults;
}

function missingTarget({ item, name }: NamedItem): readonly RequestFault[] {
  if (item["job-type"] !== "restore" || item["restore-to-time"] !== undefined) return [];
  const path = item["artefact-path"];
  if (path !== undefined && path !== "") return [];
  return [
    {
      code: "restore-target-missing",
      path: ["artefact-path"],
      kind: "meaning",
      expected: "a restore to name a backup, a time, or both",
      field: `${name}.artefact-path`,
      message: `${name}.artefact-path is ${path === undefined ? "missing" : "empty"}, and so is ${name}.restore-to-time; expected a restore to name a backup, a time, or both.`,
      remedy: "Set artefact-path to what the backup was reported with, or restore-to-time to a time.",
    },
  ];
}

function missingCredentials({ item, name }: NamedItem): readonly RequestFault[] {
  const storage = item["storage-config"];
  if (item["secret-extra"] !== undefined || !isObject(storage)) return [];
  const empty = ["access-key", "secret-key"].filter((key) => isBlank(storage[key]));
  if (empty.length === 0) return [];
  const fields = empty.map((key) => `${name}.storage-config.${key}`);
  return [
    {
      code: "credentials-missing",
      path: ["storage-config", empty[0] ?? ""],
      kind: "meaning",
      expected: "the keys of the storage",
      field: fields.join(" and "),
      message: `${fields.join(" and ")} ${fields.length === 1 ? "is" : "are"} empty, and there is no ${name}.secret-extra; expected the keys of the storage.`,
      remedy: "Set access-key and secret-key, or grant a Juju secret and name it in secret-extra.",
    },
  ];
}

function isBlank(value: unknown): boolean {
  return typeof value === "string" && value.trim() === "";
}

function reject(
  { id, item, valid }: IdentifiedItem & { readonly valid: ExtendedJob | undefined },
  first: RequestFault,
  others: readonly RequestFault[],
): RejectedRequest {
  const config = item["job-config"];
  const compression = isObject(config) ? config["compression"] : undefined;
  const also = others.length === 0 ? "" : ` Also wrong: ${others.map((fault) => fault.field).join(", ")}.`;
  const lacksKeysAlone = first.code === "credentials-missing" && others.length === 0;
  return present({
    id,
    type: item["job-type"] === "restore" ? "restore" : "backup",
    storage: decodeReportedStorage(item["storage-config"]),
    compression: typeof compression === "boolean" ? compression : undefined,
    retention: lacksKeysAlone ? decodeRetention(valid?.retention) : undefined,
    failure: { code: first.code, message: first.message + also, remedy: first.remedy },
  });
}

function decodeRequest(job: ExtendedJob): JobRequest {
  const requestedAt = job["requested-at"];
  const startBefore = job["start-before"];
  const base = {
    id: job["job-id"],
    storage: decodeStorage(job["storage-config"]),
    compression: job["job-config"].compression,
    requestedAt: requestedAt === undefined ? undefined : canonicalTime(requestedAt),
    startBefore: startBefore === undefined ? undefined : canonicalTime(startBefore),
    cancel: job.cancel,
    retention: decodeRetention(job.retention),
    schedule: job.schedule === undefined ? undefined : decodeSlot(job.schedule),
    secretExtra: job["secret-extra"],
  };
  if (job["job-type"] === "backup") {
    return present({ ...base, type: "backup", backupType: job["backup-type"] ?? "full" });
  }
  const restoreToTime = job["restore-to-time"];
  return present({
    ...base,
    type: "restore",
    artefactPath: textOf(job["artefact-path"]),
    restoreToTime: restoreToTime === undefined ? undefined : canonicalTime(restoreToTime),
    restoreTimeline: job["restore-timeline"],
    discardOldData: job["discard-old-data"],
  });
}

/** The schema lets one of the two stand there, and no more. */
function decodeRetention(retention: RequestExtensions["retention"]): Retention | undefined {
  if (retention?.full !== undefined) return { full: retention.full };
  return retention?.days === undefined ? undefined : { days: retention.days };
}

function decodeSlot({ name, slot }: NonNullable<RequestExtensions["schedule"]>): ScheduleSlot {
  return { name, slot };
}

/**
 * Writes requests as the value of the key `jobs`. It holds the credentials of each request that has them.
 *
 * @param unread What stands there and stays as it is, from {@link unreadRequests}. Default: nothing.
 */
export function encodeRequests(requests: readonly JobRequest[], unread: readonly JsonObject[] = []): string {
  return JSON.stringify([...unread, ...requests.map(encodeRequest)]);
}

/** The jobs of a databag that have an id and are not among the requests that were read from it. */
export function unreadRequests(databag: Databag, read: readonly JobRequest[]): readonly JsonObject[] {
  const ids = new Set(read.map(({ id }) => id));
  const items = readJobs(databag, new ProblemList("jobs"));
  return items.filter(({ id }) => !ids.has(id)).map(({ item }) => item);
}

/** A request whose job has ended, as it may go on standing there: no credential outlives its job. */
export function withoutCredentials({
  secretExtra: _uri,
  ...request
}: BackupRequest | RestoreRequest): JobRequest {
  return { ...request, storage: { ...request.storage, credentials: new Credentials("", "") } };
}

/** Whether a job that could not be read is one from which {@link withoutCredentials} took the keys. */
export function isWithdrawn(item: JsonObject): boolean {
  const storage = item["storage-config"];
  return (
    item["secret-extra"] === undefined &&
    isObject(storage) &&
    isBlank(storage["access-key"]) &&
    isBlank(storage["secret-key"])
  );
}

function encodeRequest(request: JobRequest): ExtendedJob {
  const base = {
    "job-id": request.id,
    "job-type": request.type,
    "job-config": { compression: request.compression },
    "storage-interface": "s3" as const,
    "storage-config": encodeStorage(request.storage),
    "requested-at": request.requestedAt,
    "start-before": request.startBefore,
    cancel: request.cancel,
    retention: request.retention,
    schedule: request.schedule === undefined ? undefined : { ...request.schedule },
    "secret-extra": request.secretExtra,
  };
  if (request.type === "backup") return present({ ...base, "backup-type": request.backupType });
  return present({
    ...base,
    "artefact-path": textOf(request.artefactPath),
    "restore-to-time": request.restoreToTime,
    "restore-timeline": request.restoreTimeline,
    "discard-old-data": request.discardOldData,
  });
}
