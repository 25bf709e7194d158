/**
 * The databases that are related to a backup manager.
 *
 * @module
 */
import { RequestError } from "../lib/errors.ts";
import type { Backup } from "../lib/job/backup.ts";
import type { UnitReport } from "../lib/job/unit-report.ts";
import type { JobRequest } from "../lib/job/request.ts";
import type { QueuedJob } from "../lib/job/waiting-job.ts";
import type { JujuEvent } from "../lib/juju/event.ts";
import type { Databag, Juju } from "../lib/juju/juju.ts";
import { readRemoteApplication } from "../lib/juju/remote-application.ts";
import type { JsonObject } from "../lib/wire/list-value.ts";
import type { Problem } from "../lib/wire/problem.ts";
import { decodeProviderApplication } from "../lib/wire/provider-application.ts";
import { decodeReports } from "../lib/wire/reports.ts";
import { decodeRequests, unreadRequests } from "../lib/wire/requests.ts";

/** A related database: one relation, with what the other side says of itself. */
export interface Database {
  /** For example `database-backup:3`. */
  readonly relation: string;
  /** The application on the other side. */
  readonly application: string;
  /** Extensions of the interface that the other side understands. */
  readonly features: ReadonlySet<string>;
  /** The backups in the repository, newest first; absent where the other side does not publish them. */
  readonly backups?: readonly Backup[];
  /** What the other side says it cannot use, and what of its databags cannot be read. */
  readonly problems: readonly Problem[];
}

/** A related database with what both sides wrote of jobs. */
export interface RelatedDatabase extends Database {
  /** What this side asked for; nothing on a unit that does not lead, from which Juju hides it. */
  readonly requests: readonly JobRequest[];
  /** What else stands there: requests whose keys were taken away, and what others wrote. */
  readonly unread: readonly JsonObject[];
  readonly reports: readonly UnitReport[];
  /** What waits, and why. */
  readonly queue: readonly QueuedJob[];
}

/** What is read. */
export interface DatabaseReading {
  readonly juju: Juju;
  readonly endpoint: string;
  /** Why the charm was dispatched: a unit that departs has last words, and of a relation that breaks nothing is left to read. */
  readonly event?: JujuEvent | undefined;
}

/**
 * Reads all relations of an endpoint.
 *
 * @param leads Whether this unit leads. On one that does not, Juju hides the own requests.
 */
export async function readDatabases(
  { juju, endpoint, event }: DatabaseReading,
  leads: Promise<boolean>,
): Promise<readonly RelatedDatabase[]> {
  const relationEvent = event?.kind === "relation" ? event : undefined;
  const readAll = async (): Promise<readonly RelatedDatabase[]> => {
    const relations = await juju.relationIds(endpoint);
    const standing = relations.filter(
      (relation) => relationEvent?.change !== "broken" || relationEvent.relationId !== relation,
    );
    return await Promise.all(
      standing.map(async (relation) => {
        const departs = relationEvent?.change === "departed" && relationEvent.relationId === relation;
        return await readDatabase(juju, relation, leads, departs ? relationEvent.departingUnit : undefined);
      }),
    );
  };
  const [databases] = await Promise.all([readAll(), leads]);
  return databases;
}

async function readDatabase(
  juju: Juju,
  relation: string,
  leads: Promise<boolean>,
  departing: string | undefined,
): Promise<RelatedDatabase> {
  const [own, remote, units] = await Promise.all([
    leads.then(async (leader) =>
      leader ? await juju.readApplicationDatabag(relation, juju.application) : {},
    ),
    readRemoteApplication(juju, relation),
    readUnits(juju, relation, departing),
  ]);
  const { application, databag } = remote;
  const published = decodeProviderApplication(databag);
  const { requests } = decodeRequests(own);
  const reports: UnitReport[] = [];
  const problems: Problem[] = [...published.problems];
  for (const [unit, unitDatabag] of units) {
    const decoded = decodeReports(unitDatabag);
    for (const report of decoded.reports) reports.push({ unit, report });
    for (const problem of decoded.problems) problems.push(problem);
  }
  return {
    relation,
    application,
    features: published.features,
    requests,
    unread: unreadRequests(own, requests),
    reports,
    queue: published.queue,
    ...(published.backupsPublished ? { backups: published.backups } : {}),
    problems,
  };
}

/**
 * The databags of the units on the other side of a relation.
 *
 * @param departing The unit that goes: it is no member any more, and its databag can still be read.
 */
async function readUnits(
  juju: Juju,
  relation: string,
  departing: string | undefined,
): Promise<readonly (readonly [string, Databag])[]> {
  const members = await juju.relationUnits(relation);
  const isOther = departing !== undefined && departing.split("/")[0] !== juju.application;
  const units = isOther && !members.includes(departing) ? [...members, departing] : members;
  return await Promise.all(
    units.map(async (unit) => [unit, await juju.readUnitDatabag(relation, unit)] as const),
  );
}

/**
 * Finds the database that an admin means.
 *
 * @param name The application, or the relation id where one application is related twice. Default: the only one.
 * @param endpoint This side of the relation, as an admin writes it: `backup-manager:database-backup`.
 * @throws RequestError `database-unknown` or `database-ambiguous`.
 */
export function chooseDatabase<Chosen extends Database>(
  databases: readonly Chosen[],
  name: string | undefined,
  endpoint: string,
): Chosen {
  const candidates =
    name === undefined || name === ""
      ? databases
      : databases.filter(({ application, relation }) => application === name || relation === name);
  const [database, ...others] = candidates;
  if (database === undefined) {
    const known = databases.map(({ application }) => application).join(", ");
    throw new RequestError(
      "database-unknown",
      databases.length === 0
        ? "No database is related to this backup manager."
        : `No database called "${name ?? ""}" is related to this backup manager.`,
      {
        remedy:
          databases.length === 0
            ? `Relate one: juju integrate ${endpoint} <database application>.`
            : `Name one of: ${known}.`,
      },
    );
  }
  if (others.length > 0) {
    const names = candidates.map(({ application, relation }) => `${application} (${relation})`).join(", ");
    throw new RequestError("database-ambiguous", `More than one database is meant: ${names}.`, {
      remedy: "Name the one you mean, by its application or by its relation id: database=<name>.",
    });
  }
  return database;
}
