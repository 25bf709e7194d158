import { mkdirSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { fc } from "@fast-check/vitest";
import { maxInputBytes } from "../../lib/cli/input-text.ts";
import { runCommand } from "../../lib/cli/command.ts";
import { writtenOffsets } from "../../lib/cli/document/scalar-offsets.ts";
import { looksLike } from "../../lib/cli/databag/misspelt.ts";
import { fileOf, plainReport, plainRequest, runWith } from "./command-run.ts";

function levels(depth: number): string {
  return "[".repeat(depth) + "]".repeat(depth);
}

/** YAML of a few lines that says a billion things. */
const explosion = [
  "a: &a [x, x, x, x, x, x, x, x, x, x]",
  ..."bcdefghi".split("").map((name, index) => {
    const before = "abcdefgh".charAt(index);
    return `${name}: &${name} [${Array.from({ length: 10 }, () => `*${before}`).join(", ")}]`;
  }),
  "jobs: *i",
].join("\n");

describe("input that cannot be read", () => {
  const cases: readonly [string, string | Uint8Array, string][] = [
    ["nothing", "", "empty."],
    ["blanks", " \n\t", "empty."],
    ["a binary file", Uint8Array.of(0x7f, 0x45, 0x4c, 0x46, 0), "no text: byte 4 is 0."],
    ["UTF-16", Buffer.from("\ufeff[]", "utf16le"), "UTF-16, not UTF-8."],
    ["no UTF-8", Buffer.from([0x5b, 0xc3, 0xa9, 0xff, 0x5d]), "not UTF-8 at byte 3."],
    ["a character that is cut", Buffer.from([0x5b, 0xe2, 0x82]), "not UTF-8 at byte 1."],
    ["no JSON", '{"jobs": canary-secret}', "not JSON: at line 1, column 10, a value was expected"],
    ["no YAML", "jobs: 'canary-secret\nb: 'c'", "not YAML: at line 1, column 21, a quote, "],
    ["two documents", "jobs: []\n---\njobs: []", "not YAML: at line 2, column 1, a second document begins."],
    ["text alone", '"canary-secret"', "neither an object nor a list."],
    ["a number alone", "1e999", "neither an object nor a list."],
    ["aliases that explode", explosion, "YAML of which no use can be made: aliases make too much of it."],
    [
      "an alias of what it is in",
      "a: &a [*a]",
      "YAML of which no use can be made: an alias stands for nothing that was named before.",
    ],
    [
      "an alias of nothing",
      "a: *b",
      "YAML of which no use can be made: an alias stands for nothing that was named before.",
    ],
    ["YAML that is too deep", `jobs: ${levels(5_000)}`, "not YAML: "],
    [
      "JSON that is too deep",
      `{"jobs": ${levels(1_000_000)}}`,
      "not JSON: at line 1, column 10009, values are nested",
    ],
    ["dashes without end", "- ".repeat(2_000_000), "YAML of too many parts."],
    ["dashes", "- ".repeat(100_000), "not YAML: at line 1, column 1955, values are nested too deeply."],
    ["YAML of too many parts", `jobs:\n${"- a\n".repeat(700_000)}`, "YAML of too many parts."],
  ];
  test.each(cases)("is refused: %s", async (_, input, message) => {
    const { code, out, err } = await runWith(["validate", "--side=requirer"], input);
    expect({ code, out }).toEqual({ code: 2, out: [] });
    expect(err).toEqual([expect.stringContaining(`standard input: ${message}`)]);
    expect(err.join()).not.toMatch(/canary|Error:|\n/);
  });

  test("is refused: no file, a folder, a text in place of a name", async () => {
    const folder = fileOf("folder.json.txt", "").replace(".txt", "");
    mkdirSync(folder);
    expect(await runWith(["validate", folder])).toMatchObject({
      code: 2,
      err: [expect.stringContaining("folder.json: cannot be read (EISDIR).")],
    });
    expect(await runWith(["validate", "nowhere.json"])).toMatchObject({
      code: 2,
      err: ["nowhere.json: cannot be read (ENOENT). Name a file that is there and may be read."],
    });
    const { err } = await runWith(["validate", JSON.stringify([plainRequest])]);
    expect(err).toEqual([
      "a string that is not shown, because it may hold credentials: cannot be read (ENOENT). Name a file that is there and may be read.",
    ]);
  });

  test("is refused while it is read, where it has no end", async () => {
    const chunk = new Uint8Array(8 * 1024 * 1024).fill(0x20);
    let given = 0;
    const err: string[] = [];
    const code = await runCommand(["validate"], {
      out: () => {},
      err: (line) => void err.push(line),
      input: async function* () {
        for (;;) {
          given += chunk.length;
          yield chunk;
        }
      },
      interruption: () => new AbortController().signal,
    });
    expect({ code, err }).toEqual({
      code: 2,
      err: [expect.stringContaining("standard input: longer than 64 MiB.")],
    });
    expect(given).toBeLessThanOrEqual(maxInputBytes + chunk.length);
  });
});

describe("input that is strange", () => {
  const readable: readonly [string, string | Uint8Array, number][] = [
    ["a byte order mark", Buffer.from("\ufeff[]"), 0],
    ["a list that is nested deeply", levels(9_000), 1],
    ["a list that is nested too deeply", levels(1_000_000), 1],
    ["a value that is nested too deeply", JSON.stringify({ jobs: levels(20_000) }), 1],
    ["a version that is nested deeply", `{"lib-version": ${levels(9_000)}}`, 1],
    ["numbers without end", `[${"9".repeat(100_000)}, 1e99999]`, 1],
    ["names of objects' own methods", '{"__proto__": 1, "constructor": 2, "jobs": "[]"}', 0],
    ["an id that is half a character", JSON.stringify([{ ...plainReport, "job-id": "\ud800" }]), 0],
    ["an alias", "jobs: &jobs []\nothers: *jobs\nmore: *jobs", 0],
    ["YAML that repeats a name", "jobs: '[]'\njobs: '[]'", 0],
  ];
  test.each(readable)("is read: %s", async (_, input, code) => {
    const side =
      String(input).includes("lib-version") || String(input).includes("status") ? "provider" : "requirer";
    expect(await runWith(["validate", "--side", side], input)).toMatchObject({ code, err: [] });
  });

  test("is told on one line, whatever it holds", async () => {
    const job = { ...plainRequest, "job-id": "\u001b[31m\n\ud800", "job-type": "\u0007\u2028", "\n": 1 };
    const { out } = await runWith(["validate", "--side=requirer"], JSON.stringify([job]));
    expect(out).toHaveLength(1);
    expect(out.join("")).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u);
  });

  test("shows no key, whatever is wrong and wherever it stands", async () => {
    const storage = { bucket: "b", "access-key": "canary-access", "secret-key": "canary-secret" };
    const misplaced = [
      [{ ...plainRequest, "storage-config": JSON.stringify(storage), status: 1 }],
      [{ ...plainRequest, "storage-config": { ...storage, bucket: storage } }],
      [{ ...plainRequest, "storage-config": { secret_key: "canary-secret", "acces-key": "canary-access" } }],
      [{ ...plainRequest, "job-id": JSON.stringify(storage), "job-type": "clone" }],
      [{ ...plainRequest, "job-config": storage }],
      { jobs: JSON.stringify([plainRequest]).slice(0, -9) },
      { jobs: storage, features: [storage], problems: [JSON.stringify(storage)] },
    ];
    for (const databag of misplaced) {
      for (const side of ["requirer", "provider"]) {
        for (const format of ["text", "json", "github"]) {
          const ended = await runWith(
            ["validate", "--side", side, "--format", format],
            JSON.stringify(databag),
          );
          expect(ended.code, JSON.stringify(databag)).toBe(1);
          expect([...ended.out, ...ended.err].join("\n")).not.toContain("canary");
        }
      }
    }
  });
});

