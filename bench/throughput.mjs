/**
 * What the database's clients notice of a backup by a job, and of the same one by hand: the transactions of pgbench, which
 * works all the while, from the beginning of the backup to its end.
 *
 * @module
 */
import { setTimeout as sleep } from "node:timers/promises";
import { inTurn, rounded } from "./figures.mjs";

const mostPairs = 5;
/** Lets the clients find their pace again. */
const restMs = 2_000;

/** Goal: a `lossPercent` of at most 10. */
export async function measureThroughput({ runs, database }) {
  await database.backup();
  const { plain, job } = await database.underLoad(async (committed) => {
    const during = async (backup) => {
      await sleep(restMs);
      const [before, began] = [await committed(), performance.now()];
      await backup();
      const [after, ended] = [await committed(), performance.now()];
      return (after - before) / ((ended - began) / 1000);
    };
    const backups = {
      plain: async () => await during(async () => await database.plainTools.backup()),
      job: async () => await during(async () => await database.backup()),
    };
    return await inTurn(backups, Math.min(runs, mostPairs), 0);
  });
  return {
    plainPerSecond: Math.round(plain),
    jobPerSecond: Math.round(job),
    lossPercent: rounded(100 * (1 - job / plain)),
  };
}
