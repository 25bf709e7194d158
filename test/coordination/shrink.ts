/**
 * Makes a schedule that fails as short as it can be, so that its trace can be read.
 */
import { faultKinds, type FaultKind } from "./faults.ts";
import { runSchedule, type ScheduleOptions, type ScheduleResult } from "./schedule.ts";

/** A schedule that fails, and cannot be made much shorter. */
export interface ShrunkSchedule {
  readonly seed: number;
  readonly turns: number;
  readonly faults: readonly FaultKind[];
  readonly lines: readonly string[];
  readonly trace: readonly string[];
}

/**
 * Shrinks: fewer turns before everything goes well, then fewer kinds of faults. A schedule without one of its faults is
 * another one from there on, so this finds a shorter schedule that fails too, if not for the same reason.
 */
export async function shrink(options: ScheduleOptions, failed: ScheduleResult): Promise<ShrunkSchedule> {
  let faults = options.faults ?? faultKinds;
  let { turns } = failed;
  const fails = async (change: Partial<ScheduleOptions>): Promise<boolean> =>
    (await runSchedule({ ...options, faults, turns, ...change })).violations.length > 0;

  for (let step = Math.ceil(turns / 2); step >= 1; step = step === 1 ? 0 : Math.ceil(step / 2)) {
    while (turns > step && (await fails({ turns: turns - step }))) turns -= step;
  }
  for (const kind of faults) {
    const fewer = faults.filter((each) => each !== kind);
    if (await fails({ faults: fewer })) faults = fewer;
  }
  const trace: string[] = [];
  const { violations } = await runSchedule({
    ...options,
    faults,
    turns,
    trace: (line) => void trace.push(line),
  });
  return {
    seed: options.seed,
    turns,
    faults,
    lines: violations.map(({ what }) => what),
    trace: trace.slice(-120),
  };
}
