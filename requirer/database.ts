/**
 * The databases that are related to a backup manager.
 *
 * @module
 */
import { RequestError } from "../lib/errors.ts";
import type { Backup } from "../lib/job/backup.ts";
import { joinJobs, type Job, type UnitReport } from "../lib/job/job.ts";
import type { JobRequest } from "../lib/job/request.ts";
import type { Databag, Juju } from "../lib/juju/juju.ts";
import { readRemoteApplication } from "../lib/juju/remote-application.ts";
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

/**
 * Reads all relations of an endpoint.
 *
 * @param leader Whether this unit leads. On one that does not, Juju hides the own requests: jobs come from reports.
 */
export async function readDatabases(
  juju: Juju,
  endpoint: string,
  leader: Promise<boolean>,
): Promise<readonly Database[]> {
  const readAll = async (): Promise<readonly Database[]> => {
    const relations = await juju.relationIds(endpoint);
    return await Promise.all(relations.map(async (relation) => await readDatabase(juju, relation, leader)));
  };
  const [databases] = await Promise.all([readAll(), leader]);
  return databases;
}

async function readDatabase(juju: Juju, relation: string, leader: Promise<boolean>): Promise<Database> {
  const [own, remote, units] = await Promise.all([
    leader.then(async (leads) =>
      leads ? await juju.readApplicationDatabag(relation, juju.application) : {},
    ),
    readRemoteApplication(juju, relation),
    readUnits(juju, relation),
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
    jobs: joinJobs(relation, requests, reports),
    ...(published.backupsPublished ? { backups: published.backups } : {}),
    problems,
  };
}

/** The databags of the units on the other side of a relation. */
async function readUnits(juju: Juju, relation: string): Promise<readonly (readonly [string, Databag])[]> {
  const units = await juju.relationUnits(relation);
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
