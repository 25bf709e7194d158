/**
 * A chain of point-in-time restores on real servers: each goes back to a time on the timeline that the one before it has
 * begun, all of them from one full backup.
 */
import { afterAll, beforeAll, expect, test } from "vitest";
import { listRepository } from "../../provider/postgresql/index.ts";
import {
  backupRequest,
  environment,
  expectCleanState,
  failureIn,
  moment,
  options,
  perform,
  restoreRequest,
  sql,
  startStand,
  stopStand,
  storage,
  succeeded,
} from "./executor-stand.ts";

const startMs = 240_000;
const jobMs = 200_000;

/** What the database was at a time that is gone back to. */
interface Moment {
  readonly timeline: number;
  readonly time: string;
  readonly sum: string;
}

const moments: Moment[] = [];

beforeAll(async () => {
  await startStand();
  succeeded(await perform(backupRequest()));
}, startMs);
afterAll(stopStand, startMs);

/** Tells the rows from all others. */
async function sum(): Promise<string> {
  return sql("SELECT count(*), md5(string_agg(what, ',' ORDER BY id)) FROM proof");
}

/** The timeline that PostgreSQL writes to. */
async function timeline(): Promise<number> {
  const segment = await sql("SELECT pg_walfile_name(pg_current_wal_lsn())");
  return Number.parseInt(segment.slice(0, 8), 16);
}

/** The timelines from which the present one descends, and why each was left, as PostgreSQL has noted it. */
async function ancestors(): Promise<readonly { readonly timeline: number; readonly reason: string }[]> {
  const file = `pg_wal/${(await timeline()).toString(16).toUpperCase().padStart(8, "0")}.history`;
  const history = await sql(`SELECT pg_read_file('${file}')`);
  return [...history.matchAll(/^(\d+)\t\S+\t(.*)$/gm)].map(([, left, reason = ""]) => ({
    timeline: Number(left),
    reason,
  }));
}

/** Writes rows that are wanted, takes note of the moment, and writes over them what is not. */
async function liveOn(): Promise<Moment> {
  const at = await timeline();
  await sql(`INSERT INTO proof (what) SELECT '${at} ' || md5(i::text) FROM generate_series(1, 500) AS i`);
  const wanted = { timeline: at, sum: await sum(), time: await moment() };
  await sql(
    `DELETE FROM proof WHERE id % 3 = 0; INSERT INTO proof (what) SELECT 'mistake' FROM generate_series(1, 50)`,
  );
  return wanted;
}

/** Goes back to a moment, and makes sure of it. */
async function goBack(wanted: Moment, changes: { readonly restoreTimeline?: number } = {}): Promise<void> {
  const result = succeeded(await perform(restoreRequest({ restoreToTime: wanted.time, ...changes })));
  expect(await sum()).toBe(wanted.sum);
  expect(await timeline()).toBe(result.timeline);
  const left = (await ancestors()).at(-1);
  expect(left?.timeline).toBe(wanted.timeline);
  // The first transaction after the wanted time, which was not replayed any more.
  expect(left?.reason).toMatch(/^before \d{4}-/);
  const stoppedBefore = Date.parse(left?.reason.replace("before ", "") ?? "");
  expect(stoppedBefore).toBeGreaterThan(Date.parse(wanted.time));
  await expectCleanState();
}

test(
  "each restore goes back to a time on the timeline that the last one began",
  async () => {
    for (let restores = 0; restores < 2; restores += 1) {
      const wanted = await liveOn();
      moments.push(wanted);
      await goBack(wanted);
      expect(await timeline()).toBeGreaterThan(wanted.timeline);
    }
    expect((await ancestors()).map((left) => left.timeline)).toEqual(moments.map((each) => each.timeline));
  },
  2 * jobMs,
);

test(
  "a time that its timeline does not reach leaves the database as it was",
  async () => {
    const { time, sum: before } = await liveOn();
    const now = await sum();
    const [first] = moments;
    // The first timeline was left long before this.
    const request = restoreRequest({ restoreToTime: time, restoreTimeline: first?.timeline ?? 0 });
    const failure = failureIn(await perform(request));
    expect(failure.code).toBe("restore-target-unreachable");
    expect(failure.message).toContain("The database is as it was before the restore.");
    expect(await sum()).toBe(now);
    expect(now).not.toBe(before);
    // It lives on from where the second restore has led, along no other line.
    const line = (await ancestors()).map((left) => left.timeline);
    expect(line.slice(0, 2)).toEqual(moments.map((each) => each.timeline));
    await expectCleanState();
  },
  jobMs,
);

test(
  "the chain goes on as if nothing had been tried",
  async () => {
    while (moments.length < 4) {
      const wanted = await liveOn();
      moments.push(wanted);
      await goBack(wanted);
    }
    const line = [...(await ancestors()).map((left) => left.timeline), await timeline()];
    expect(line.length).toBeGreaterThanOrEqual(5);
    expect(line).toEqual([...new Set(line)].toSorted((a, b) => a - b));
    for (const each of moments) expect(line).toContain(each.timeline);
    const listed = (await listRepository(options, environment, storage)).flatMap((entry) =>
      entry.kind === "timeline" ? entry.timeline : [],
    );
    for (const each of line.filter((number) => number > 1)) expect(listed).toContain(each);
  },
  2 * jobMs,
);

test(
  "a time on a timeline that was left long ago is reached along that one",
  async () => {
    const [, second] = moments;
    if (second === undefined) throw new Error("there was no second restore");
    await goBack(second, { restoreTimeline: second.timeline });
    expect((await ancestors()).map((left) => left.timeline)).toEqual(
      moments.slice(0, 2).map((each) => each.timeline),
    );
    succeeded(await perform(backupRequest({ backupType: "incremental" })));
  },
  jobMs,
);
