/**
 * Reads and writes the databags of the peer relation.
 *
 * Nothing but this library writes them. What cannot be read was written by a version that this one does not know, or by
 * a hand that should not have: then nothing is decided from it, and the admin is told.
 *
 * @module
 */
import { PeerDatabagError } from "../../lib/errors.ts";
import { isEnd, isPhase } from "../../lib/job/phase.ts";
import type { Databag, DatabagChanges } from "../../lib/juju/juju.ts";
import { jobDigest } from "./digest.ts";
import {
  jobKey,
  type ApplicationRecord,
  type DoneRecord,
  type Grant,
  type Outcome,
  type Release,
  type Ticket,
  type UnitRecord,
} from "./peer-records.ts";

const unitKey = "unit";
const remedy =
  "Bring all units to one version of the charm. If a hand wrote the databag, take back what it wrote; nothing is started until it can be read.";

/**
 * Reads a unit's databag; undefined where the unit has written nothing yet.
 *
 * @throws PeerDatabagError
 */
export function decodeUnitRecord(databag: Databag, unit: string): UnitRecord | undefined {
  const text = databag[unitKey];
  if (text === undefined) return undefined;
  return reading(`what ${unit} says of itself`, text, (value) => {
    const { incarnation, standing, left, released, asked } = object(value);
    const { ready, role, reason, claim } = object(standing);
    return {
      incarnation: string(incarnation),
      standing: {
        ready: boolean(ready),
        ...(role === undefined ? {} : { role: string(role) === "primary" ? "primary" : "replica" }),
        ...(reason === undefined ? {} : { reason: string(reason) }),
        ...(claim === undefined ? {} : { claim: string(claim) }),
      },
      left: boolean(left),
      ...(released === undefined ? {} : { released: releaseOf(released) }),
      asked: array(asked).map((job) => {
        const { id, type } = object(job);
        string(id);
        string(type);
        return job as UnitRecord["asked"][number];
      }),
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
  for (const [key, text] of Object.entries(databag)) {
    const kind = key.slice(0, key.indexOf("-"));
    if (kind === "ticket") {
      const ticket = reading(key, text, ticketOf);
      asRead.set(ticket, [key, text]);
      tickets.set(jobKey(ticket.relation, ticket.job), ticket);
    } else if (kind === "grant") {
      const grant = reading(key, text, grantOf);
      asRead.set(grant, [key, text]);
      grants.set(grant.unit, grant);
    } else if (kind === "done") {
      const record = reading(key, text, doneOf);
      asRead.set(record, [key, text]);
      done.set(jobKey(record.relation, record.report.id), record);
    }
  }
  const { lineage, fence = "0" } = databag;
  return {
    ...(lineage === undefined ? {} : { lineage }),
    fence: reading("fence", fence, number),
    tickets,
    grants,
    done,
  };
}

/** Writes the application's databag: every key that it shall have. */
export function encodeApplicationRecord(application: ApplicationRecord): Databag {
  const { lineage, fence, tickets, grants, done } = application;
  const databag: Record<string, string> = {};
  if (lineage !== undefined) Object.assign(databag, { lineage, fence: String(fence) });
  const write = (record: object, keyOf: () => string): void => {
    const [key, text] = asRead.get(record) ?? [keyOf(), JSON.stringify(record)];
    databag[key] = text;
  };
  for (const ticket of tickets.values())
    write(ticket, () => `ticket-${shortKey(ticket.relation, ticket.job)}`);
  for (const grant of grants.values()) write(grant, () => `grant-${grant.unit.replace("/", "-")}`);
  for (const record of done.values())
    write(record, () => `done-${shortKey(record.relation, record.report.id)}`);
  return databag;
}

/** How records stood in the databag that were read from it: most are written back as they were. */
const asRead = new WeakMap<object, readonly [key: string, text: string]>();

/** A job id may be any text, a databag's key may not. */
function shortKey(relation: string, job: string): string {
  return `${relation.slice(relation.lastIndexOf(":") + 1)}-${jobDigest(job)}`;
}

function ticketOf(value: unknown): Ticket {
  const { n, relation, application, job } = object(value);
  return {
    n: number(n),
    relation: string(relation),
    application: string(application),
    job: string(job),
  };
}

function grantOf(value: unknown): Grant {
  const { unit, lineage, fence, relation, application, job, type, incarnation, digest, claim } =
    object(value);
  return {
    unit: string(unit),
    lineage: string(lineage),
    fence: number(fence),
    relation: string(relation),
    application: string(application),
    job: string(job),
    type: string(type) === "restore" ? "restore" : "backup",
    incarnation: string(incarnation),
    digest: string(digest),
    claim: string(claim),
  };
}

function doneOf(value: unknown): DoneRecord {
  const { n, relation, application, fence, by, report } = object(value);
  const { unit, incarnation } = object(by);
  const outcome = outcomeOf(report);
  if (typeof outcome === "string") throw new TypeError(`${outcome} is no end`);
  return {
    n: number(n),
    relation: string(relation),
    application: string(application),
    fence: number(fence),
    by: { unit: string(unit), incarnation: string(incarnation) },
    report: outcome,
  };
}

function releaseOf(value: unknown): Release {
  const { fence, relation, job, by, outcome } = object(value);
  return {
    fence: number(fence),
    relation: string(relation),
    job: string(job),
    by: string(by),
    outcome: outcomeOf(outcome),
  };
}

function outcomeOf(value: unknown): Outcome {
  if (value === "declined" || value === "withdrawn") return value;
  const { id, type, phase } = object(value);
  string(id);
  string(type);
  if (!isPhase(string(phase)) || !isEnd(phase as Parameters<typeof isEnd>[0])) {
    throw new TypeError(`${String(phase)} is no end`);
  }
  return value as Outcome;
}

function reading<Result>(what: string, text: string, decode: (value: unknown) => Result): Result {
  try {
    return decode(JSON.parse(text));
  } catch (cause) {
    throw new PeerDatabagError(`The peer databag cannot be read: ${what}.`, { remedy, cause });
  }
}

function object(value: unknown): Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw new TypeError("no object");
  return value as Readonly<Record<string, unknown>>;
}

function array(value: unknown): readonly unknown[] {
  if (!Array.isArray(value)) throw new TypeError("no list");
  return value;
}

function string(value: unknown): string {
  if (typeof value !== "string") throw new TypeError("no text");
  return value;
}

function boolean(value: unknown): boolean {
  if (typeof value !== "boolean") throw new TypeError("neither true nor false");
  return value;
}

function number(value: unknown): number {
  if (typeof value !== "number" || !Number.isSafeInteger(value) || value < 0)
    throw new TypeError("no number");
  return value;
}
