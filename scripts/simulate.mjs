// Runs schedules of the coordination between units, on every core: `npm run simulate -- --schedules 1000`.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { availableParallelism } from "node:os";
import { createInterface } from "node:readline";
import { parseArgs } from "node:util";
import { build } from "esbuild";
import { root } from "./steps.mjs";

process.chdir(root);
const { values } = parseArgs({
  options: {
    schedules: { type: "string", default: "1000" },
    seed: { type: "string", default: "1" },
    units: { type: "string", default: "3" },
    jobs: { type: "string", default: "4" },
    variant: { type: "string", default: "" },
    faultless: { type: "boolean", default: false },
    trace: { type: "boolean", default: false },
    json: { type: "boolean", default: false },
  },
});
await build({
  entryPoints: ["test/coordination/main.ts"],
  bundle: true,
  platform: "node",
  format: "esm",
  packages: "external",
  outfile: "build/simulate.mjs",
  logLevel: "error",
});

const schedules = Number(values.schedules);
const first = Number(values.seed);
const cores = values.trace ? 1 : Math.min(availableParallelism(), schedules);
const started = performance.now();
const results = await Promise.all(
  Array.from({ length: cores }, async (_, core) => {
    const share = Math.floor(schedules / cores) + (core < schedules % cores ? 1 : 0);
    const from = first + core * Math.floor(schedules / cores) + Math.min(core, schedules % cores);
    return await runShare({ from, share });
  }),
);
const seconds = (performance.now() - started) / 1000;
const total = sum(results);
report(total);
process.exitCode = total.violations.length > 0 ? 1 : 0;

/** Runs some of the schedules in a process of their own. */
async function runShare({ from, share }) {
  const child = spawn(process.execPath, ["build/simulate.mjs", JSON.stringify({ ...values, from, share })], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const lines = [];
  for await (const line of createInterface({ input: child.stdout })) {
    if (line.startsWith("{")) lines.push(line);
    else console.log(line);
  }
  if (child.exitCode === null) await once(child, "close");
  const last = lines.at(-1);
  if (last === undefined) throw new Error(`The schedules from ${from} on ended without a result.`);
  return JSON.parse(last);
}

function sum(parts) {
  const [one, ...others] = parts;
  return others.reduce((whole, part) => {
    for (const key of ["schedules", "steps", "hooks", "requested", "leaderChanged", "waited", "recovered"])
      whole[key] += part[key];
    for (const key of ["ends", "faults"]) {
      for (const [name, count] of Object.entries(part[key]))
        whole[key][name] = (whole[key][name] ?? 0) + count;
    }
    whole.violations.push(...part.violations);
    return whole;
  }, one);
}

function report(total) {
  const perSecond = (count) => Math.round(count / seconds);
  const share = (count) => `${Math.round((100 * count) / total.schedules)} %`;
  if (values.json) {
    console.log(
      JSON.stringify({
        ...total,
        seconds,
        cores,
        schedulesPerSecondAndCore: total.schedules / seconds / cores,
      }),
    );
    return;
  }
  const rows = [
    ["schedules", `${total.schedules}, ${(total.schedules / seconds / cores).toFixed(1)} a second and core`],
    ["steps", `${total.steps}, ${perSecond(total.steps)} a second`],
    ["hooks", `${total.hooks}, ${perSecond(total.hooks)} a second`],
    ["jobs", `${total.requested} requested`],
    ...Object.entries(total.ends).map(([phase, count]) => [`  ${phase}`, count]),
    ["leader changed during a job", share(total.leaderChanged)],
    ["a job waited for another", share(total.waited)],
    ["a dead worker was cleaned up after", share(total.recovered)],
    ["faults", Object.values(total.faults).reduce((all, count) => all + count, 0)],
    ...Object.entries(total.faults).map(([kind, count]) => [`  ${kind}`, count]),
    ["violations", total.violations.length],
  ];
  for (const [name, value] of rows) console.log(`${String(name).padEnd(38)} ${value}`);
  for (const { seed, turns, faults, lines, trace } of total.violations.slice(0, 5)) {
    console.log(`\nseed ${seed}: fails with ${turns} turns and these faults: ${faults.join(", ") || "none"}`);
    for (const line of lines) console.log(`  ${line}`);
    for (const line of trace) console.log(`    ${line}`);
    console.log(`  again: npm run simulate -- --schedules 1 --seed ${seed} --trace`);
  }
}
