/**
 * The databases that are related to a backup manager.
 *
 * @module
 */
import { RequestError } from "../lib/errors.ts";
import type { Backup } from "../lib/job/backup.ts";
import { joinJobs, type Job, type UnitReport } from "../lib/job/job.ts";
import type { JobRequest } from "../lib/job/request.ts";
import type { Juju } from "../lib/juju/juju.ts";
import type { Problem } from "../lib/wire/problem.ts";
import { decodeProviderApplication } from "../lib/wire/provider-application.ts";
import { decodeReports } from "../lib/wire/reports.ts";
import { decodeRequests } from "../lib/wire/requests.ts";

/** A related database: one relation, with what both sides wrote for it. */
export interface Database {
  /** For example `database-backup:3`. */
  readonly relation: string;
  /** The application on the other side. */
  readonly application: string;
  /** Extensions of the interface that the other side understands. */
  readonly features: ReadonlySet<string>;
  readonly requests: readonly JobRequest[];
  readonly jobs: readonly Job[];
  /** The backups in the repository, newest first; absent where the other side does not publish them. */
  readonly backups?: readonly Backup[];
  /** What the other side says it cannot use, and what of its reports cannot be read. */
  readonly problems: readonly Problem[];
}

/** Reads all relations of an endpoint. On a unit that does not lead, Juju hides the own requests: jobs come from reports. */
export async function readDatabases(
  juju: Juju,
  endpoint: string,
  leader: boolean,
): Promise<readonly Database[]> {
  const relations = await juju.relationIds(endpoint);
  return await Promise.all(relations.map(async (relation) => await readDatabase(juju, relation, leader)));
}

async function readDatabase(juju: Juju, relation: string, leader: boolean): Promise<Database> {
  const [application, units] = await Promise.all([
    juju.relationApplication(relation),
    juju.relationUnits(relation),
  ]);
  const [own, theirs, ...unitDatabags] = await Promise.all([
    leader ? juju.readApplicationDatabag(relation, juju.application) : {},
    juju.readApplicationDatabag(relation, application),
    ...units.map(async (unit) => await juju.readUnitDatabag(relation, unit)),
  ]);
  const published = decodeProviderApplication(theirs);
  const { requests } = decodeRequests(own);
  const reports: UnitReport[] = [];
  const problems: Problem[] = [...published.problems];
  for (const [index, unit] of units.entries()) {
    const decoded = decodeReports(unitDatabags[index] ?? {});
    for (const report of decoded.reports) reports.push({ unit, report });
    for (const problem of decoded.problems) problems.push(problem);
  }
  return {
    relation,
    application,
    features: published.features,
    requests,
    jobs: joinJobs(relation, requests, reports),
    ...(published.backupsPublished ? { backups: published.backups } : {}),
    problems,
  };
}

/**
 * Finds the database that an admin means.
 *
 * @param name The application, or the relation id where one application is related twice. Default: the only one.
 * @param endpoint This side of the relation, as an admin writes it: `backup-manager:database-backup`.
 * @throws RequestError `database-unknown` or `database-ambiguous`.
 */
export function chooseDatabase(
  databases: readonly Database[],
  name: string | undefined,
  endpoint: string,
): Database {
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
