/**
 * Garbage from charms and from people, as the conformance kit and replay read it: whatever comes, there is a verdict, a
 * story or a line that says what is wrong, and no credential in it.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fc, test as property } from "@fast-check/vitest";
import { describe, expect, test } from "vitest";
import { parseObservation } from "../../lib/conformance/observation/observation.ts";
import { jsonReport } from "../../lib/conformance/reports/json-report.ts";
import { junitReport } from "../../lib/conformance/reports/junit-report.ts";
import { textReport } from "../../lib/conformance/reports/text-report.ts";
import { rulesOf } from "../../lib/conformance/rules/rules-of.ts";
import { decodeTrace, encodeTrace } from "../../lib/conformance/trace/trace-text.ts";
import type { Occurrence, Party, Trace, TraceEntry } from "../../lib/conformance/trace/trace.ts";
import { verdicts } from "../../lib/conformance/verdict.ts";
import { isDatabaseBackupError } from "../../lib/errors.ts";
import { readCharm } from "../../lib/testing/model/charm-metadata.ts";
import { encodeMessage, MessageReader } from "../../lib/testing/processes/tool-protocol.ts";
import { sides } from "../../lib/wire/side.ts";
import { fileOf, plainReport, plainRequest, runWith } from "./command-run.ts";
import { Chance, changed, scratched } from "./mutated-databags.ts";

const chances = fc.integer().map((seed) => new Chance(seed));
const ids = fc.constantFrom("1", "2", "", "__proto__", "\u001b[31m\ud800");
const units = fc.constantFrom("database/0", "database/1", "backup-manager/0", "nobody", "");
const texts = fc.oneof(fc.string({ unit: "binary" }), ids, fc.constant('{"secret-key": "canary-text"}'));

/** A list of jobs in which some things were changed, as the string that a databag holds. */
const jobs = fc.tuple(chances, ids, fc.nat(4)).map(([chance, id, changes]) => {
  let list: unknown = [
    { ...plainRequest, "job-id": id },
    { ...plainReport, "job-id": id, status: "running" },
  ];
  for (let times = 0; times < changes; times += 1) list = changed(list, chance);
  const text = JSON.stringify(list) ?? "";
  return chance.below(3) === 0 ? scratched(text, chance) : text;
});
const databag = fc.oneof(
  fc.record({ jobs }),
  fc.dictionary(fc.constantFrom("jobs", "queue", "features", "__proto__", "x"), fc.oneof(jobs, texts)),
);
const party: fc.Arbitrary<Party> = fc.record({
  application: fc.constantFrom("database", "backup-manager", ""),
  data: databag,
  units: fc.dictionary(units, databag, { maxKeys: 3 }),
});
const purposes = fc.constantFrom("backup", "restore", "list", "show", "clear");
const asked = { purpose: purposes, unit: units, job: ids, artefact: texts };
const occurrences: fc.Arbitrary<Occurrence> = fc.oneof(
  fc.record({ kind: fc.constant("start"), observed: fc.boolean() }),
  fc.record({ kind: fc.constant("databags"), provider: party, requirer: party }),
  fc.record({ kind: fc.constant("databags"), provider: party }),
  fc.record({ kind: fc.constant("leader"), application: texts, unit: units }),
  fc.record({ kind: fc.constant("left"), unit: units }),
  fc.record({
    kind: fc.constant("hook"),
    unit: units,
    hook: fc.constantFrom("update-status", "x-relation-changed", "x-relation-broken", ""),
    exitCode: fc.integer(),
    said: texts,
    injected: fc.constantFrom("lost", "interrupted"),
  }),
  fc.record({
    kind: fc.constant("call"),
    call: fc.nat(3),
    state: fc.constantFrom("began", "succeeded", "failed", "killed"),
    type: fc.constantFrom("backup", "restore"),
    unit: units,
    jobs: fc.array(ids, { maxLength: 2 }),
    names: fc.array(texts, { maxLength: 2 }),
  }),
  fc.record({
    kind: fc.constant("storage"),
    storage: fc.dictionary(fc.constantFrom("bucket", "path"), texts),
  }),
  fc.record({ kind: fc.constant("asked"), ...asked }),
  fc.record({ kind: fc.constant("told"), done: fc.boolean(), text: texts, ...asked }),
  fc.record({ kind: fc.constant("status"), unit: units, status: texts, message: texts }),
  fc.constantFrom<Occurrence>({ kind: "settled" }, { kind: "settled", stillRuns: true }),
  fc.record({ kind: fc.constant("step"), text: texts }),
);
const traces: fc.Arbitrary<Trace> = fc.array(
  occurrences.map((occurrence): TraceEntry => ({ at: "2026-01-31T18:00:00Z", ...occurrence })),
  { maxLength: 20 },
);

