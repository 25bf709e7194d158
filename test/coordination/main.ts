/**
 * Runs a share of the schedules, and prints what came of it as one line of JSON. Started by scripts/simulate.mjs.
 */
import { runSchedule, type ScheduleOptions, type ScheduleResult } from "./schedule.ts";
import { shrink } from "./shrink.ts";
import { variants } from "./variants.ts";

interface Share {
  readonly from: number;
  readonly share: number;
  readonly units: string;
  readonly jobs: string;
  readonly variant: string;
  readonly faultless: boolean;
  readonly trace: boolean;
  /** Leaves schedules that fail as they are. */
  readonly unshrunk: boolean;
}

/** Shrinking takes time, and one trace says more than ten. */
const maxShrunk = 2;

async function main(): Promise<void> {
  const share: Share = JSON.parse(process.argv[2] ?? "{}");
  const variant = variants.find(({ name }) => name === share.variant) ?? {};
  const total = {
    schedules: 0,
    steps: 0,
    hooks: 0,
    requested: 0,
    leaderChanged: 0,
    waited: 0,
    recovered: 0,
    together: 0,
    ends: {} as Record<string, number>,
    faults: {} as Record<string, number>,
    violations: [] as unknown[],
  };
  for (let seed = share.from; seed < share.from + share.share; seed += 1) {
    // A variant is there to be found out, once.
    if (share.variant !== "" && total.violations.length > 0) break;
    const options: ScheduleOptions = {
      seed,
      units: Number(share.units),
      jobs: Number(share.jobs),
      faultless: share.faultless,
      variant,
      ...(share.trace ? { trace: (line: string) => console.log(line) } : {}),
    };
    const result = await runSchedule(options);
    total.schedules += 1;
    total.steps += result.steps;
    total.hooks += result.hooks;
    total.requested += result.requested;
    total.leaderChanged += Number(result.leaderChanged);
    total.waited += Number(result.waited);
    total.recovered += Number(result.recovered);
    total.together += Number(result.together);
    addTo(total.ends, result.ends);
    addTo(total.faults, result.faults);
    if (result.violations.length > 0)
      total.violations.push(
        await failureOf(options, result, share.unshrunk || total.violations.length >= maxShrunk),
      );
  }
  console.log(JSON.stringify(total));
  process.exit();
}

async function failureOf(
  options: ScheduleOptions,
  result: ScheduleResult,
  unshrunk: boolean,
): Promise<unknown> {
  if (unshrunk || options.trace !== undefined) {
    return {
      seed: result.seed,
      turns: result.turns,
      faults: [],
      lines: result.violations.map(({ what }) => what),
      trace: [],
    };
  }
  return await shrink(options, result);
}

function addTo(counts: Record<string, number>, more: Readonly<Record<string, number | undefined>>): void {
  for (const [name, count = 0] of Object.entries(more)) counts[name] = (counts[name] ?? 0) + count;
}

// The bundle imports itself as the executor's module, which has to be complete by then.
void main();

export { createExecutor, openStore } from "./board.ts";
