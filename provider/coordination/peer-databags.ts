/**
 * Reads and writes the databags of the peer relation.
 *
 * Nothing but this library writes them. What cannot be read was written by a version that this one does not know, or by
 * a hand that should not have: then nothing is decided from it, and the admin is told.
 *
 * @module
 */
import { PeerDatabagError } from "../../lib/errors.ts";
import { endPhases } from "../../lib/job/phase.ts";
import type { Progress } from "../../lib/job/report.ts";
import { backupTypes } from "../../lib/job/request.ts";
import type { Databag, DatabagChanges } from "../../lib/juju/juju.ts";
import { jobDigest } from "./digest.ts";
import { amount, anyText, count, fields, flag, list, oneOf, optional, text } from "./json-value.ts";
import {
  jobKey,
  type ApplicationRecord,
  type AskedJob,
  type DoneRecord,
  type EndReport,
  type Grant,
  type Outcome,
  type PublishedStanding,
  type Release,
  type Ticket,
  type UnitRecord,
} from "./peer-records.ts";

const unitKey = "unit";
const remedy =
  "Bring all units to one version of the charm. If a hand wrote the databag, take back what it wrote; nothing is started until it can be read.";

const jobType = oneOf(["backup", "restore"]);
const role = oneOf(["primary", "replica"]);

/**
 * Reads a unit's databag; undefined where the unit has written nothing yet.
 *
 * @throws PeerDatabagError
 */
export function decodeUnitRecord(databag: Databag, unit: string): UnitRecord | undefined {
  const written = databag[unitKey];
  if (written === undefined) return undefined;
  return reading(`what ${unit} says of itself`, written, (value) => {
    const record = fields(value);
    return {
      incarnation: text(record["incarnation"]),
      standing: standingOf(record["standing"]),
      left: flag(record["left"]),
      ...optional(record, "released", releaseOf),
      asked: list(record["asked"]).map(askedOf),
    };
  });
}

/** Writes a unit's databag. */
export function encodeUnitRecord(record: UnitRecord): DatabagChanges {
  return { [unitKey]: JSON.stringify(record) };
}

/**
 * Reads the application's databag.
 *
 * @throws PeerDatabagError
 */
export function decodeApplicationRecord(databag: Databag): ApplicationRecord {
  const tickets = new Map<string, Ticket>();
  const grants = new Map<string, Grant>();
  const done = new Map<string, DoneRecord>();
  const { lineage, fence } = databag;
  for (const [key, written] of Object.entries(databag)) {
    const kind = key.slice(0, key.indexOf("-"));
    if (kind === "ticket") {
      const ticket = reading(key, written, ticketOf);
      asRead.set(ticket, [key, written]);
      tickets.set(jobKey(ticket.relation, ticket.job), ticket);
    } else if (kind === "grant") {
      const grant = reading(key, written, grantOf);
      if (key !== grantKey(grant)) throw unreadable(`${key} is a grant for ${grant.unit}`);
      if (grant.lineage !== lineage) throw unreadable(`${key} is of another lineage`);
      asRead.set(grant, [key, written]);
      grants.set(grant.unit, grant);
    } else if (kind === "done") {
      const record = reading(key, written, doneOf);
      asRead.set(record, [key, written]);
      done.set(jobKey(record.relation, record.report.id), record);
    }
  }
  if (lineage === undefined) {
    // To begin anew beside what is there would run it again.
    if (tickets.size + grants.size + done.size > 0) throw unreadable("it has no lineage");
    return { fence: 0, tickets, grants, done };
  }
  // It becomes part of the names of files and objects.
  if (!/^[0-9A-Za-z]+$/.test(lineage)) throw unreadable("the lineage is none");
  return { lineage, fence: reading("fence", fence ?? "", count), tickets, grants, done };
}

/** Writes the application's databag: every key that it shall have. */
export function encodeApplicationRecord(application: ApplicationRecord): Databag {
  const { lineage, fence, tickets, grants, done } = application;
  const databag: Record<string, string> = {};
  if (lineage !== undefined) Object.assign(databag, { lineage, fence: String(fence) });
  const write = (record: object, keyOf: () => string): void => {
    const [key, written] = asRead.get(record) ?? [keyOf(), JSON.stringify(record)];
    databag[key] = written;
  };
  for (const ticket of tickets.values())
    write(ticket, () => `ticket-${shortKey(ticket.relation, ticket.job)}`);
  for (const grant of grants.values()) write(grant, () => grantKey(grant));
  for (const record of done.values())
    write(record, () => `done-${shortKey(record.relation, record.report.id)}`);
  return databag;
}

