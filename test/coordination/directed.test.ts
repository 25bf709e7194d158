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
