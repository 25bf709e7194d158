import { describe, expect, test, vi } from "vitest";
import { rulesOf } from "../../../lib/conformance/rules/rules-of.ts";
import { charmFolder, idsOf, judged, judgesAll } from "./judged.ts";

/** Of the rules of a side all, or a few that show every part of the kit. */
function rules(side: "provider" | "requirer", few: readonly string[]): readonly string[] {
  return judgesAll ? rulesOf(side).map(({ id }) => id) : few;
}

// All scenarios with charms in Node take minutes on a machine that is busy with others.
vi.setConfig({ testTimeout: judgesAll ? 1_200_000 : 120_000 });

describe("a charm that keeps the rules", () => {
  test("is judged so: a database in Python without any framework", async () => {
    const asked = rules("provider", ["P-07", "P-25"]);
    const result = await judged({ charm: charmFolder("test/charms/foreign-database"), rules: asked });
    expect(result.broken).toEqual([]);
    expect(idsOf(result, "holds")).toEqual(asked);
  });

  test("is judged so: a backup manager in Python without any framework", async () => {
    const asked = rules("requirer", ["R-10", "R-12", "R-13"]);
    const result = await judged({ charm: charmFolder("test/charms/foreign-manager"), rules: asked });
    expect(result.broken).toEqual([]);
    expect(idsOf(result, "holds")).toEqual(asked);
  });

  test("is judged so: a database with this library's provider", async () => {
    const all = rules("provider", ["P-31"]);
    const result = await judged({ charm: charmFolder("test/charms/scripted-database"), rules: all });
    expect(result.broken).toEqual([]);
    expect(idsOf(result, "holds")).toEqual(all);
  });

  test("is judged so: the example of a backup manager", async () => {
    const all = rules("requirer", ["R-11", "R-16"]);
    const result = await judged({ charm: charmFolder("examples/backup-manager-charm"), rules: all });
    expect(result.broken).toEqual([]);
    expect(idsOf(result, "holds")).toEqual(all);
  });
});

test("without a word on how a charm is observed, rules about its backups are not shown", async () => {
  const result = await judged({
    charm: charmFolder("test/charms/v0-database"),
    rules: ["P-02", "P-33"],
  });
  expect(result.verdicts).toMatchObject([
    { verdict: "not shown", why: expect.stringContaining("observed") },
    { verdict: "holds" },
  ]);
});
