/**
 * Every path through the decisions before a backup and before a restore, over the real checks, compared with the tables of
 * the reference.
 */
import { expect, test } from "vitest";
import type { BackupRequest, RestoreRequest } from "../../lib/job/request.ts";
import { Credentials, storageLocation, type StorageConfig } from "../../lib/job/storage-config.ts";
import { firstFailure, type Check } from "../../provider/postgresql/checks/checks.ts";
import {
  createBackupChecks,
  type BackupFacts,
} from "../../provider/postgresql/checks/create-backup-checks.ts";
import {
  s3CredentialsChart,
  walkChart,
  type ArchivingPort,
  type S3CredentialsFacts,
} from "../../provider/postgresql/checks/s3-credentials-checks.ts";
import { restoreChecks, type RestoreFacts } from "../../provider/postgresql/checks/restore-checks.ts";
import {
  decideTlsServer,
  tlsServerChecks,
  type TlsServerDecision,
  type TlsServerFacts,
} from "../../provider/postgresql/checks/tls-server-checks.ts";
import { first, stanza } from "../unit/repository-contents.ts";
import { Choices, chosenFacts, chosenPort, everyPath, failing, type Variants } from "./chart-paths.ts";
import { tableOf } from "./pages.ts";

const page = "docs/reference/postgresql.md";

/** The codes with which each check ends some path. Some path must get to the end of all. */
function walk<Facts extends object>(
  checks: readonly Check<Facts>[],
  variants: Variants<Facts>,
): Readonly<Record<string, readonly string[]>> {
  const ends = new Map<string, Set<string>>(checks.map(({ name }) => [name, new Set()]));
  const order = checks.map(({ name }) => name);
  const strayed: string[][] = [];
  let passed = 0;
  everyPath(variants, (facts) => {
    const path: string[] = [];
    const failure = firstFailure(checks, facts, (name) => path.push(name));
    // Decided in the chart's order, without a gap, and no further than the first that does not pass.
    const isWhole = failure !== undefined || path.length === order.length;
    if (!isWhole || path.some((name, index) => name !== order[index])) strayed.push(path);
    if (failure === undefined) passed += 1;
    else ends.get(path.at(-1) ?? "")?.add(failure.code);
  });
  expect(strayed).toEqual([]);
  expect(passed).toBeGreaterThan(0);
  return Object.fromEntries([...ends].map(([name, codes]) => [name, [...codes].toSorted()]));
}

/** The codes with which the reference says that each check ends a path; none where it does not arise. */
function documented(table: string): Readonly<Record<string, readonly string[]>> {
  return Object.fromEntries(
    tableOf(page, table)
      .slice(1)
      .map(([name = "", , outcome = ""]) => {
        const codes = [...outcome.matchAll(/`([a-z][a-z-]*)`/g)].map(([, code = ""]) => code);
        return [name.replaceAll("`", ""), outcome.startsWith("not applicable") ? [] : codes.toSorted()];
      }),
  );
}

const storage: StorageConfig = {
  bucket: "bucket",
  endpoint: "https://s3.example.com",
  credentials: new Credentials("key", "secret"),
};
const storages: readonly StorageConfig[] = [
  storage,
  { ...storage, tlsCaChain: ["garbage"] },
  { ...storage, credentials: new Credentials("", "") },
  { ...storage, endpoint: "http://s3.example.com" },
];
const member = {
  state: "running",
  isPrimary: true,
  locked: true,
  timeline: 1,
  serverVersion: 150_020,
  systemId: "77",
};
const primary = {
  member: "pg-0",
  configFile: "/c",
  dataDirectory: "/d",
  socketDirectory: "/s",
  port: 5432,
  user: "postgres",
  tls: { address: "a", port: 8432, commonName: "pg-0" },
};
const unfinishedRestore = [
  undefined,
  { jobId: "9", journalFile: "/j", aside: [], isDiscarded: false },
  { jobId: "9", journalFile: "/j", aside: [], isDiscarded: true },
];
const versions: BackupFacts["pgBackRestVersion"][] = [
  [2, 45],
  [2, 38],
];

