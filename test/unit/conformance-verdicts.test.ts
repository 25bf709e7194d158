import { describe, expect, test } from "vitest";
import { providerRules } from "../../lib/conformance/rules/provider-rules.ts";
import type { Occurrence, Party, Trace } from "../../lib/conformance/trace/trace.ts";
import { verdicts, type Verdict } from "../../lib/conformance/verdict.ts";
import { plainReport, plainRequest } from "./command-run.ts";

function party(application: string, data: readonly unknown[], unit: readonly unknown[] = []): Party {
  const jobs = (list: readonly unknown[]): Record<string, string> =>
    list.length === 0 ? {} : { jobs: JSON.stringify(list) };
  return { application, data: jobs(data), units: { [`${application}/0`]: jobs(unit) } };
}

/** The databags while a backup is requested, with the status that is reported of it. */
function databags(status?: string): Occurrence {
  const { phase: _, ...report } = plainReport;
  const reports = status === undefined ? [] : [{ ...report, status, message: "it says" }];
  return {
    kind: "databags",
    provider: party("database", [], reports),
    requirer: party("manager", [plainRequest]),
  };
}

const start: Occurrence = { kind: "start", observed: true };
const settled: Occurrence = { kind: "settled" };
const hasty: Occurrence = { kind: "settled", stillRuns: true };

function call(number: number, state: "began" | "succeeded" | "failed" | "killed"): Occurrence {
  return { kind: "call", call: number, state, type: "backup", jobs: ["1"], names: [] };
}

/** The verdict on a rule after what happened in one of its scenarios. */
function verdictOn(id: string, ...occurrences: readonly Occurrence[]): Verdict["verdict"] | undefined {
  const trace: Trace = [start, ...occurrences].map((each) => ({ at: "", ...each }));
  const rules = providerRules.filter((rule) => rule.id === id);
  const [scenario = ""] = rules[0]?.scenarios ?? [];
  return verdicts(rules, "provider", [{ scenario, trace }])[0]?.verdict;
}

describe("what is missing when the kit has waited long enough", () => {
  test("is not shown where something of the charm still runs, and broken where nothing does", () => {
    expect(verdictOn("P-01", databags(), hasty)).toBe("not shown");
    expect(verdictOn("P-01", databags(), hasty, settled)).toBe("broken");
    expect(verdictOn("P-01", databags(), hasty, call(1, "began"), settled)).toBe("holds");
    const ended = [databags("running"), call(1, "began"), call(1, "succeeded")];
    expect(verdictOn("P-12", ...ended, hasty)).toBe("not shown");
    expect(verdictOn("P-12", ...ended, settled)).toBe("broken");
    expect(verdictOn("P-12", ...ended, databags("success"), hasty)).toBe("holds");
  });

  test("excuses nothing that was done wrong", () => {
    const wrong = [databags("running"), call(1, "began"), databags("success"), hasty];
    expect(verdictOn("P-12", ...wrong)).toBe("broken");
    const twice = [databags(), call(1, "began"), call(1, "succeeded"), call(2, "began"), hasty];
    expect(verdictOn("P-03", ...twice)).toBe("broken");
  });
});

describe("a job of which the processes were killed", () => {
  const killed = [databags("running"), call(1, "began"), settled, call(1, "killed")];
  test("fails, or is run again", () => {
    expect(verdictOn("P-35", ...killed, databags("error"), settled)).toBe("holds");
    expect(verdictOn("P-35", ...killed, call(2, "began"), settled)).toBe("holds");
  });
  test("is not said to run for ever", () => {
    expect(verdictOn("P-35", ...killed, settled)).toBe("broken");
    expect(verdictOn("P-35", ...killed, databags("success"), settled)).toBe("broken");
  });
});
