/**
 * What the validators cost: to load, and per job.
 *
 * @module
 */
import { spawnSync } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { decodeRequests } from "../dist/lib/wire/index.js";
import { requirerDatabag } from "./databags.mjs";
import { interleaved, median, rounded } from "./figures.mjs";

/** Those that a provider loads. */
const validators = ["requests", "reports"].map((name) =>
  fileURLToPath(new URL(`../dist/lib/wire/generated/validators/${name}.js`, import.meta.url)),
);
const jobs = 1_000;

/** `loadMs` is what they take on top of modules that hold nothing. Goal: at most 3. */
export async function measureValidation({ runs, node }) {
  const folder = await mkdtemp(join(tmpdir(), "bench-validate-"));
  const empty = join(folder, "empty.mjs");
  await writeFile(empty, "export {};\n");
  const loads = { empty: [], validators: [] };
  for (let run = 0; run < runs; run += 1) {
    loads.empty.push(loadOnce(node, [empty, empty]));
    loads.validators.push(loadOnce(node, validators));
  }
  await rm(folder, { recursive: true });
  const loadMs = median(loads.validators) - median(loads.empty);
  const databag = requirerDatabag(jobs);
  const { validate } = await interleaved({ validate: () => decodeRequests(databag) }, runs);
  return { loadMs: rounded(loadMs, 2), jobsPerSecond: Math.round((jobs / validate) * 1000) };
}

/** In a process of its own: a module is loaded once. */
function loadOnce(node, files) {
  const program = `
    const started = performance.now();
    for (const file of ${JSON.stringify(files)}) await import(file);
    console.log(performance.now() - started);`;
  const { stdout, stderr, status } = spawnSync(node, ["--input-type=module", "-e", program], {
    encoding: "utf8",
  });
  if (status !== 0) throw new Error(`The validators could not be loaded: ${stderr}`);
  return Number(stdout);
}
