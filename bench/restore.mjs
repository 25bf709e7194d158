/**
 * What a restore by a job costs beside the same one by hand, which stops Patroni, removes its cluster from the DCS, and
 * ends when the primary takes writes.
 *
 * @module
 */
import { besidePlain } from "./backup.mjs";
import { inTurn, rounded, timeOf } from "./figures.mjs";

/** A restore takes long enough not to be made as often as a dispatch. */
const mostRuns = 3;

/** Goals: an `overSeconds` of at most 6, and a `workerMB` of at most 100. */
export async function measureRestore({ runs, database }) {
  const { backupId, timeline } = await database.backup();
  const wanted = await database.checksum();
  const prove = async () => {
    const found = await database.checksum();
    if (found !== wanted) throw new Error(`A restore made ${found} of what was ${wanted}.`);
  };
  let workerBytes = 0;
  const medians = await inTurn(
    {
      plain: async () => {
        const ms = await timeOf(async () => await database.plainTools.restore(backupId, timeline));
        await prove();
        return ms;
      },
      job: async () => {
        const job = await database.restore(backupId);
        workerBytes = Math.max(workerBytes, job.workerBytes);
        await prove();
        return job.ms;
      },
    },
    Math.min(runs, mostRuns),
    0,
  );
  return { ...besidePlain(medians, 1.1), workerMB: rounded(workerBytes / 1e6) };
}
