import { describe, expect, test } from "vitest";
import { rulesOf } from "../../../lib/conformance/rules/rules-of.ts";
import { databaseFaults, managerFaults, type Fault } from "./faults.ts";
import { charmFolder, judged, judgesAll } from "./judged.ts";

function tried(faults: readonly Fault[]): readonly Fault[] {
  return faults.filter(({ always }) => judgesAll || always === true);
}

describe.each([
  { side: "provider", charm: "foreign-database", faults: databaseFaults },
  { side: "requirer", charm: "foreign-manager", faults: managerFaults },
] as const)("the charm $charm with a fault", ({ side, charm, faults }) => {
  test("there is a fault for every rule", () => {
    expect([...new Set(faults.map(({ rule }) => rule))]).toEqual(rulesOf(side).map(({ id }) => id));
  });

  test.each(tried(faults))("$rule is broken by $fault", async ({ rule, fault, also = [] }) => {
    // A hook that never ends is waited for in vain.
    const limits = fault === "never-returns" ? { limits: { patienceMs: 3_000, hookMs: 2_000 } } : {};
    const { broken } = await judged({
      charm: charmFolder(`test/charms/${charm}`),
      rules: [rule],
      config: { fault },
      ...limits,
    });
    expect(broken).toEqual([rule, ...also].toSorted());
  });
});
