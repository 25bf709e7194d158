/**
 * What a restore by a job costs beside the same one by hand, which stops Patroni, removes its cluster from the DCS, and
 * ends when the primary takes writes.
 *
 * @module
 */
import { besidePlain } from "./backup.mjs";
import { interleaved, rounded } from "./figures.mjs";

/** A restore takes long enough not to be made as often as a dispatch. */
const mostRuns = 3;

/** Goals: an `overSeconds` of at most 6, and a `workerMB` of at most 100. */
export async function measureRestore({ runs, database }) {
  const { backupId, timeline } = await database.backup();
  const wanted = await database.checksum();
  let workerBytes = 0;
  const medians = await interleaved(
    {
      plain: async () => await database.plainTools.restore(backupId, timeline),
      job: async () => {
        workerBytes = Math.max(workerBytes, (await database.restore(backupId)).workerBytes);
      },
    },
    Math.min(runs, mostRuns),
    0,
    async (name) => {
      const found = await database.checksum();
      if (found !== wanted) throw new Error(`The ${name} restore made ${found} of what was ${wanted}.`);
    },
  );
  return { ...besidePlain(medians, 1.1), workerMB: rounded(workerBytes / 1e6) };
}