test("every character of a string of JSON is found where it is written", () => {
  const text = fc.string({ unit: "binary" });
  const spaces = fc.stringMatching(/^[ \n]{0,3}$/);
  fc.assert(
    fc.property(text, spaces, (value, before) => {
      const written = `${before}${JSON.stringify(value)}`;
      const scalar = {
        text: written,
        start: before.length,
        end: written.length,
        style: "double-quoted",
        value,
      } as const;
      const offsets = writtenOffsets(
        scalar,
        Array.from({ length: value.length + 1 }, (_, index) => index),
      );
      // What is written between two of them says what is between them.
      for (let index = 0; index < value.length; index += 1) {
        const piece = written.slice(offsets[index], offsets[index + 1]);
        expect(JSON.parse(`"${piece}"`)).toBe(value.charAt(index));
      }
    }),
  );
});

test.each([
  ["applcation-data", "application-data"],
  ["artifact-path", "artefact-path"],
  ["JOB_ID", "job-id"],
  ["stauts", "status"],
  ["tls_ca_chain", "tls-ca-chain"],
  ["shoe-size", undefined],
  ["path", "path"],
  ["pith", "path"],
  ["jacket", undefined],
])("%s looks like %s", (name, expected) => {
  const known = ["application-data", "artefact-path", "job-id", "status", "tls-ca-chain", "path", "bucket"];
  expect(looksLike(name, known)).toBe(expected);
});