/** How records stood in the databag that were read from it: most are written back as they were. */
const asRead = new WeakMap<object, readonly [key: string, written: string]>();

function grantKey({ unit }: Grant): string {
  return `grant-${unit.replace("/", "-")}`;
}

/** A job id may be any text, a databag's key may not. */
function shortKey(relation: string, job: string): string {
  return `${relation.slice(relation.lastIndexOf(":") + 1)}-${jobDigest(job)}`;
}

function standingOf(value: unknown): PublishedStanding {
  const standing = fields(value);
  return {
    ready: flag(standing["ready"]),
    ...optional(standing, "role", role),
    ...optional(standing, "reason", anyText),
    ...optional(standing, "problem", anyText),
    ...optional(standing, "claim", text),
    ...(standing["busy"] === true ? { busy: true as const } : {}),
  };
}

function askedOf(value: unknown): AskedJob {
  const job = fields(value);
  const common = {
    id: text(job["id"]),
    compression: flag(job["compression"]),
    ...optional(job, "requestedAt", text),
    ...optional(job, "startBefore", text),
    ...(job["cancel"] === undefined ? {} : { cancel: true as const }),
  };
  if (jobType(job["type"]) === "backup")
    return { ...common, type: "backup", backupType: oneOf(backupTypes)(job["backupType"]) };
  return {
    ...common,
    type: "restore",
    ...optional(job, "artefactPath", text),
    ...optional(job, "restoreToTime", text),
    ...optional(job, "restoreTimeline", count),
  };
}

function ticketOf(value: unknown): Ticket {
  const ticket = fields(value);
  return {
    n: count(ticket["n"]),
    relation: text(ticket["relation"]),
    application: anyText(ticket["application"]),
    job: text(ticket["job"]),
  };
}

function grantOf(value: unknown): Grant {
  const grant = fields(value);
  return {
    unit: text(grant["unit"]),
    lineage: text(grant["lineage"]),
    fence: count(grant["fence"]),
    relation: text(grant["relation"]),
    application: anyText(grant["application"]),
    job: text(grant["job"]),
    type: jobType(grant["type"]),
    incarnation: text(grant["incarnation"]),
    digest: text(grant["digest"]),
    claim: text(grant["claim"]),
  };
}

function doneOf(value: unknown): DoneRecord {
  const record = fields(value);
  const by = fields(record["by"]);
  return {
    n: count(record["n"]),
    relation: text(record["relation"]),
    application: anyText(record["application"]),
    fence: count(record["fence"]),
    by: { unit: text(by["unit"]), incarnation: text(by["incarnation"]) },
    report: endOf(record["report"]),
  };
}

function releaseOf(value: unknown): Release {
  const release = fields(value);
  return {
    fence: count(release["fence"]),
    relation: text(release["relation"]),
    job: text(release["job"]),
    by: text(release["by"]),
    outcome: outcomeOf(release["outcome"]),
  };
}

function outcomeOf(value: unknown): Outcome {
  return value === "declined" || value === "withdrawn" ? value : endOf(value);
}

function endOf(value: unknown): EndReport {
  const report = fields(value);
  return {
    id: text(report["id"]),
    type: jobType(report["type"]),
    phase: oneOf(endPhases)(report["phase"]),
    ...optional(report, "message", anyText),
    ...optional(report, "artefactPath", anyText),
    ...optional(report, "progress", progressOf),
    ...optional(report, "startedAt", anyText),
    ...optional(report, "finishedAt", anyText),
    ...optional(report, "backupId", anyText),
    ...optional(report, "sizeBytes", amount),
    ...optional(report, "timeline", amount),
    ...optional(report, "logPath", anyText),
    ...optional(report, "errorCode", anyText),
    ...optional(report, "remedy", anyText),
    ...optional(report, "fence", count),
  };
}

function progressOf(value: unknown): Progress {
  const progress = fields(value);
  return {
    percent: amount(progress["percent"]),
    ...optional(progress, "bytesDone", amount),
    ...optional(progress, "bytesTotal", amount),
  };
}

function reading<Result>(what: string, written: string, decode: (value: unknown) => Result): Result {
  try {
    return decode(JSON.parse(written));
  } catch (cause) {
    throw unreadable(what, cause);
  }
}

function unreadable(what: string, cause?: unknown): PeerDatabagError {
  return new PeerDatabagError(`The peer databag cannot be read: ${what}.`, { remedy, cause });
}