test("the reference has every end of every path before a backup", () => {
  const requests = storages.flatMap((each) =>
    (["full", "incremental"] as const).map((backupType): BackupRequest => ({
      id: "1",
      type: "backup",
      backupType,
      compression: true,
      storage: each,
    })),
  );
  const ends = walk<BackupFacts>(createBackupChecks, {
    request: requests,
    stanzaName: ["prod.pg"],
    unfinishedRestore,
    pgBackRestVersion: versions,
    member: [
      undefined,
      member,
      { ...member, isPrimary: false },
      { ...member, locked: false },
      { ...member, state: "starting" },
      { ...member, systemId: "78" },
    ],
    archiveMode: ["on", "off"],
    archiveStorage: [undefined, storageLocation(storage), storageLocation({ ...storage, path: "/other" })],
    probeFailure: [undefined, failing("storage-unreachable")],
    repositoryFailure: [undefined, failing("repository-unreadable")],
    stanza: [undefined, stanza, { ...stanza, backups: [] }],
    isForeignRepository: [false, true],
    plannedUnits: [1, 3],
    isTlsEnabled: [true, false],
    readyReplicas: [[], ["pg/1"]],
    leader: [undefined],
    primary: [undefined, primary],
    isPrimaryServing: [true, false],
  });
  expect(ends).toEqual(documented("create-backup-checks"));
});

test("the reference has every end of every path before a restore", () => {
  const targets: readonly Partial<RestoreRequest>[] = [
    {},
    { artefactPath: "A" },
    { restoreToTime: "now" },
    { restoreToTime: "2026-01-01 00:00:00" },
    { restoreToTime: "9999-01-01T00:00:00Z" },
  ];
  const disk = {
    dataDirectory: "/d",
    isMountPoint: false,
    isLink: false,
    walElsewhere: undefined,
    freeBytes: 1e12,
  };
  const plan = { decided: true, value: { backup: first, timeline: 1, target: { kind: "backup" } } } as const;
  const refusals = [
    "restore-backup-unknown",
    "restore-no-backups",
    "restore-no-base-backup",
    "restore-backup-not-on-timeline",
    "restore-timeline-unknown",
    "restore-time-too-early",
  ].map((code) => ({ decided: false, failure: failing(code) }) as const);
  const ends = walk<RestoreFacts>(restoreChecks, {
    request: storages.flatMap((each) =>
      targets.map((target): RestoreRequest => ({
        id: "1",
        type: "restore",
        compression: true,
        storage: each,
        ...target,
      })),
    ),
    isAllowed: [true, false],
    unfinishedRestore,
    pgBackRestVersion: versions,
    plannedUnits: [1, 2],
    now: [Date.parse("2026-06-01T00:00:00Z") * 1000],
    member: [undefined, member],
    members: [["a"], ["a", "b"]],
    probeFailure: [undefined, failing("storage-bucket-missing")],
    repositoryFailure: [
      undefined,
      ...["repository-unreadable", "restore-stanza-unknown", "artefact-path-invalid"].map(failing),
    ],
    plan: [plan, ...refusals],
    backupSystemId: [undefined, "77"],
    listedSystemId: ["77", "78"],
    files: [undefined, { needed: 2, wrong: [] }, { needed: 2, wrong: ["A/bundle/1"] }],
    wal: [undefined, { first: "1", last: "2", missing: [] }, { first: "1", last: "2", missing: ["2"] }],
    backupVersion: ["15", "14"],
    disk: [
      disk,
      { ...disk, isMountPoint: true },
      { ...disk, walElsewhere: "/wal" },
      { ...disk, freeBytes: 1 },
      { ...disk, freeBytes: 1, presentBytes: 1 },
      undefined,
    ],
  });
  expect(ends).toEqual(documented("restore-checks"));
});

