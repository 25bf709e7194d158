/**
 * Restores on real servers that find the repository damaged, give the old data up, or lose their worker.
 */
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { CopyObjectCommand, DeleteObjectCommand, ListObjectsV2Command } from "@aws-sdk/client-s3";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { RestoreRequest } from "../../lib/job/request.ts";
import { createExecutor } from "../../provider/postgresql/index.ts";
import { until } from "../simulation/until.ts";
import {
  backupRequest,
  environment,
  executor,
  expectCleanState,
  failureIn,
  killPatroni,
  moment,
  options,
  perform,
  preflight,
  restoreRequest,
  rows,
  servers,
  sql,
  startStand,
  startWorker,
  stopStand,
  storage,
  succeeded,
  tablespaceDirectory,
  witness,
  workDirectory,
} from "./executor-stand.ts";

const startMs = 120_000;
const jobMs = 150_000;
let full = "";
let incremental = "";
let between = "";
/** The segment that holds what was written around that time. */
let segment = "";

beforeAll(
  async () => {
    await startStand();
    await sql(`CREATE TABLESPACE side LOCATION '${await tablespaceDirectory()}'`);
    await sql("CREATE TABLE aside (i int) TABLESPACE side; INSERT INTO aside VALUES (42)");
    full = succeeded(await perform(backupRequest())).backupId;
    await sql("INSERT INTO proof (what) VALUES ('more')");
    incremental = succeeded(await perform(backupRequest({ backupType: "incremental" }))).backupId;
    await sql("INSERT INTO proof (what) VALUES ('wanted')");
    between = await moment();
    await sql("INSERT INTO proof (what) VALUES ('late')");
    segment = await switchSegment();
    await sql("SELECT txid_current()");
    await switchSegment();
  },
  startMs + 2 * jobMs,
);
afterAll(stopStand, startMs);

/** Takes an object away, and gives back how it is put back. */
async function without(part: string): Promise<() => Promise<void>> {
  const client = servers.s3.client();
  const Bucket = storage.bucket;
  const { Contents = [] } = await client.send(new ListObjectsV2Command({ Bucket }));
  const key = Contents.map(({ Key = "" }) => Key).find((each) => each.includes(part));
  if (key === undefined) throw new Error(`no object has ${part} in its name`);
  const move = async (from: string, to: string): Promise<void> => {
    await client.send(
      new CopyObjectCommand({
        Bucket,
        CopySource: encodeURI(`${Bucket}/${from}`).replaceAll("+", "%2B"),
        Key: to,
      }),
    );
    await client.send(new DeleteObjectCommand({ Bucket, Key: from }));
  };
  await move(key, "taken-away");
  return async () => {
    await move("taken-away", key);
    client.destroy();
  };
}

describe("before anything is destroyed", () => {
  it(
    "a file that is missing in the chain of a backup is found",
    async () => {
      const back = await without(`/${full}/bundle/1`);
      const failure = failureIn(await perform(restoreRequest({ artefactPath: incremental })));
      expect(failure.code).toBe("restore-backup-damaged");
      expect(failure.message).toContain(`${full}/bundle/1`);
      expect(failure.message).toContain("Nothing was changed.");
      await back();
      expect(await preflight(restoreRequest({ artefactPath: incremental }))).toBeUndefined();
    },
    jobMs,
  );

  it(
    "WAL that is missing is found, where it is needed",
    async () => {
      const back = await without(segment);
      const toTime = restoreRequest({ restoreToTime: between });
      expect(await preflight(toTime)).toBe("restore-wal-missing");
      expect(await preflight(restoreRequest({ restoreToTime: "latest" }))).toBe("restore-wal-missing");
      expect(await preflight(restoreRequest({ artefactPath: incremental }))).toBeUndefined();
      await back();
      expect(await preflight(toTime)).toBeUndefined();
    },
    jobMs,
  );

  it("a restore is refused where it is forbidden, or where more units are planned", async () => {
    const request = restoreRequest({ artefactPath: full });
    const { context } = await witness(storage);
    const forbidding = createExecutor({ ...options, allowRestore: false }, environment);
    expect((await forbidding.preflight(request, context))?.code).toBe("restore-not-allowed");
    const planned = await executor.preflight(request, { ...context, plannedUnits: 3 });
    expect(planned?.code).toBe("restore-with-more-units");
    expect(planned?.message).toContain("3 units");
    context.store.close();
  });
});

