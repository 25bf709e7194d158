/**
 * The ends of jobs in the manager's log: at least once, and never again once the history has them.
 *
 * @module
 */
import type { Juju } from "../lib/juju/juju.ts";
import { shownId } from "../lib/printable.ts";
import type { JobRecord } from "./history/job-record.ts";

/** Each line of the log is a process. */
const mostLines = 20;

/** Writes a line for each job. */
export async function logEnds(juju: Juju, ended: readonly JobRecord[]): Promise<void> {
  for (const job of ended.slice(0, mostLines)) {
    const said = job.reports[0]?.report;
    const what = `${job.type} job ${shownId(job.id)} of ${job.application} (${job.relation}) ${job.phase}.`;
    const found = said?.backupId === undefined ? undefined : `Backup ${said.backupId}.`;
    const text = [what, found, said?.message, said?.remedy].filter((part) => part !== undefined).join(" ");
    await juju.log(job.phase === "succeeded" ? "INFO" : "ERROR", text);
  }
  const others = ended.length - mostLines;
  if (others > 0) await juju.log("ERROR", `${others} more jobs have ended: see list-jobs.`);
}
