import { fc, test as property } from "@fast-check/vitest";
import { describe, expect, test } from "vitest";
import { encodeTrace } from "../../lib/conformance/trace/trace-text.ts";
import type { JsonObject } from "../../lib/wire/list-value.ts";
import { fileOf, plainReport, plainRequest, runWith } from "./command-run.ts";

/** One `juju show-unit` of a unit of each side, as JSON. */
function shown(requests: readonly unknown[], reports: readonly unknown[], app: JsonObject = {}): string {
  const jobs = (list: readonly unknown[]): JsonObject =>
    list.length === 0 ? {} : { jobs: JSON.stringify(list) };
  const relation = {
    "relation-id": 3,
    endpoint: "database-backup",
    "related-endpoint": "database-backup",
  };
  const unit = (data: JsonObject): JsonObject => ({ "in-scope": true, data });
  return JSON.stringify({
    "mysql/0": {
      leader: true,
      "relation-info": [
        {
          ...relation,
          "application-data": jobs(requests),
          "local-unit": unit(jobs(reports)),
          "related-units": { "manager/0": unit({}) },
        },
      ],
    },
    "manager/0": {
      leader: true,
      "relation-info": [
        {
          ...relation,
          "application-data": app,
          "local-unit": unit({}),
          "related-units": { "mysql/0": unit(jobs(reports)) },
        },
      ],
    },
  });
}

const running = { ...plainReport, status: "running", phase: "running" };
const failed = {
  ...plainReport,
  status: "error",
  phase: "failed",
  message: "the disk is full",
  remedy: "Make room.",
};

function storyOf(...outputs: readonly string[]): string {
  return outputs.map((output, index) => `2026-01-31T18:0${index}:00Z\n${output}\n`).join("");
}

describe("replay of outputs of juju show-unit", () => {
  test("tells each job's timeline across both sides, and what happens next", async () => {
    const text = storyOf(
      shown([plainRequest], []),
      shown([plainRequest], [running]),
      shown([plainRequest], [failed]),
    );
    const { code, out } = await runWith(["replay"], text);
    expect(code).toBe(0);
    expect(out).toEqual([
      "Relation database-backup:3: manager asks mysql",
      "",
      "  2026-01-31T18:00:00Z  mysql/0 leads",
      "  2026-01-31T18:00:00Z  manager/0 leads",
      "",
      "Job 1, backup: error",
      "  2026-01-31T18:00:00Z  manager writes 1, backup, bucket backups",
      "  2026-01-31T18:01:00Z  mysql/0 writes 1, backup, running",
      "  2026-01-31T18:02:00Z  mysql/0 writes 1, backup, failed, the disk is full",
      "  Next: Somebody acts: Make room; it said: the disk is full. Then request it anew, under another id.",
      "",
      "No rule was seen to be broken.",
    ]);
  });

  test("names the rule that broke first", async () => {
    const text = storyOf(
      shown([plainRequest], [running]),
      shown([plainRequest], [plainReport]),
      shown([plainRequest], [{ ...running, "job-type": "restore" }]),
    );
    const { code, out } = await runWith(["replay", "--format", "json"], text);
    const { relations } = JSON.parse(out.join("\n")) as { readonly relations: readonly JsonObject[] };
    expect(code).toBe(1);
    expect(relations).toMatchObject([
      {
        relation: "database-backup:3",
        provider: "mysql",
        requirer: "manager",
        broken: [
          { rule: "P-15", at: "2026-01-31T18:02:00Z" },
          { rule: "P-22", at: "2026-01-31T18:02:00Z" },
        ],
      },
    ]);
  });

  test("says why a job waits, as the provider has it", async () => {
    const queue = JSON.stringify([{ "job-id": "1", position: 1, reason: "mysql/0 is not ready" }]);
    const { out } = await runWith(["replay"], storyOf(shown([plainRequest], [], { queue })));
    expect(out).toContain(
      "  Next: The provider takes it up when it can; it waits because: mysql/0 is not ready",
    );
  });

  test("takes files in the order of the times in their names, as YAML too", async () => {
    const yaml = [
      "mysql/0:",
      "  leader: true",
      "  relation-info:",
      "  - relation-id: 3",
      "    endpoint: database-backup",
      "    related-endpoint: database-backup",
      "    application-data: {}",
      "    related-units:",
      "      manager/0: {in-scope: true, data: {}}",
      "    local-unit:",
      "      in-scope: true",
      `      data: {jobs: '${JSON.stringify([plainReport])}'}`,
    ].join("\n");
    const later = fileOf("2026-01-31T18:05:00Z.yaml", yaml);
    const earlier = fileOf("2026-01-31T18:04:00Z.json", shown([plainRequest], [running]));
    const { out } = await runWith(["replay", later, earlier]);
    const lines = out.filter((line) => line.includes("mysql/0 writes"));
    expect(lines).toEqual([
      "  2026-01-31T18:04:00Z  mysql/0 writes 1, backup, running",
      "  2026-01-31T18:05:00Z  mysql/0 writes 1, backup, succeeded",
    ]);
  });

  test("shows no credential, wherever it stands", async () => {
    const leaky = { ...failed, message: 'access-key "canary-access" was refused' };
    const text = storyOf(shown([plainRequest, { "secret-key": "canary-secret" }], [leaky]));
    for (const format of ["text", "json"]) {
      const { out, err } = await runWith(["replay", "--format", format], text);
      expect([...out, ...err].join("\n")).not.toContain("canary");
    }
  });
});

