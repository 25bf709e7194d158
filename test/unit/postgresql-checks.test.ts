import { fc, test } from "@fast-check/vitest";
import { describe, expect, it } from "vitest";
import type { BackupRequest, RestoreRequest } from "../../lib/job/request.ts";
import { Credentials, storageLocation, type StorageConfig } from "../../lib/job/storage-config.ts";
import { firstFailure } from "../../provider/postgresql/checks/checks.ts";
import {
  createBackupChecks,
  type BackupFacts,
} from "../../provider/postgresql/checks/create-backup-checks.ts";
import {
  restoreChecks,
  spareBytes,
  type RestoreFacts,
} from "../../provider/postgresql/checks/restore-checks.ts";
import { parseVersion, usedFeatures } from "../../provider/postgresql/pgbackrest/pgbackrest-version.ts";
import { loneMember } from "./lone-member.ts";

const storage: StorageConfig = {
  bucket: "bucket",
  path: "prod",
  endpoint: "https://s3.example.com",
  credentials: new Credentials("key", "secret"),
};
const member = {
  state: "running",
  isPrimary: true,
  locked: true,
  timeline: 1,
  serverVersion: 150_020,
  systemId: "77",
};
const replica = { ...member, isPrimary: false };
const inCluster = { plannedUnits: 3, isTlsEnabled: true };
const failure = { code: "x", message: "X.", remedy: "Y." };
const backup = {
  label: "A",
  type: "full",
  startedAt: 1,
  finishedAt: 2,
  timeline: 1,
  reference: undefined,
  startLsn: 1n,
  stopLsn: 1n,
  repositoryBytes: 1,
  databaseBytes: 1_000,
  failed: false,
  databaseId: 1,
} as const;
const stanza = {
  name: "s",
  databases: [{ id: 1, systemId: "77", version: "15" }],
  archives: [],
  labels: ["A"],
  backups: [backup],
  backupRuns: false,
};
const backupRequest: BackupRequest = {
  id: "1",
  type: "backup",
  backupType: "full",
  compression: true,
  storage,
};
const backupFacts: BackupFacts = {
  ...loneMember,
  request: backupRequest,
  stanzaName: "s",
  isForeignRepository: false,
  unfinishedRestore: undefined,
  pgBackRestVersion: [2, 45],
  member,
  archiveMode: "on",
  archiveStorage: storageLocation(storage),
  probeFailure: undefined,
  repositoryFailure: undefined,
  stanza,
};

