/**
 * The PostgreSQL executor against real servers: PostgreSQL under Patroni, pgBackRest, and an S3 server with TLS.
 */
import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { BackupRequest, RestoreRequest } from "../../lib/job/request.ts";
import { Credentials, type StorageConfig } from "../../lib/job/storage-config.ts";

import { listRepository, repositoryTable, type BackupState } from "../../provider/postgresql/index.ts";
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
  pgBackRestProcesses,
  preflight,
  repositoryPath,
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
const jobMs = 120_000;

beforeAll(startStand, startMs);
afterAll(stopStand, startMs);

describe("before anything is archived", () => {
  it("stands ready", async () => {
    expect(await executor.standing()).toEqual({ ready: true, role: "primary" });
  });

  it("tells apart what is wrong with a storage", async () => {
    const wrong = (changes: Partial<StorageConfig>): BackupRequest =>
      backupRequest({ storage: { ...storage, ...changes } });
    const { accessKey } = servers.s3.users.admin;
    expect(await preflight(wrong({ endpoint: storage.endpoint?.replace("https", "http") ?? "" }))).toBe(
      "storage-endpoint-insecure",
    );
    expect(await preflight(wrong({ credentials: new Credentials("nobody", "nothing") }))).toBe(
      "storage-access-denied",
    );
    expect(await preflight(wrong({ credentials: new Credentials(accessKey, "wrong") }))).toBe(
      "storage-access-denied",
    );
    expect(await preflight(wrong({ bucket: "missing" }))).toBe("storage-bucket-missing");
    expect(await preflight(wrong({ tlsCaChain: [] }))).toBe("storage-certificate");
    expect(await preflight(wrong({ endpoint: "https://localhost:9" }))).toBe("storage-unreachable");
    expect(await preflight(wrong({ tlsCaChain: ["garbage"] }))).toBe("storage-config-invalid");
    expect(await preflight(wrong({ tlsCaChain: [servers.s3.caPem] }))).toBeUndefined();
    expect(await preflight(backupRequest())).toBeUndefined();
    expect(await readdir(workDirectory)).not.toContain("archive-storage.json");
  });

  it("refuses a differential backup without a full one", async () => {
    expect(await preflight(backupRequest({ backupType: "differential" }))).toBe("backup-without-base");
  });
});