/** A line of YAML that says ten times what the line before it says. */
function alias(at: number): string {
  const before = at === 0 ? "a" : `a${at - 1}`;
  return `a${at}: &a${at} [${Array.from({ length: 10 }, () => `*${before}`).join(", ")}]`;
}

describe("input of which replay can make nothing", () => {
  test.each([
    ["nothing", "", /empty/],
    ["a binary file", Uint8Array.of(0x7f, 0x45, 0), /no text/],
    ["text alone", "canary", /no relation of the interface/],
    ["a databag", JSON.stringify({ jobs: "[]" }), /no relation of the interface/],
    ["YAML that is none", "2026-01-31T18:00:00Z\na: 'b\n", /what follows 2026-01-31T18:00:00Z is not YAML/],
    [
      "a trace with a line that is none",
      `${encodeTrace([{ at: "", kind: "settled" }])}{"at":"","kind":"call"}\n`,
      /line 2/,
    ],
    ["no UTF-8", Buffer.from([0x7b, 0xc3, 0x28]), /not UTF-8 at byte 1/],
    ["UTF-16", Buffer.from("\ufeff{}", "utf16le"), /UTF-16/],
    [
      "aliases that explode",
      ["a: &a [x, x, x, x]", ...Array.from({ length: 26 }, (_, at) => alias(at))].join("\n"),
      /aliases make too much of it/,
    ],
    ["numbers without end", `{"mysql/0": ${"9".repeat(100_000)}}`, /no relation of the interface/],
    ["deep nesting", `{"mysql/0": ${"[".repeat(100_000)}`, /standard input|no relation/],
  ])("%s: it says so and ends with 2", async (_, input, message) => {
    const { code, out, err } = await runWith(["replay"], input);
    expect({ code, out }).toEqual({ code: 2, out: [] });
    expect(err).toEqual([expect.stringMatching(message)]);
    expect(err[0]).not.toContain("canary");
  });

  property.prop([
    fc.array(fc.record({ requests: fc.array(fc.json()), reports: fc.array(fc.json()) }), { maxLength: 4 }),
  ])("whatever charms write: it tells a story", async (moments) => {
    const parsed = moments.map(({ requests, reports }) =>
      shown(
        requests.map((text): unknown => JSON.parse(text)),
        reports.map((text): unknown => JSON.parse(text)),
      ),
    );
    const { code, out } = await runWith(["replay"], storyOf(shown([plainRequest], []), ...parsed));
    expect([0, 1]).toContain(code);
    expect(out.join("\n")).not.toContain("canary-secret");
  });
});