describe("the checks before a backup", () => {
  it("stand in the order of the flowchart", () => {
    expect(createBackupChecks.flatMap(({ chart }) => chart ?? [])).toEqual([
      "Is unit in blocked state?",
      "Is primary in a TLS enabled multiple units cluster?",
      "Is replica and with TLS disabled?",
      "Has stanza been initialised?",
      "Is S3 relation established?",
      "Has missing S3 parameters?",
      "Was it possible to upload metadata file to test connectivity to S3?",
    ]);
  });

  it("let a good job pass, and decide every one", () => {
    const decided: string[] = [];
    expect(firstFailure(createBackupChecks, backupFacts, (name) => decided.push(name))).toBeUndefined();
    expect(decided).toEqual(createBackupChecks.map(({ name }) => name));
    expect(new Set(decided).size).toBe(decided.length);
  });

  it.each<[string, Partial<BackupFacts>]>([
    ["a primary of a cluster whose replicas are not ready", inCluster],
    ["a primary of a cluster without TLS", { plannedUnits: 3, readyReplicas: ["pg/1"] }],
    ["a replica that reaches the primary", { ...inCluster, member: replica, isPrimaryServing: true }],
  ])("let %s pass", (_, changes) => {
    expect(firstFailure(createBackupChecks, { ...backupFacts, ...changes })).toBeUndefined();
  });

  it.each<[string, Partial<BackupFacts>, string]>([
    [
      "an unfinished restore",
      { unfinishedRestore: { jobId: "9", journalFile: "/j", aside: ["/d"], isDiscarded: false } },
      "restore-unfinished",
    ],
    [
      "a database that a restore has discarded",
      { unfinishedRestore: { jobId: "9", journalFile: "/j", aside: [], isDiscarded: true } },
      "database-discarded",
    ],
    ["an old pgBackRest", { pgBackRestVersion: [2, 38] }, "pgbackrest-too-old"],
    ["no Patroni", { member: undefined }, "database-offline"],
    ["a replica without TLS", { member: replica }, "tls-not-enabled"],
    ["a primary while a replica is ready", { ...inCluster, readyReplicas: ["pg/1"] }, "unit-is-primary"],
    ["a replica that cannot reach the primary", { ...inCluster, member: replica }, "primary-unreachable"],
    [
      "a replica that does not know where WAL goes",
      { ...inCluster, member: replica, isPrimaryServing: true, archiveStorage: undefined },
      "stanza-not-initialised",
    ],
    ["no leader's lock", { member: { ...member, locked: false } }, "cluster-without-leader"],
    ["a server that starts", { member: { ...member, state: "starting" } }, "database-not-running"],
    ["archive_mode off", { archiveMode: "off" }, "archive-mode-off"],
    [
      "missing keys",
      { request: { ...backupRequest, storage: { ...storage, credentials: new Credentials("", "") } } },
      "storage-credentials-missing",
    ],
    [
      "another repository",
      { archiveStorage: storageLocation({ ...storage, path: "other" }) },
      "archive-storage-differs",
    ],
    ["a storage that fails", { probeFailure: failure }, "x"],
    ["a repository that fails", { repositoryFailure: failure }, "x"],
    [
      "a repository that it was restored from",
      { isForeignRepository: true },
      "repository-of-another-cluster",
    ],
    ["another cluster's stanza", { member: { ...member, systemId: "78" } }, "repository-of-another-cluster"],
    [
      "no base",
      { stanza: undefined, request: { ...backupRequest, backupType: "incremental" } },
      "backup-without-base",
    ],
  ])("refuse %s", (_, changes, code) => {
    expect(firstFailure(createBackupChecks, { ...backupFacts, ...changes })?.code).toBe(code);
  });

  it("let the first backup decide the repository, however the same one is written", () => {
    const first = { ...backupFacts, archiveStorage: undefined, stanza: undefined };
    expect(firstFailure(createBackupChecks, first)).toBeUndefined();
    const request = {
      ...backupRequest,
      storage: { ...storage, path: "/prod/", endpoint: "https://s3.example.com/" },
    };
    expect(firstFailure(createBackupChecks, { ...backupFacts, request })).toBeUndefined();
  });
});

test.prop([fc.integer({ min: 0, max: 3 }), fc.nat(99)])(
  "pgBackRest is too old exactly where something that is used came later, and that is named",
  (major, minor) => {
    const installed = parseVersion(`pgBackRest ${major}.${String(minor).padStart(2, "0")}\n`);
    const failed = firstFailure(createBackupChecks, { ...backupFacts, pgBackRestVersion: installed });
    const missing = usedFeatures.filter(({ since }) => major * 100 + minor < since[0] * 100 + since[1]);
    expect(failed?.code).toBe(missing.length === 0 ? undefined : "pgbackrest-too-old");
    for (const { name } of missing) expect(failed?.message).toContain(name);
    if (missing.length > 0) expect(failed?.remedy).toContain("2.39");
  },
);

const restoreRequest: RestoreRequest = {
  id: "1",
  type: "restore",
  compression: true,
  storage,
  artefactPath: "A",
};
const disk = {
  dataDirectory: "/d",
  isMountPoint: false,
  isLink: false,
  walElsewhere: undefined,
  freeBytes: 10 ** 12,
};
const restoreFacts: RestoreFacts = {
  request: restoreRequest,
  isAllowed: true,
  unfinishedRestore: undefined,
  pgBackRestVersion: [2, 45],
  now: 10 ** 15,
  plannedUnits: 1,
  member,
  members: ["postgresql-0"],
  probeFailure: undefined,
  repositoryFailure: undefined,
  plan: { decided: true, value: { backup, timeline: 1, target: { kind: "backup" } } },
  backupSystemId: "77",
  listedSystemId: "77",
  files: { needed: 9, wrong: [] },
  wal: { first: "1", last: "2", missing: [] },
  backupVersion: "15",
  disk,
};