test("the reference has every end of every path when a storage is related", async () => {
  const variants: Variants<S3CredentialsFacts> = {
    member: [
      undefined,
      member,
      { ...member, locked: false },
      { ...member, isPrimary: false, state: "streaming" },
    ],
    isJobUnderWay: [false, true],
    isRestoreUnfinished: [false, true],
    isRelated: [true, false],
    missing: [[], ["bucket"]],
    settingsFailure: [undefined, failing("storage-config-invalid")],
    isLeader: [true, false],
    isAskedFor: [true, false],
    isSettled: [false, true],
    isProvenByPrimary: [false, true],
  };
  const deedsOf = {
    primary: ["probe", "checkOwner", "initialiseStanza", "updateSettings", "proveArchiving"],
    replica: ["probe", "followPrimary"],
  } as const;
  const deeds = [...new Set(Object.values(deedsOf).flat())];
  const ends = new Map<string, Set<string>>(s3CredentialsChart.map(({ name }) => [name, new Set()]));
  const choices = new Choices();
  let settled = 0;
  do {
    const { facts, asked } = chosenFacts(choices, variants);
    const { port, done } = chosenPort<ArchivingPort>(choices, deeds);
    const path: string[] = [];
    const end = await walkChart(
      facts,
      () => port,
      (name) => path.push(name),
    );
    // In the chart's order, without a gap; and nothing is done before all that may speak against it was decided.
    const self =
      (asked.get("member") as S3CredentialsFacts["member"])?.isPrimary === true ? "primary" : "replica";
    const boxes = s3CredentialsChart.filter(
      (box) => !("by" in box) || box.by === "every member" || box.by === self,
    );
    expect(path).toEqual(boxes.slice(0, path.length).map(({ name }) => name));
    expect(done).toEqual(deedsOf[self].slice(0, done.length));
    expect(done.length === 0 || asked.get("isSettled") === false).toBe(true);
    if (end.kind === "settled") settled += 1;
    else ends.get(path.at(-1) ?? "")?.add(end.kind);
    expect(end.kind === "blocked" ? end.failure.remedy : "R.").toBe("R.");
  } while (choices.next());
  expect(settled).toBeGreaterThan(0);
  const table = tableOf(page, "s3-credentials-changed").slice(1);
  const documentedEnds = table.map(([name = "", , , outcome = ""]): [string, readonly string[]] => [
    name.replaceAll("`", ""),
    outcome.startsWith("not applicable") ? [] : outcome.toLowerCase().split(", "),
  ]);
  expect([...ends].map(([name, kinds]) => [name, [...kinds].toSorted()])).toEqual(documentedEnds);
  expect(table.map(([, box = ""]) => box)).toEqual(s3CredentialsChart.map(({ chart = "" }) => chart));
});

test("the reference has every end of every path to the TLS server's start", () => {
  const ends = new Map<string, Set<TlsServerDecision["kind"]>>(
    tlsServerChecks.map(({ name }) => [name, new Set()]),
  );
  let started = 0;
  const variants: Variants<TlsServerFacts> = {
    isTlsEnabled: [true, false],
    otherMembers: [0, 2],
    isServing: [false, true],
    isPrimary: [true, false, undefined],
    isPrimaryServing: [true, false],
  };
  everyPath(variants, (facts) => {
    const path: string[] = [];
    const { kind } = decideTlsServer(facts, (name) => path.push(name));
    expect(path).toEqual(tlsServerChecks.slice(0, path.length).map(({ name }) => name));
    if (kind === "start") started += 1;
    else ends.get(path.at(-1) ?? "")?.add(kind);
  });
  expect(started).toBeGreaterThan(0);
  const table = tableOf(page, "tls-server").slice(1);
  expect(
    table.map(([name = "", , , outcome = ""]) => [name.replaceAll("`", ""), outcome.split(", ")]),
  ).toEqual([...ends].map(([name, kinds]) => [name, [...kinds].toSorted()]));
  expect(table.map(([, box = ""]) => box)).toEqual(tlsServerChecks.map(({ chart = "" }) => chart));
});
