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
    unshrunk: { type: "boolean", default: false },
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
  // Looking for a worker's module, which is not there and never runs here, would take a tenth of the time.
  banner: { js: "const resolveBeside = (path) => new URL(path, import.meta.url).href;" },
  define: { "import.meta.resolve": "resolveBeside" },
  logLevel: "error",
});

const counts = [
  "schedules",
  "steps",
  "hooks",
  "requested",
  "leaderChanged",
  "waited",
  "recovered",
  "together",
];
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
const whole = sum(results);
report(whole);
process.exitCode = whole.violations.length > 0 ? 1 : 0;

/** Runs some of the schedules in a process of their own. */
async function runShare({ from, share }) {
  const child = spawn(
    process.execPath,
    ["--max-semi-space-size=32", "build/simulate.mjs", JSON.stringify({ ...values, from, share })],
    {
      stdio: ["ignore", "pipe", "inherit"],
    },
  );
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
  return others.reduce((added, part) => {
    for (const key of counts) added[key] += part[key];
    for (const key of ["ends", "faults"]) {
      for (const [name, count] of Object.entries(part[key]))
        added[key][name] = (added[key][name] ?? 0) + count;
    }
    added.violations.push(...part.violations);
    return added;
  }, one);
}

function report(total) {
  if (values.json) {
    const perSecondAndCore = total.schedules / seconds / cores;
    console.log(JSON.stringify({ ...total, seconds, cores, schedulesPerSecondAndCore: perSecondAndCore }));
  } else {
    for (const [name, value] of rowsOf(total)) console.log(`${String(name).padEnd(38)} ${value}`);
  }
  // Beside the figures, so that who reads those as JSON can show these.
  for (const failed of total.violations.slice(0, 5)) console.error(describe(failed));
}

function rowsOf(total) {
  const perSecond = (count) => Math.round(count / seconds);
  const share = (count, of) => `${Math.round((100 * count) / Math.max(1, of))} %`;
  const ofSchedules = (count) => share(count, total.schedules);
  return [
    ["schedules", `${total.schedules}, ${(total.schedules / seconds / cores).toFixed(1)} a second and core`],
    ["steps", `${total.steps}, ${perSecond(total.steps)} a second`],
    ["hooks", `${total.hooks}, ${perSecond(total.hooks)} a second`],
    ["jobs", `${total.requested} requested`],
    ...Object.entries(total.ends).map(([phase, count]) => [
      `  ${phase}`,
      `${count}, ${share(count, total.requested)}`,
    ]),
    ["leader changed during a job", ofSchedules(total.leaderChanged)],
    ["a job waited for another", ofSchedules(total.waited)],
    ["a dead worker was cleaned up after", ofSchedules(total.recovered)],
    ["two backups ran at once", ofSchedules(total.together)],
    ["faults", Object.values(total.faults).reduce((all, count) => all + count, 0)],
    ...Object.entries(total.faults).map(([kind, count]) => [`  ${kind}`, count]),
    ["violations", total.violations.length],
  ];
}

function describe({ seed, turns, faults, lines, trace }) {
  return [
    `\nseed ${seed}: fails with ${turns} turns and these faults: ${faults.join(", ") || "none"}`,
    ...lines.map((line) => `  ${line}`),
    ...trace.map((line) => `    ${line}`),
    `  again: npm run simulate -- --schedules 1 --seed ${seed} --trace`,
  ].join("\n");
}
