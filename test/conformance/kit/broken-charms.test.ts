import { describe, expect, test, vi } from "vitest";
import { rulesOf } from "../../../lib/conformance/rules/rules-of.ts";
import { encodeTrace } from "../../../lib/conformance/trace/trace-text.ts";
import { runWith } from "../../unit/command-run.ts";
import { databaseFaults, managerFaults, type Fault } from "./faults.ts";
import { charmFolder, judged, judgesAll } from "./judged.ts";
import { shownUnits } from "./shown.ts";

// Every scenario is a dozen hooks or more, on a machine that may be busy with others.
vi.setConfig({ testTimeout: 180_000 });

/** Rules that are broken in databags alone: what `juju show-unit` shows is enough to tell. */
const seenInDatabags = new Set(["P-15", "P-22", "R-02"]);

/** What the command says, given a text. */
async function replayed(text: string): Promise<readonly string[]> {
  const { out } = await runWith(["replay", "--format", "json"], text);
  const { relations } = JSON.parse(out.join("\n")) as {
    readonly relations: readonly { readonly broken: readonly { readonly rule: string }[] }[];
  };
  return relations.flatMap(({ broken }) => broken.map((each) => each.rule));
}

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
    const { broken, traces } = await judged({
      charm: charmFolder(`test/charms/${charm}`),
      rules: [rule],
      config: { fault },
      ...limits,
    });
    expect(broken).toEqual([rule, ...also].toSorted());

    const named = await Promise.all(
      [...traces.values()].map(async (trace) => await replayed(encodeTrace(trace))),
    );
    expect([...new Set(named.flat())].toSorted()).toEqual(broken);
    if (!seenInDatabags.has(rule)) return;
    const seen = await Promise.all(
      [...traces.values()].map(async (trace) => await replayed(shownUnits(trace))),
    );
    expect(seen.flat()).toContain(rule);
  });
});
