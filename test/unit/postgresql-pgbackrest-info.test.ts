import { fc, test } from "@fast-check/vitest";
import { describe, expect, it } from "vitest";
import { parseInfo, parseLsn, toBackup } from "../../provider/postgresql/pgbackrest/pgbackrest-info.ts";

const full = {
  archive: { start: "0000000A0000000000000003", stop: "0000000A0000000000000003" },
  backrest: { format: 5, version: "2.45" },
  database: { id: 1, "repo-key": 1 },
  error: false,
  info: { delta: 23_267_205, repository: { delta: 2_847_224, size: 2_847_224 }, size: 23_267_205 },
  label: "20261121-031332F",
  lsn: { start: "0/3000028", stop: "1/3000138" },
  prior: null,
  reference: null,
  timestamp: { start: 1_795_230_812, stop: 1_795_230_814 },
  type: "full",
};

function info(stanza: object): string {
  return JSON.stringify([stanza]).replace('"@id"', "7710457289137258271");
}

const stanza = {
  archive: [{ database: { id: 1, "repo-key": 1 }, id: "15-1", max: null, min: null }],
  backup: [full],
  cipher: "none",
  db: [{ id: 1, "repo-key": 1, "system-id": "@id", version: "15" }],
  name: "rig",
  repo: [{ cipher: "none", key: 1, status: { code: 0, message: "ok" } }],
  status: { code: 0, lock: { backup: { held: true } }, message: "ok" },
};

describe("info", () => {
  it("is read with all of a system identifier's digits and timelines as numbers", () => {
    const parsed = parseInfo(info(stanza));
    expect(parsed).toMatchObject({
      readable: true,
      stanzas: [
        {
          name: "rig",
          databases: [{ id: 1, systemId: "7710457289137258271", version: "15" }],
          archives: [{ id: "15-1", databaseId: 1 }],
          backupRuns: true,
          backups: [
            {
              label: "20261121-031332F",
              type: "full",
              timeline: 10,
              stopLsn: 0x1_0300_0138n,
              repositoryBytes: 2_847_224,
              databaseBytes: 23_267_205,
              failed: false,
            },
          ],
        },
      ],
    });
  });

  it("orders backups by their end", () => {
    const later = { ...full, label: "20261121-031333F", timestamp: { start: 1, stop: 2 } };
    const parsed = parseInfo(info({ ...stanza, backup: [full, later] }));
    expect(parsed.readable && parsed.stanzas[0]?.backups.map(({ label }) => label)).toEqual([
      "20261121-031333F",
      "20261121-031332F",
    ]);
  });

  it.each([
    ["no stanza", []],
    ["a stanza without data", [{ ...stanza, status: { code: 3, message: "missing stanza data" } }]],
    ["a missing stanza path", [{ ...stanza, status: { code: 1, message: "missing stanza path" } }]],
  ])("%s is an empty repository", (_, root) => {
    expect(parseInfo(JSON.stringify(root))).toEqual({ readable: true, stanzas: [] });
  });

  it("exits with 0 where the repository cannot be read, and says why in the status", () => {
    const broken = {
      ...stanza,
      name: "[invalid]",
      repo: [{ status: { code: 99, message: "[CryptoError] certificate has expired" } }],
      status: { code: 99, message: "other" },
    };
    expect(parseInfo(info(broken))).toEqual({
      readable: false,
      reason: "[CryptoError] certificate has expired",
    });
  });

  it("leaves out a backup of a stopped database", () => {
    const offline = { ...full, archive: { start: null, stop: null } };
    const parsed = parseInfo(info({ ...stanza, backup: [offline] }));
    expect(parsed.readable && parsed.stanzas[0]?.backups).toEqual([]);
  });

  it("is told in the words of the port", () => {
    const parsed = parseInfo(info(stanza));
    const [made] = parsed.readable ? (parsed.stanzas[0]?.backups ?? []) : [];
    expect(made && toBackup(made, "/a/")).toEqual({
      id: "20261121-031332F",
      type: "full",
      finishedAt: "2026-11-21T03:13:34Z",
      sizeBytes: 2_847_224,
      timeline: 10,
      artefactPath: "/a/",
    });
  });

  it.each(["{}", "[1]", '[{"name":"x"}]', "null"])("of another shape (%s) is refused", (text) => {
    expect(() => parseInfo(text)).toThrow(TypeError);
  });
});

test.prop([fc.bigInt({ min: 0n, max: 2n ** 64n - 1n })])("an LSN is read as it is written", (lsn) => {
  expect(parseLsn(`${(lsn >> 32n).toString(16).toUpperCase()}/${(lsn & 0xffffffffn).toString(16)}`)).toBe(
    lsn,
  );
});
