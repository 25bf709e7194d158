import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { Credentials } from "../../lib/job/storage-config.ts";
import { run } from "../../lib/process/run.ts";
import { artefactPathOf, parseArtefact } from "../../provider/postgresql/artefact-path.ts";
import { archiveCommand } from "../../provider/postgresql/archiving/archive-storage.ts";
import { parseLogLine } from "../../provider/postgresql/pgbackrest/backup-log.ts";
import { createExecutor } from "../../provider/postgresql/index.ts";
import { settingsOf, type PostgresqlOptions } from "../../provider/postgresql/options.ts";
import {
  holdingArchiveCommand,
  renderOverlay,
  restoreArguments,
} from "../../provider/postgresql/restore/restore-overlay.ts";
import { rejectProof, type RestoreProof } from "../../provider/postgresql/restore/restore-proof.ts";
import type { RecoveryTarget, RestorePlan } from "../../provider/postgresql/checks/restore-target.ts";

const options: PostgresqlOptions = {
  patroni: {
    configDirectory: "/etc/patroni",
    restUrl: "http://127.0.0.1:9",
    scope: "s",
    service: { kind: "systemd", unit: "patroni" },
  },
  postgresql: { dataDirectory: "/it's data", binDirectory: "/bin", socketDirectory: "/run", port: 5432 },
};
const environment = { unit: "pg/0", application: "pg", modelUuid: "u", workDirectory: "/50% full" };
const settings = settingsOf(options, environment);
const storage = { bucket: "b", path: "/prod/", credentials: new Credentials("k", "s") };

function planOf(target: RecoveryTarget): RestorePlan {
  const backup = {
    label: "20260101-000000F",
    type: "full",
    startedAt: 1,
    finishedAt: 2,
    timeline: 10,
    reference: undefined,
    startLsn: 1n,
    stopLsn: 1n,
    repositoryBytes: 1,
    databaseBytes: 1,
    failed: false,
    databaseId: 1,
  } as const;
  return { backup, timeline: 10, target };
}

describe("the restore's command", () => {
  it("always names backup and timeline", () => {
    expect(restoreArguments(settings, "x", planOf({ kind: "backup" }))).toEqual(
      expect.arrayContaining([
        "--set=20260101-000000F",
        "--type=immediate",
        "--recovery-option=recovery_target_timeline=10",
      ]),
    );
    expect(restoreArguments(settings, "x", planOf({ kind: "latest" }))).toEqual(
      expect.arrayContaining(["--type=default", "--target-timeline=10"]),
    );
    expect(restoreArguments(settings, "x", planOf({ kind: "time", moment: 1_000_001 }))).toEqual(
      expect.arrayContaining([
        "--type=time",
        "--target=1970-01-01 00:00:01.000001+00",
        "--target-timeline=10",
      ]),
    );
  });

  it("is quoted for Patroni, and archiving is held back whatever the dynamic configuration says", () => {
    const overlay: unknown = JSON.parse(renderOverlay(["pgbackrest", "--pg1-path=/it's data"], { ttl: 30 }));
    expect(overlay).toMatchObject({
      bootstrap: { pgbackrest: { command: `pgbackrest '--pg1-path=/it'\\''s data'` }, dcs: { ttl: 30 } },
      postgresql: { parameters: { archive_command: holdingArchiveCommand } },
    });
  });

  it.each([
    ["ready   ", 1],
    ["stopping", 127],
  ])(
    "what holds archiving back fails, and ends the archiver of a server that stops (%s)",
    async (state, exitCode) => {
      const cwd = await mkdtemp(join(tmpdir(), "data-"));
      try {
        const lines = ["1", cwd, "1763769600", "5432", cwd, "localhost", "    1 2", state];
        await writeFile(join(cwd, "postmaster.pid"), `${lines.join("\n")}\n`);
        expect(await run(["/bin/sh", "-c", holdingArchiveCommand], { cwd })).toMatchObject({
          exitCode,
          stderr: "",
        });
      } finally {
        await rm(cwd, { recursive: true });
      }
    },
  );
});

describe("archive_command", () => {
  it("is quoted for a shell and for PostgreSQL", () => {
    expect(archiveCommand(settings)).toBe(
      "pgbackrest '--config=/50%% full/pgbackrest/archive.conf' --stanza=pg archive-push %p",
    );
  });
});

