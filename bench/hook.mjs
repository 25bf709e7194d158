/**
 * What a hook costs: a provider's dispatch with hook tools that answer at once, beside a script that makes the same
 * calls and does nothing else. Their ratio says what the library adds to what Juju and Node cost anyway.
 *
 * @module
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { interleaved, rounded } from "./figures.mjs";
import { runToEnd } from "./processes.mjs";
import { recordDispatch } from "./recorded-dispatch.mjs";

/** The charms that are measured, and in what state. */
const dispatches = [
  { name: "idle", charm: "scripted-database", jobRuns: false },
  { name: "running", charm: "scripted-database", jobRuns: true },
  { name: "postgresqlIdle", charm: "postgresql", jobRuns: false },
  { name: "postgresqlRunning", charm: "postgresql", jobRuns: true },
];

/** Goal: `idle.ratio` of at most 1.25 on Node 20 and 22. */
export async function measureHooks({ runs, node }) {
  const folder = await mkdtemp(join(tmpdir(), "bench-hook-"));
  const recorded = [];
  try {
    for (const { name, charm, jobRuns } of dispatches) {
      recorded.push({ name, ...(await recordDispatch({ folder: join(folder, name), charm, jobRuns })) });
    }
    const actions = { node: async () => await runToEnd(node, ["-e", "0"]) };
    for (const { name, charmFile, emptyFile, env, cwd } of recorded) {
      actions[`${name} charm`] = async () => await runToEnd(node, [charmFile], { env, cwd });
      actions[`${name} empty`] = async () => await runToEnd(node, [emptyFile], { env, cwd });
    }
    const medians = await interleaved(actions, runs);
    const result = { nodeMs: rounded(medians.node) };
    for (const { name, calls } of recorded) {
      const dispatchMs = medians[`${name} charm`];
      const emptyMs = medians[`${name} empty`];
      result[name] = {
        dispatchMs: rounded(dispatchMs),
        emptyMs: rounded(emptyMs),
        ratio: rounded(dispatchMs / emptyMs, 2),
        calls,
      };
    }
    return result;
  } finally {
    for (const { release } of recorded) release();
    await rm(folder, { recursive: true, force: true });
  }
}
