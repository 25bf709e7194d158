/**
 * The proof that a backup and its WAL are whole.
 */
import { fc, test as property } from "@fast-check/vitest";
import { describe, expect, it } from "vitest";
import { judgeFiles, type ListedFolders } from "../../provider/postgresql/checks/backup-evidence.ts";
import type { RecoveryTarget } from "../../provider/postgresql/checks/restore-target.ts";
import {
  holdsSome,
  folderOf,
  judgeWal,
  segmentBytes,
  stretchesOf,
  type WalSegment,
} from "../../provider/postgresql/checks/wal-evidence.ts";
import { ManifestReader, type BackupManifest } from "../../provider/postgresql/pgbackrest/backup-manifest.ts";

const full = "20261121-160918F";
const own = `${full}_20261121-160924I`;
const text = (
  files: readonly string[],
  changes: { readonly bundle?: boolean; readonly compress?: string } = {},
): string =>
  `[backrest]
backrest-format=5

[backup]
backup-archive-start="000000010000000000000005"
backup-archive-stop="000000010000000000000006"
backup-bundle=${changes.bundle ?? true}
backup-label="${own}"
backup-lsn-start="0/5000028"
backup-lsn-stop="0/6000050"

[backup:db]
db-id=1
db-system-id=7710657513225353670
db-version="15"

[backup:option]
option-compress-type="${changes.compress ?? "zst"}"

[target:file]
${files.join("\n")}

[target:file:default]
mode="0600"
`;

function read(of: string): BackupManifest {
  const reader = new ManifestReader(own);
  for (const line of of.split("\n")) reader.line(line);
  return reader.end();
}

const files = [
  `pg_data/PG_VERSION={"bni":1,"bno":2787,"reference":"${full}","repo-size":12,"size":3,"timestamp":1}`,
  `pg_data/base/1/112={"bni":1,"bno":55927,"reference":"${full}","repo-size":59,"size":8192,"timestamp":1}`,
  'pg_data/backup_label={"checksum":"17","repo-size":187,"size":258,"timestamp":1}',
  'pg_data/base/1/13394={"size":0,"timestamp":1}',
  'pg_data/odd={name={"bni":1,"size":5,"timestamp":1}',
];

describe("a manifest", () => {
  it("names the files in the repository, through the chain", () => {
    const manifest = read(text(files));
    expect(manifest.systemId).toBe("7710657513225353670");
    expect(manifest.start).toEqual({ segment: "000000010000000000000005", lsn: 0x5000028n });
    expect(manifest.files).toEqual(
      new Map([
        [full, new Map([["bundle/1", { bytes: 55986, isWhole: false }]])],
        [
          own,
          new Map([
            ["pg_data/backup_label.zst", { bytes: 187, isWhole: true }],
            ["bundle/1", { bytes: 5, isWhole: false }],
          ]),
        ],
      ]),
    );
  });

  it("has an empty file where files are not bundled, and endings as they were compressed", () => {
    const empty = 'pg_data/base/1/13394={"repo-size":9,"size":0,"timestamp":1}';
    const blocks = 'pg_data/base/1/5={"bi":1,"repo-size":70,"size":90,"timestamp":1}';
    const paths = (compress: string): readonly string[] => [
      ...(read(text([empty, blocks], { bundle: false, compress }))
        .files.get(own)
        ?.keys() ?? []),
    ];
    expect(paths("none")).toEqual(["pg_data/base/1/13394", "pg_data/base/1/5.pgbi"]);
    expect(paths("gz")).toEqual(["pg_data/base/1/13394.gz", "pg_data/base/1/5.pgbi"]);
  });

  it.each([
    ["no size", text(['pg_data/x={"timestamp":1}']), /no size of pg_data/],
    ["no JSON", text(["pg_data/x={"]), /JSON/],
    ["no system identifier", text([]).replace("db-system-id", "db-other"), /no db-system-id/],
    ["an unknown compression", text(['pg_data/x={"size":1}'], { compress: "xz" }), /"xz" is no type/],
  ])("with %s cannot be read", (_, broken, said) => {
    expect(() => read(broken)).toThrow(said);
  });
});

describe("the files of a backup", () => {
  const listed = (): Map<string, Map<string, number>> =>
    new Map([
      [full, new Map([["bundle/1", 60_000]])],
      [own, new Map([["pg_data/backup_label.zst", 187]])],
    ]);
  const wrong = (of: ListedFolders): readonly string[] => judgeFiles(read(text(files.slice(0, 4))), of).wrong;

  it("are all there", () => {
    expect(judgeFiles(read(text(files.slice(0, 4))), listed())).toEqual({ needed: 2, wrong: [] });
  });

  it("are missed, in this backup and in those before it", () => {
    const without = listed();
    without.delete(full);
    expect(wrong(without)).toEqual([`${full}/bundle/1`]);
    const shorter = listed();
    shorter.get(full)?.set("bundle/1", 55_985);
    shorter.get(own)?.set("pg_data/backup_label.zst", 188);
    expect(wrong(shorter)).toEqual([`${full}/bundle/1`, `${own}/pg_data/backup_label.zst`]);
  });
});

