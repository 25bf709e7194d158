import { describe, expect, test } from "vitest";
import { shippedRules } from "../../provider/coordination/rules.ts";
import { code, shownTable } from "../package/shown-table.ts";
import { schedulesOfAround } from "./directed-around.ts";
import { schedulesOfRules, type DirectedSchedule } from "./directed.ts";
import { Director } from "./director.ts";
import { invariants, type Violation } from "./violations.ts";
import { variants, type Variant } from "./variants.ts";

// The shipped code is changed by one function, and something goes wrong; without the change, nothing does.

const directedSchedules = [...schedulesOfRules, ...schedulesOfAround];

async function violationsOf(
  { options, play }: DirectedSchedule,
  variant: Partial<Variant> = {},
): Promise<readonly Violation[]> {
  const director = await Director.start({ ...options, variant });
  try {
    await play(director);
    await director.comeToRest();
    return director.violations;
  } finally {
    await director.stop();
  }
}

describe("what differs from the shipped code by one function is found out", () => {
  test.each(
    directedSchedules.map((schedule) => [schedule.variant, schedule.breaks.join(), schedule] as const),
  )("%s: %s", async (name, _, schedule) => {
    const variant = variants.find((each) => each.name === name);
    expect(await violationsOf(schedule)).toEqual([]);
    const broken = await violationsOf(schedule, variant);
    expect([...new Set(broken.map(({ invariant }) => invariant))]).toEqual(schedule.breaks);
  });

  test("of which each has its schedule, and each rule its variant", () => {
    expect([...new Set(directedSchedules.map(({ variant }) => variant))]).toEqual(
      variants.map(({ name }) => name),
    );
    const rules = variants.flatMap((variant) => Object.keys(variant.rules ?? {}));
    expect(rules.toSorted()).toEqual(Object.keys(shippedRules).toSorted());
    for (const { rules: changed = {}, around } of variants)
      expect(Object.keys(changed).length + Number(around !== undefined)).toBe(1);
  });

  test("and every invariant is broken by one of them", () => {
    const broken = new Set(directedSchedules.flatMap(({ breaks }) => breaks));
    expect([...broken].toSorted()).toEqual(Object.keys(invariants).toSorted());
  });
});

describe("the page on coordination", () => {
  test("tells each schedule", () => {
    const rows = directedSchedules.map(({ variant, story, breaks }) => {
      const { rules = {}, foundAfter } = variants.find(({ name }) => name === variant) ?? {};
      return [
        Object.keys(rules).map(code).join(""),
        variant,
        story,
        breaks.map(code).join(", "),
        foundAfter === undefined ? "seldom" : String(foundAfter),
      ];
    });
    const header = ["rule", "in its place", "the schedule that shows it", "breaks", "by chance, with seed"];
    const table = [header, ...rows];
    expect(shownTable("docs/explanation/coordination.md", "variants", table)).toEqual(table);
  });

  test("tells what has to hold, and what shows that it is looked for", () => {
    const table = [
      ["invariant", "what has to hold", "what breaks it"],
      ...Object.entries(invariants).map(([invariant, text]) => {
        const breaking = directedSchedules.filter(({ breaks }) => breaks.some((each) => each === invariant));
        return [code(invariant), text, [...new Set(breaking.map(({ variant }) => variant))].join("; ")];
      }),
    ];
    expect(shownTable("docs/explanation/coordination.md", "invariants", table)).toEqual(table);
  });
});

describe("a leader that has not met its peers", () => {
  test("does not take a unit that is being removed for one that is gone", async () => {
    const director = await Director.start();
    const { juju } = director.world;
    await director.standing("database/0", { ready: false, reason: "it is to be so" });
    await director.world.settle();
    await director.request("job-1", "backup");
    await director.hooks("database/0");
    await director.hooks("database/1");
    await juju.removeUnit("database/1");
    await juju.addUnit("database");
    await juju.setLeader("database/2");
    await director.hooksUntil("database/2", "start");
    await director.work("database/2");
    await director.poke("database/2");
    await director.work("database/2");
    await director.poke("database/2");
    await director.comeToRest();
    expect(director.violations).toEqual([]);
    const phases = [...director.world.ends.values()].flat().map(({ phase }) => phase);
    expect(new Set(phases)).toEqual(new Set(["cancelled"]));
    await director.stop();
  });
});