describe("backups", () => {
  const made: string[] = [];
  /** Each state of a backup that the repository lists, with how many are in it. */
  const states = async (): Promise<Partial<Record<BackupState, number>>> => {
    const found: Partial<Record<BackupState, number>> = {};
    for (const entry of await listRepository(options, environment, storage))
      if (entry.kind === "backup") found[entry.state] = (found[entry.state] ?? 0) + 1;
    return found;
  };

  it(
    "makes a full, a differential and an incremental one and lists them",
    async () => {
      const seen = await witness(storage);
      const full = succeeded(await perform(backupRequest(), seen));
      expect(full.backupId).toMatch(/^\d{8}-\d{6}F$/);
      expect(full.artefactPath).toBe(`${repositoryPath}/backup/test.postgresql/${full.backupId}/`);
      expect(full.recordFolder).toBe(`database-backup/test.postgresql/${full.backupId}`);
      expect(full.timeline).toBe(1);
      expect(full.warning).toBeUndefined();
      expect(seen.finalized).toBe(true);
      expect(seen.progress.at(-1)?.percent).toBe(100);
      expect(seen.progress.length).toBeGreaterThan(3);
      expect(seen.lines.join("\n")).not.toContain(servers.s3.users.admin.secretKey);

      const differential = succeeded(await perform(backupRequest({ backupType: "differential" })));
      expect(differential.backupId).toMatch(/D$/);
      const incremental = succeeded(await perform(backupRequest({ backupType: "incremental" })));
      expect(incremental.backupId).toMatch(/I$/);
      expect(incremental.sizeBytes).toBeLessThan(full.sizeBytes ?? 0);
      made.push(full.backupId, differential.backupId, incremental.backupId);

      const listed = await executor.list(storage, new AbortController().signal);
      expect(listed.map(({ id }) => id)).toEqual(made);
      expect(listed.map(({ type }) => type)).toEqual(["full", "differential", "incremental"]);
      expect(listed[0]).toMatchObject({
        artefactPath: full.artefactPath,
        sizeBytes: full.sizeBytes,
        timeline: 1,
      });
      const entries = await listRepository(options, environment, storage);
      expect(entries).toMatchObject([
        { kind: "backup", id: made[0], state: "finished", artefactPath: full.artefactPath, timeline: 1 },
        { id: made[1], type: "differential", reference: made[0] },
        { id: made[2], type: "incremental", reference: made[1] },
      ]);
      expect(repositoryTable(entries, storage)).toContain(full.backupId);
    },
    jobMs,
  );

  it(
    "compresses as requested, and says where a chain does not allow it",
    async () => {
      const plain = succeeded(await perform(backupRequest({ compression: false })));
      const listed = await executor.list(storage, new AbortController().signal);
      expect(plain.sizeBytes).toBeGreaterThan(3 * (listed[0]?.sizeBytes ?? Infinity));
      const chained = succeeded(
        await perform(backupRequest({ backupType: "incremental", compression: true })),
      );
      expect(chained.warning).toContain("compress-type");
    },
    jobMs,
  );

  it("keeps keys in files of the database user alone", async () => {
    const file = join(workDirectory, "pgbackrest", "archive.conf");
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect(await readFile(join(workDirectory, "archive-storage.json"), "utf8")).not.toContain(
      servers.s3.users.admin.accessKey,
    );
    expect(
      (await readdir(join(workDirectory, "pgbackrest"))).filter((name) => /inspect|restore/.test(name)),
    ).toEqual([]);
  });

  it("refuses another repository, naming both", async () => {
    const request = backupRequest({ storage: { ...storage, path: "/elsewhere" } });
    const failure = failureIn(await perform(request));
    expect(failure.code).toBe("archive-storage-differs");
    expect(failure.message).toContain("/elsewhere");
    expect(failure.message).toContain(repositoryPath);
  });

  it(
    "is cancelled cleanly while it copies",
    async () => {
      const before = (await executor.list(storage, new AbortController().signal)).length;
      const seen = await witness(storage);
      let copying: Promise<unknown> | undefined;
      seen.onCopying = () => {
        copying ??= states().finally(() => seen.controller.abort());
      };
      expect(failureIn(await perform(backupRequest({ compression: false }), seen)).code).toBe("cancelled");
      expect(await copying).toMatchObject({ running: 1 });
      expect(await states()).toEqual({ finished: before, crashed: 1 });
      expect(pgBackRestProcesses()).toEqual([]);
      expect(await executor.list(storage, new AbortController().signal)).toHaveLength(before);
    },
    jobMs,
  );

  it(
    "survives kill -9 of pgBackRest and frees its lock",
    async () => {
      const seen = await witness(storage);
      seen.onCopying = () => {
        const main = pgBackRestProcesses().find(({ argv }) => argv.includes("backup"));
        if (main !== undefined) process.kill(main.pid, "SIGKILL");
      };
      expect(failureIn(await perform(backupRequest({ compression: false }), seen)).code).toBe(
        "pgbackrest-killed",
      );
      expect(await states()).toMatchObject({ crashed: 1 });
      const { context } = await witness(storage);
      await executor.recover(backupRequest(), context);
      expect(pgBackRestProcesses()).toEqual([]);
      expect((await executor.recover(backupRequest(), context)).message).toBe(
        "Nothing was left to clean up.",
      );
      context.store.close();
      succeeded(await perform(backupRequest()));
    },
    jobMs,
  );
});