describe("whatever a charm does", () => {
  property.prop([traces])("there is a verdict for each rule, and each report can be read", (trace) => {
    for (const side of sides) {
      const result = {
        side,
        charm: 'a "charm" <&>',
        endpoint: "x",
        verdicts: verdicts(rulesOf(side), side, [{ scenario: "coalesced", trace }]),
      };
      expect(result.verdicts.map(({ rule }) => rule)).toEqual(rulesOf(side));
      const lines = textReport(result);
      expect(lines.filter((line) => /\p{Cc}/u.test(line))).toEqual([]);
      expect(JSON.parse(jsonReport(result))).toMatchObject({ side });
      const xml = junitReport(result);
      expect(xml.match(/<testcase /g)).toHaveLength(rulesOf(side).length);
      expect(xml).not.toMatch(/[^\P{Cc}\n]/u);
      expect([...lines, jsonReport(result), xml].join("\n")).not.toContain("canary-text");
    }
  });

  property.prop([traces])("its trace is read as it was written", (trace) => {
    expect(decodeTrace(encodeTrace(trace))).toEqual(trace);
  });

  property.prop([fc.array(fc.uint8Array({ maxLength: 40 })), fc.array(fc.string())])(
    "what it sends to the kit is a message or none",
    (chunks, fields) => {
      const reader = new MessageReader();
      try {
        for (const chunk of chunks) reader.add(Buffer.from(chunk));
      } catch (error) {
        expect(String(error)).toMatch(/message/);
      }
      expect(new MessageReader().add(encodeMessage(fields))).toEqual(fields);
    },
  );
});

describe("whatever replay is given", () => {
  property.prop([traces, chances, fc.nat(3)])(
    "it ends with a story or with one line",
    async (trace, chance, changes) => {
      let text = encodeTrace(trace);
      for (let times = 0; times < changes; times += 1) text = scratched(text, chance);
      for (const format of ["text", "json"]) {
        const { code, out, err } = await runWith(["replay", "--format", format], text);
        expect([0, 1, 2]).toContain(code);
        expect(err.length).toBe(code === 2 ? 1 : 0);
        // What a fault of the text is near of is not shown either.
        expect([...out, ...err].join("\n")).not.toMatch(/canary-secret|at .*\.ts:\d/);
      }
    },
  );

  property.prop([fc.array(fc.tuple(fc.date({ noInvalidDate: true }), fc.jsonValue(), fc.boolean()))])(
    "outputs that are none, too",
    async (outputs) => {
      const text = outputs.map(([at, value, isUnit]) => {
        const shown = isUnit
          ? { "a/0": { "relation-info": [value, { "related-units": value, "local-unit": value }] } }
          : value;
        return `${at.toISOString()}\n${JSON.stringify(shown)}\n`;
      });
      const { code, err } = await runWith(["replay"], text.join(""));
      expect([0, 1, 2]).toContain(code);
      expect(err.length).toBe(code === 2 ? 1 : 0);
    },
  );

  test("five thousand jobs, each shown many times, are told of", async () => {
    const many = (status: string): string =>
      JSON.stringify(
        Array.from({ length: 5_000 }, (_, index) => ({ ...plainReport, status, "job-id": String(index) })),
      );
    const shown = (list: string): unknown => ({
      "mysql/0": {
        "relation-info": [
          {
            "relation-id": 1,
            endpoint: "database-backup",
            "local-unit": { data: { jobs: list } },
            "application-data": { jobs: list },
          },
        ],
      },
    });
    const outputs = ["running", "success", "running", "success"].map(
      (status, index) => `2026-01-31T18:0${index}:00Z\n${JSON.stringify(shown(many(status)))}\n`,
    );
    const { code, out } = await runWith(["replay", "--format", "json"], outputs.join(""));
    expect(code).toBe(1);
    expect(JSON.parse(out.join("\n")).relations[0].jobs).toHaveLength(5_000);
  });
});

describe("whatever the kit is pointed at", () => {
  property.prop([
    fc.oneof(fc.json(), fc.string(), fc.constant('{"calls": {"others": [{"arguments": "["}]}}')),
  ])("the file that tells how a charm is observed is understood, or refused with what to do", (text) => {
    try {
      parseObservation(text, "conformance.json");
    } catch (error) {
      if (!isDatabaseBackupError(error)) throw error;
      expect([error.code, error.remedy]).toEqual(["configuration-invalid", expect.stringMatching(/\.$/)]);
    }
  });

  const garbage = [
    "",
    "\u0000\u0001",
    "name: [",
    "- a\n- b",
    "name: {}\nprovides: 7",
    "name: x\nprovides: {a: {interface: [database_backup]}}",
    "a: &a [*a]",
    "name: x\npeers: {p: null}\nactions: []\nconfig: {options: {o: {type: strange}}}",
    `name: x\nprovides: ${"{a: ".repeat(3_000)}`,
  ];
  test.each(garbage)(
    "a charm of which charmcraft.yaml is garbage is refused, or has no such endpoint: %j",
    async (yaml) => {
      const charm = join(dirname(fileOf("anchor", "")), `charm-${garbage.indexOf(yaml)}`);
      mkdirSync(charm, { recursive: true });
      writeFileSync(join(charm, "charmcraft.yaml"), yaml);
      writeFileSync(join(charm, "dispatch"), "#!/bin/sh\n", { mode: 0o755 });
      const { code, out, err } = await runWith(["conformance", "--charm", charm]);
      expect({ code, out }).toEqual({ code: 2, out: [] });
      expect(err).toEqual([expect.stringMatching(/^[^\n]+\.$/)]);
      expect(err[0]).not.toMatch(/Error:|\.ts:\d/);
      await expect(readCharm(join(charm, "nowhere"), true)).rejects.toThrow(/holds neither/);
    },
  );
});