/** Ends the present segment of WAL. @returns Its name, once it is archived. */
async function switchSegment(): Promise<string> {
  const name = await sql("SELECT pg_walfile_name(pg_switch_wal())");
  return await until(`${name} is archived`, async () => {
    const archived = await sql("SELECT last_archived_wal FROM pg_stat_archiver");
    return archived >= name ? name : undefined;
  });
}

describe("a restore whose worker was killed", () => {
  it(
    "is adopted, and ends as it would have",
    async () => {
      const worker = await startWorker(restoreRequest({ restoreToTime: between }));
      await worker.firstProgress;
      worker.child.kill("SIGKILL");
      await worker.ended;
      expect(await readdir(workDirectory)).toContain("restore.json");
      const { context } = await witness(storage);
      const { message, result } = await executor.recover(restoreRequest({}), context);
      context.store.close();
      expect(message).toBe("The restore went on without its worker, and succeeded.");
      expect(result).toMatchObject({ succeeded: true, backupId: incremental, timeline: 2 });
      expect(await rows()).toEqual(["before", "more", "wanted"]);
      await expectCleanState();
    },
    jobMs,
  );

  it(
    "is undone where it is cancelled after that",
    async () => {
      const worker = await startWorker(restoreRequest({ artefactPath: full }));
      await worker.firstProgress;
      worker.child.kill("SIGKILL");
      await worker.ended;
      const { context, controller } = await witness(storage);
      controller.abort();
      const { result } = await executor.recover(restoreRequest({}), context);
      context.store.close();
      expect(result).toMatchObject({ succeeded: false, failure: { code: "cancelled" } });
      expect(await rows()).toEqual(["before", "more", "wanted"]);
      expect(await sql("SELECT i FROM aside")).toBe("42");
      await expectCleanState();
    },
    jobMs,
  );
});

describe("a restore that discards the old data", () => {
  const discarding = (changes: Partial<RestoreRequest>): RestoreRequest =>
    restoreRequest({ ...changes, discardOldData: true });

  it(
    "writes over it, and cannot be cancelled then",
    async () => {
      const seen = await witness(storage);
      const result = succeeded(await perform(discarding({ artefactPath: full }), seen));
      expect(result.timeline).toBeGreaterThan(2);
      expect(seen.pointOfNoReturn).toBe(true);
      expect(await rows()).toEqual(["before"]);
      expect(await sql("SELECT i FROM aside")).toBe("42");
      await expectCleanState();
      const log = await readLog();
      expect(log).toContain("restore command begin");
      expect(log).toContain("--delta");
    },
    jobMs,
  );

  it(
    "leaves no database where it fails, and the next restore succeeds without hand work",
    async () => {
      await sql("INSERT INTO proof (what) VALUES ('given up')");
      // Timeline 1 was left before, so this time is not on it.
      const request = discarding({ restoreToTime: await moment(), restoreTimeline: 1 });
      const failure = failureIn(await perform(request));
      expect(failure.code).toBe("restore-target-unreachable");
      expect(failure.message).toContain("there is no database until a restore succeeds");
      expect(await executor.standing()).toEqual({
        ready: true,
        role: "primary",
        problem: expect.stringMatching(/^There is no database: the restore of job .* Request a restore\.$/),
      });
      expect(await preflight(backupRequest())).toBe("database-discarded");

      const { context } = await witness(storage);
      expect((await executor.recover(backupRequest(), context)).message).toContain("there is no database");
      context.store.close();

      const result = succeeded(await perform(restoreRequest({ restoreToTime: between })));
      expect(result.warning).toBeUndefined();
      expect(await rows()).toEqual(["before", "more", "wanted"]);
      expect(await sql("SELECT i FROM aside")).toBe("42");
      await expectCleanState();
      succeeded(await perform(backupRequest({ backupType: "incremental" })));
    },
    2 * jobMs,
  );

  it(
    "is found to have discarded it where the worker and Patroni were killed",
    async () => {
      const worker = await startWorker(discarding({ artefactPath: incremental }));
      await worker.firstProgress;
      worker.child.kill("SIGKILL");
      await worker.ended;
      await killPatroni();
      const { context } = await witness(storage);
      const { message, result } = await executor.recover(restoreRequest({}), context);
      context.store.close();
      expect(result).toBeUndefined();
      expect(message).toContain("there is no database until a restore succeeds");
      succeeded(await perform(restoreRequest({ artefactPath: incremental })));
      expect(await rows()).toEqual(["before", "more"]);
      await expectCleanState();
    },
    2 * jobMs,
  );
});

/** What pgBackRest's restores have logged. */
async function readLog(): Promise<string> {
  return readFile(join(workDirectory, "pgbackrest/log/test.postgresql-restore.log"), "utf8");
}