describe("the checks before a restore", () => {
  it("stand in the order of the flowchart", () => {
    expect(restoreChecks.flatMap(({ chart }) => chart ?? [])).toEqual([
      "Has user provided a backup id?",
      "Is workload container accessible?",
      "Is unit in blocked state?",
      "Is single unit cluster?",
      "Is current unit leader?",
      "Is backup id valid?",
    ]);
  });

  it("let a good job pass", () => {
    expect(firstFailure(restoreChecks, restoreFacts)).toBeUndefined();
  });

  it.each<[string, Partial<RestoreFacts>, string]>([
    [
      "an unfinished restore",
      { unfinishedRestore: { jobId: "9", journalFile: "/j", aside: [], isDiscarded: false } },
      "restore-unfinished",
    ],
    ["an old pgBackRest", { pgBackRestVersion: [2, 38] }, "pgbackrest-too-old"],
    ["nothing named", { request: { ...restoreRequest, artefactPath: "" } }, "restore-target-missing"],
    ["a bad time", { request: { ...restoreRequest, restoreToTime: "now" } }, "restore-time-invalid"],
    ["what the admin forbids", { isAllowed: false }, "restore-not-allowed"],
    ["more units that are planned", { plannedUnits: 2 }, "restore-with-more-units"],
    ["a member that has not left", { members: ["a", "b"] }, "restore-with-more-units"],
    ["another system's backup", { backupSystemId: "78" }, "restore-identifier-differs"],
    ["a backup with a gap", { files: { needed: 9, wrong: ["A/bundle/1"] } }, "restore-backup-damaged"],
    ["WAL with a gap", { wal: { first: "1", last: "3", missing: ["2"] } }, "restore-wal-missing"],
    ["a server that is down", { member: undefined }, "database-not-running"],
    ["a storage that fails", { probeFailure: failure }, "x"],
    ["a repository that fails", { repositoryFailure: failure }, "x"],
    ["a target that fails", { plan: { decided: false, failure } }, "x"],
    ["another version", { backupVersion: "14" }, "restore-version-differs"],
    ["a mount point", { disk: { ...disk, isMountPoint: true } }, "data-directory-not-movable"],
    ["a link", { disk: { ...disk, isLink: true } }, "data-directory-not-movable"],
    ["WAL elsewhere", { disk: { ...disk, walElsewhere: "/wal" } }, "wal-outside-data-directory"],
    ["too small a disk", { disk: { ...disk, freeBytes: 999 + spareBytes } }, "disk-too-small"],
    [
      "a disk that is too small even without the old data",
      { disk: { ...disk, freeBytes: 99 + spareBytes, presentBytes: 900 } },
      "disk-too-small",
    ],
  ])("refuse %s", (_, changes, code) => {
    expect(firstFailure(restoreChecks, { ...restoreFacts, ...changes })?.code).toBe(code);
  });

  it("say before when the WAL has a gap, and what is missing of a backup", () => {
    const missing = Array.from({ length: 12 }, (_, index) => `segment ${index}`);
    const wal = { first: "1", last: "99", missing, reachesTo: Date.parse("2026-01-10T09:00:00Z") / 1000 };
    const toTime = { ...restoreRequest, restoreToTime: "2001-09-09T00:00:00Z" };
    expect(firstFailure(restoreChecks, { ...restoreFacts, wal, request: toTime })).toMatchObject({
      message: expect.stringContaining("segment 0, segment 1, segment 2 and 9 more."),
      remedy: expect.stringContaining("before 2026-01-10T09:00:00Z"),
    });
    const alone = firstFailure(restoreChecks, { ...restoreFacts, wal });
    expect(alone?.remedy).toContain("another backup");
    const files = { needed: 9, wrong: ["A/bundle/1"] };
    const damaged = firstFailure(restoreChecks, { ...restoreFacts, files });
    expect(damaged?.message).toMatch(/9 files.* 1 are missing.*A\/bundle\/1\./);
  });

  it("want no database to put back where the old data is discarded", () => {
    const unfinishedRestore = { jobId: "9", journalFile: "/j", aside: [], isDiscarded: true };
    const facts = { ...restoreFacts, unfinishedRestore, member: undefined, members: [], disk: undefined };
    expect(firstFailure(restoreChecks, facts)).toBeUndefined();
  });

  it("count the space of what is discarded", () => {
    const facts = { ...restoreFacts, disk: { ...disk, freeBytes: spareBytes, presentBytes: 1_000 } };
    expect(firstFailure(restoreChecks, facts)).toBeUndefined();
  });

  it("take a disk that is just large enough", () => {
    const facts = { ...restoreFacts, disk: { ...disk, freeBytes: 1_000 + spareBytes } };
    expect(firstFailure(restoreChecks, facts)).toBeUndefined();
  });
});