describe("a proof", () => {
  const proof: RestoreProof = {
    inRecovery: false,
    timeline: 11,
    left: { timeline: 10, lsn: "0/1", reason: "before 2026-01-01 00:00:00+00" },
    lastSegment: "0000000B0000000100000010",
  };
  const toTime = planOf({ kind: "time", moment: 1 });

  it("holds where the wanted time was reached on the wanted timeline", () => {
    expect(rejectProof(proof, toTime)).toBeUndefined();
  });

  it.each([
    ["0000000A0000000100000010", undefined],
    ["0000000A00000001000000FF", "restore-wal-unread"],
    ["0000000A0000000200000000", "restore-wal-unread"],
    ["0000000A00000000000000FF", undefined],
  ])("holds where all WAL was replayed, the last of it in %s", (lastSegment, code) => {
    const goal = { ...planOf({ kind: "latest" }), lastSegment };
    expect(rejectProof(proof, goal)?.code).toBe(code);
  });

  it.each<[string, RestoreProof, RestorePlan]>([
    ["recovery goes on", { ...proof, inRecovery: true }, toTime],
    ["no timeline began", { ...proof, timeline: 10 }, toTime],
    ["there is no history", { ...proof, left: undefined }, toTime],
    [
      "another timeline was followed",
      { ...proof, left: { timeline: 9, lsn: "0/1", reason: "before x" } },
      toTime,
    ],
    [
      "the time was not reached",
      { ...proof, left: { timeline: 10, lsn: "0/1", reason: "no recovery target specified" } },
      toTime,
    ],
    ["it is not the backup's end", proof, planOf({ kind: "backup" })],
  ])("does not hold where %s", (_, given, plan) => {
    expect(rejectProof(given, plan)?.code).toBe("restore-not-proven");
  });
});

describe("a line of the log", () => {
  it.each([
    [
      "2026-11-21 03:13:34.678 P01 DETAIL: backup file /d/global/1260_vm (bundle 1/2604452, 8KB, 100.00%) checksum c14c",
      { kind: "copied", percent: 100 },
    ],
    [
      "2026-11-21 03:13:34.678 P01 DETAIL: backup file /d/base/1 (16KB, 4.5%) checksum c14c",
      { kind: "copied", percent: 4.5 },
    ],
    [
      "2026-11-21 03:13:34.678 P01 DETAIL: restore file /d/base/1 (16KB, 99.96%) checksum c14c",
      { kind: "copied", percent: 99.96 },
    ],
    ["2026-11-21 03:13:34.346 P00 DETAIL: store zero-length file /d/1", { kind: "detail" }],
    [
      "2026-11-21 03:13:34.679 P00   INFO: execute non-exclusive backup stop and wait for all WAL segments to archive",
      { kind: "copying-done" },
    ],
    [
      "2026-11-21 03:13:34.905 P00   INFO: new backup label = 20261121-031332F",
      { kind: "label", label: "20261121-031332F" },
    ],
    [
      "P00   INFO: new backup label = 20261121-031332F_20261121-031625I",
      { kind: "label", label: "20261121-031332F_20261121-031625I" },
    ],
    [
      "2026-11-21 03:13:34.905 P00   WARN: no prior backup",
      { kind: "message", text: "WARN: no prior backup" },
    ],
    ["-------------------PROCESS START-------------------", { kind: "detail" }],
    ["", { kind: "detail" }],
  ])("%s", (line, expected) => {
    expect(parseLogLine(line)).toEqual(expected);
  });
});

describe("an artefact path", () => {
  it("is cleaned, and read back", () => {
    const path = artefactPathOf(storage, "pg", "L");
    expect(path).toBe("/prod/backup/pg/L/");
    expect(parseArtefact(path, storage)).toEqual({ stanza: "pg", label: "L" });
    expect(artefactPathOf({ ...storage, path: "" }, "pg", "L")).toBe("/backup/pg/L/");
    expect(parseArtefact("/backup/pg/L", { ...storage, path: "" })).toEqual({ stanza: "pg", label: "L" });
    expect(parseArtefact("L", storage)).toEqual({ label: "L" });
  });

  it.each(["", "/", "/other/backup/pg/L/", "/prod/backup/pg/", "/prod/x/pg/L/", "/prod/backup/pg/L/more"])(
    "%j is refused",
    (path) => {
      expect(parseArtefact(path, storage)).toHaveProperty("failure.code", "artefact-path-invalid");
    },
  );
});

describe("the executor", () => {
  it("refuses a stanza that cannot be one", () => {
    expect(() => createExecutor({ ...options, stanza: "a b" }, environment)).toThrow(/stanza/);
  });

  it("says that Patroni does not answer, within a second", async () => {
    const executor = createExecutor(options, environment);
    expect(await executor.standing()).toEqual({ ready: false, reason: "Patroni does not answer" });
    expect(executor.compatible({} as never, {} as never)).toBe(false);
  });
});