describe("the size of segments", () => {
  property.prop([
    fc.integer({ min: 0, max: 10 }),
    fc.bigInt({ min: 1n, max: 2n ** 40n }),
    fc.nat(10_000_000),
  ])("is one that explains the names of the backup's own", (power, start, more) => {
    const bytes = 2 ** (20 + power);
    const nameAt = (lsn: bigint): string => nameOf(1, Number(lsn / BigInt(bytes)), bytes);
    const stop = start + BigInt(more) + 1n;
    const found = segmentBytes({
      start: { segment: nameAt(start), lsn: start },
      stop: { segment: nameAt(stop - 1n), lsn: stop },
    });
    expect(Number(start / BigInt(found)) % (2 ** 32 / found)).toBe(
      Number(start / BigInt(bytes)) % (2 ** 32 / bytes),
    );
  });
});

function nameOf(timeline: number, number: number, bytes: number = 16 * 2 ** 20): string {
  const each = 2 ** 32 / bytes;
  return [timeline, Math.floor(number / each), number % each]
    .map((part) => part.toString(16).toUpperCase().padStart(8, "0"))
    .join("");
}

describe("the WAL of a restore", () => {
  // A backup in the segments 5 and 6 of timeline 1, which timeline 3 left in segment 300, and timeline 4 left in 400.
  const manifest = read(text([]));
  const lsn = (segment: number): bigint => BigInt(segment) * 16n * 2n ** 20n + 40n;
  const ancestors = [
    { timeline: 1, endLsn: lsn(300) },
    { timeline: 3, endLsn: lsn(400) },
  ];
  /** Segment n reached the repository n seconds after 1970, whatever its timeline. */
  const range = (timeline: number, from: number, to: number): readonly WalSegment[] =>
    Array.from({ length: to - from + 1 }, (_, index) => ({
      name: nameOf(timeline, from + index),
      recordedAt: from + index,
    }));
  const whole = [...range(1, 1, 299), ...range(3, 300, 399), ...range(4, 400, 500)];
  const judge = (target: RecoveryTarget, listed: readonly WalSegment[]) => {
    const stretches = stretchesOf(manifest, target, 4, ancestors);
    return judgeWal(manifest, target, stretches, listed);
  };
  const latest: RecoveryTarget = { kind: "latest" };
  const at = (second: number): RecoveryTarget => ({ kind: "time", moment: second * 1_000_000 });

  it("follows the timelines to their ends, and further where a timeline was left", () => {
    expect(stretchesOf(manifest, latest, 4, ancestors)).toEqual([
      { timeline: 1, from: 5, to: 300 },
      { timeline: 3, from: 300, to: 400 },
      { timeline: 4, from: 400, to: undefined },
    ]);
    expect(stretchesOf(manifest, { kind: "backup" }, 1, [])).toEqual([{ timeline: 1, from: 5, to: 6 }]);
    expect(judge(latest, whole)).toMatchObject({ first: nameOf(1, 5), last: nameOf(4, 500), missing: [] });
  });

  it("is wanted as far as the backup alone, or as the time", () => {
    expect(judge({ kind: "backup" }, range(1, 5, 6))).toMatchObject({ last: nameOf(1, 6), missing: [] });
    const some = [...range(1, 5, 50), ...range(1, 60, 299)];
    expect(judge(at(40), some).missing).toEqual([]);
    expect(judge(at(55), some)).toMatchObject({
      missing: range(1, 51, 59).map(({ name }) => name),
      reachesTo: 50,
    });
    // Before the backup's own end no time helps.
    expect(judge(at(40), range(1, 6, 60))).not.toHaveProperty("reachesTo", 60);
  });

  property.prop([fc.integer({ min: 5, max: 500 }), fc.integer({ min: 7, max: 520 })])(
    "lacks a segment exactly where one is needed before the time, and nobody has it",
    (gone, second) => {
      const listed = whole.filter(({ recordedAt }) => recordedAt !== gone);
      // That there ever was one after the last, nobody knows.
      const isMissed = gone !== 500 && (gone <= 6 || gone <= second);
      expect(judge(at(second), listed).missing.length > 0).toBe(isMissed);
    },
  );

  property.prop([fc.integer({ min: 5, max: 499 })])("to the end lacks whatever is gone", (gone) => {
    const listed = whole.filter(({ recordedAt }) => recordedAt !== gone);
    const timeline = gone < 300 ? 1 : gone < 400 ? 3 : 4;
    expect(judge(latest, listed).missing).toEqual([nameOf(timeline, gone)]);
  });

  property.prop([fc.integer({ min: 0, max: 600 }), fc.constantFrom(1, 2, 3, 4, 5)])(
    "is looked for in the folders that may hold some of it",
    (number, timeline) => {
      const name = nameOf(timeline, number);
      for (const stretch of stretchesOf(manifest, latest, 4, ancestors)) {
        const isOf =
          stretch.timeline === timeline &&
          number >= stretch.from &&
          (stretch.to === undefined || number <= stretch.to);
        if (isOf) expect(holdsSome(folderOf(name), stretch, 16 * 2 ** 20)).toBe(true);
        if (stretch.timeline !== timeline)
          expect(holdsSome(folderOf(name), stretch, 16 * 2 ** 20)).toBe(false);
      }
    },
  );
});
