/**
 * Charms that do what no charm should: the shipped code with one function around it.
 */
import type { Dispatch } from "../../lib/juju/dispatch.ts";
import type { DatabagChanges, Juju } from "../../lib/juju/juju.ts";
import type { CharmFunction } from "../../lib/testing/in-process/in-process-runner.ts";
import type { SimulatedJuju } from "../../lib/testing/simulated-juju.ts";
import { secretKey } from "./manager.ts";

/** Makes another charm of one. */
export type Around = (charm: CharmFunction, juju: SimulatedJuju) => CharmFunction;

/** Does something more at the end of each dispatch. */
export function afterwards(more: (dispatch: Dispatch, juju: SimulatedJuju) => Promise<void>): Around {
  return (charm, juju) => async (dispatch) => {
    await charm(dispatch);
    await more(dispatch, juju);
  };
}

/** Has the charm's reports changed on their way into the databag. */
export function reporting(change: (jobs: string) => string): Around {
  return (charm) => async (dispatch) => {
    const { juju } = dispatch;
    const write = juju.writeUnitDatabag.bind(juju);
    const changed = async (relation: string, changes: DatabagChanges): Promise<void> => {
      const { jobs } = changes;
      await write(relation, jobs === undefined || jobs === "" ? changes : { ...changes, jobs: change(jobs) });
    };
    Object.assign(juju, { writeUnitDatabag: changed } satisfies Partial<Juju>);
    await charm(dispatch);
  };
}

/** Has `database/1` report all jobs as failed that it does not run. */
export const reportsOthers: Around = afterwards(async ({ juju }) => {
  if (juju.unit !== "database/1") return;
  for (const relation of await juju.relationIds("database-backup")) {
    const { jobs = "" } = await juju.readUnitDatabag(relation, juju.unit);
    const requests = await juju.readApplicationDatabag(relation, "manager");
    if (jobs !== "" || (requests["jobs"] ?? "") === "") continue;
    const requested: readonly Readonly<Record<string, unknown>>[] = JSON.parse(requests["jobs"] ?? "");
    const reports = requested.map((request) => ({
      "job-id": request["job-id"],
      "job-type": request["job-type"],
      "storage-interface": "s3",
      "storage-config": { bucket: "b", "access-key": "", "secret-key": "" },
      status: "error",
      phase: "failed",
      message: "Another unit runs it.",
    }));
    await juju.writeUnitDatabag(relation, { jobs: JSON.stringify(reports) });
  }
});

/** Tells each manager of all jobs, whoever asked for them. */
export const tellsEverybody: Around = afterwards(async ({ juju }) => {
  const relations = await juju.relationIds("database-backup");
  const reports: unknown[] = [];
  for (const relation of relations) {
    const { jobs = "[]" } = await juju.readUnitDatabag(relation, juju.unit);
    reports.push(...JSON.parse(jobs));
  }
  for (const relation of relations)
    if (reports.length > 0) await juju.writeUnitDatabag(relation, { jobs: JSON.stringify(reports) });
});

/** Writes a databag that is not the unit's own, as Juju would not let it. @param owner Whose, of a unit that writes. */
export function writingTo(owner: (unit: string) => string | undefined): Around {
  return afterwards(async (dispatch, juju) => {
    const { unit } = dispatch.juju;
    const whose = owner(unit);
    if (whose === undefined) return;
    await juju.writeDatabag(juju.peerRelation("database", "database-backup-peers"), whose, { note: unit });
  });
}

/** Ways to let a credential be read. */
export const leaks: Readonly<Record<"databag" | "status" | "log" | "disk" | "argument", Around>> = {
  databag: reporting((jobs) => jobs.replace('"secret-key":""', `"secret-key":"${secretKey}"`)),
  status: afterwards(
    async ({ juju }) => await juju.setStatus({ name: "active", message: `Uses ${secretKey}` }),
  ),
  log: afterwards(async ({ juju }) => await juju.log("DEBUG", `Uses ${secretKey}`)),
  disk: afterwards(async ({ juju, machine }) => {
    const folder = `/state/${juju.unit.replace("/", "-")}`;
    await machine.disk.makeDirectory(folder);
    await machine.disk.append(`${folder}/note`, secretKey);
  }),
  argument: afterwards(async ({ machine }) => await machine.processes.leave(["true", secretKey])),
};
