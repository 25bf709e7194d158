import { runSchedule } from "./schedule.ts";
import { variants } from "./variants.ts";

async function main(): Promise<void> {
  const [, , first = "1", count = "20", verbose = "", variant = ""] = process.argv;
  const rules = variants.find(({ name }) => name === variant)?.rules ?? {};
  const started = performance.now();
  let hooks = 0;
  let bad = 0;
  for (let seed = Number(first); seed < Number(first) + Number(count); seed += 1) {
    const result = await runSchedule({ seed, rules, ...(verbose !== "v" ? {} : { trace: console.log }) });
    hooks += result.hooks;
    if (result.violations.length > 0) {
      bad += 1;
      console.log(
        seed,
        result.turns,
        JSON.stringify(result.faults),
        JSON.stringify(result.ends),
        result.violations.join("\n").slice(0, 600),
      );
    }
  }
  const s = (performance.now() - started) / 1000;
  console.log(`${(Number(count) / s).toFixed(1)} schedules/s, ${(hooks / s).toFixed(0)} hooks/s, ${bad} bad`);
  process.exit();
}

// The bundle imports itself as the executor's module, which has to be complete by then.
void main();
export { createExecutor, openStore } from "./board.ts";
