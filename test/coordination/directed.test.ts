import { describe, expect, test } from "vitest";
import { directedSchedules, type DirectedSchedule } from "./directed.ts";
import { Director } from "./director.ts";
import { variants, type Variant } from "./variants.ts";

// Each rule is taken away, and something goes wrong; with it, nothing does.

async function violationsOf(
  { options, play }: DirectedSchedule,
  rules: Variant["rules"],
): Promise<readonly string[]> {
  const director = await Director.start({ ...options, rules });
  try {
    await play(director);
    await director.comeToRest();
    return director.violations;
  } finally {
    await director.stop();
  }
}

describe("without a rule of the protocol something goes wrong", () => {
  test.each(directedSchedules.map((schedule) => [schedule.variant, schedule] as const))(
    "%s",
    async (name, schedule) => {
      const { rules = {} } = variants.find((each) => each.name === name) ?? {};
      expect(Object.keys(rules)).toHaveLength(1);
      expect(await violationsOf(schedule, {})).toEqual([]);
      expect(await violationsOf(schedule, rules)).not.toEqual([]);
    },
  );

  test("of which each has its schedule", () => {
    expect(directedSchedules.map(({ variant }) => variant)).toEqual(variants.map(({ name }) => name));
  });
});

describe("a leader that has not met its peers", () => {
  test("does not take a unit that is being removed for one that is gone", async () => {
    const director = await Director.start({ rules: {} });
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