describe("restores", () => {
  let first = "";
  let goodTime = "";

  it("refuses what cannot succeed and touches nothing", async () => {
    const listed = await executor.list(storage, new AbortController().signal);
    first = listed[0]?.id ?? "";
    const of = (changes: Partial<RestoreRequest>): Promise<string | undefined> =>
      preflight(restoreRequest(changes));
    expect(await of({ artefactPath: "20200101-000000F" })).toBe("restore-backup-unknown");
    expect(await of({ restoreToTime: "2020-01-01T00:00:00Z" })).toBe("restore-time-too-early");
    expect(await of({ restoreToTime: "2020-01-01 00:00:00" })).toBe("restore-time-without-offset");
    expect(await of({ restoreToTime: "9999-01-01T00:00:00Z" })).toBe("restore-time-in-future");
    expect(await of({ restoreToTime: "latest", restoreTimeline: 7 })).toBe("restore-timeline-unknown");
    expect(await of({ artefactPath: "/other/backup/x/y/" })).toBe("artefact-path-invalid");
    expect(await of({ artefactPath: first })).toBeUndefined();
    const failure = failureIn(await perform(restoreRequest({ artefactPath: "20200101-000000F" })));
    expect(failure.message).toContain("Nothing was changed.");
  });

  it(
    "goes back to a time",
    async () => {
      await sql("INSERT INTO proof (what) VALUES ('wanted')");
      goodTime = await moment();
      await sql("INSERT INTO proof (what) VALUES ('mistake'); DELETE FROM proof WHERE what = 'before'");
      const seen = await witness(storage);
      const result = succeeded(await perform(restoreRequest({ restoreToTime: goodTime }), seen));
      expect(await rows()).toEqual(["before", "wanted"]);
      expect(result.timeline).toBe(2);
      expect(result.warning).toBeUndefined();
      expect(seen.pointOfNoReturn).toBe(true);
      expect(seen.finalized).toBe(true);
      expect(seen.progress.length).toBeGreaterThan(3);
      await expectCleanState();
    },
    jobMs,
  );

  it(
    "goes back to a time on the new timeline",
    async () => {
      await sql("INSERT INTO proof (what) VALUES ('second')");
      const time = await moment();
      await sql("DROP TABLE ballast; INSERT INTO proof (what) VALUES ('mistake')");
      const result = succeeded(await perform(restoreRequest({ restoreToTime: time })));
      expect(await rows()).toEqual(["before", "wanted", "second"]);
      expect(result.timeline).toBe(3);
      const entries = await listRepository(options, environment, storage);
      expect(entries.flatMap((entry) => (entry.kind === "timeline" ? entry.timeline : []))).toContain(2);
      await expectCleanState();
    },
    jobMs,
  );

  it(
    "puts the old database back when the target cannot be reached",
    async () => {
      await sql("INSERT INTO proof (what) VALUES ('kept')");
      await sql(`CREATE TABLESPACE side LOCATION '${await tablespaceDirectory()}'`);
      await sql("CREATE TABLE aside (i int) TABLESPACE side; INSERT INTO aside VALUES (42)");
      const request = restoreRequest({ restoreToTime: await moment(), restoreTimeline: 1 });
      const failure = failureIn(await perform(request));
      expect(failure.code).toBe("restore-target-unreachable");
      expect(failure.message).toContain("The database is as it was before the restore.");
      expect(failure.remedy).toMatch(/\d{4}-\d{2}-\d{2}/);
      expect((await rows()).at(-1)).toBe("kept");
      expect(await sql("SELECT i FROM aside")).toBe("42");
      await expectCleanState();
    },
    jobMs,
  );

  it(
    "puts the old database back when it is cancelled",
    async () => {
      const seen = await witness(storage);
      seen.onCopying = () => seen.controller.abort();
      const failure = failureIn(await perform(restoreRequest({ artefactPath: first }), seen));
      expect(failure.code).toBe("cancelled");
      expect((await rows()).at(-1)).toBe("kept");
      expect(await sql("SELECT i FROM aside")).toBe("42");
      await expectCleanState();
    },
    jobMs,
  );

  it(
    "puts the old database back after the worker and Patroni were killed",
    async () => {
      const worker = await startWorker(restoreRequest({ artefactPath: first }));
      await worker.firstProgress;
      worker.child.kill("SIGKILL");
      await worker.ended;
      await killPatroni();
      expect(await readdir(workDirectory)).toContain("restore.json");
      expect(await preflight(backupRequest())).toBe("restore-unfinished");
      const { context } = await witness(storage);
      const { message } = await executor.recover(restoreRequest({}), context);
      context.store.close();
      expect(message).toBe("The restore was undone: the database is as it was before.");
      expect((await rows()).at(-1)).toBe("kept");
      expect(await sql("SELECT i FROM aside")).toBe("42");
      await expectCleanState();
    },
    jobMs,
  );

  it(
    "restores the latest state, and a backup by its artefact path",
    async () => {
      await sql("INSERT INTO proof (what) VALUES ('latest')");
      const latest = succeeded(await perform(restoreRequest({ restoreToTime: "latest" })));
      expect((await rows()).at(-1)).toBe("latest");
      expect(await sql("SELECT i FROM aside")).toBe("42");
      const artefactPath = `${repositoryPath}/backup/test.postgresql/${first}/`;
      const named = succeeded(await perform(restoreRequest({ artefactPath })));
      expect(named.timeline).toBeGreaterThan(latest.timeline ?? Infinity);
      expect(await rows()).toEqual(["before"]);
      await expectCleanState();
      succeeded(await perform(backupRequest({ backupType: "incremental" })));
    },
    jobMs,
  );
});
