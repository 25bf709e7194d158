/**
 * What a backup by a job costs beside the same one by hand: from the request in the manager's databag to the success that
 * the unit has published, and the worker's memory.
 *
 * @module
 */
import { inTurn, rounded, timeOf } from "./figures.mjs";

/** A backup takes long enough not to be made as often as a dispatch. */
const mostRuns = 3;

/** Goals: an `overSeconds` of at most 4, and a `workerMB` of at most 100. */
export async function measureBackup({ runs, database }) {
  let workerBytes = 0;
  // The first one is made by a job: it creates the stanza, and writes what the tool by hand reads.
  const medians = await inTurn(
    {
      job: async () => {
        const job = await database.backup();
        workerBytes = Math.max(workerBytes, job.workerBytes);
        return job.ms;
      },
      plain: async () => await timeOf(async () => await database.plainTools.backup()),
    },
    Math.min(runs, mostRuns),
    1,
  );
  return {
    databaseMB: Math.round((await database.bytes()) / 1e6),
    ...besidePlain(medians, 1.05),
    workerMB: rounded(workerBytes / 1e6),
  };
}

/**
 * The figures of a job beside the same thing by hand.
 *
 * @param allowed How many times as long the job may take; `overSeconds` is what it takes on top of that.
 */
export function besidePlain({ job, plain }, allowed) {
  return {
    plainSeconds: rounded(plain / 1000),
    jobSeconds: rounded(job / 1000),
    ratio: rounded(job / plain, 2),
    overSeconds: rounded((job - allowed * plain) / 1000),
  };
}
