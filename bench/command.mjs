/**
 * What the command costs: to start, beside a Node that does nothing, and to check more and more jobs.
 *
 * @module
 */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { requirerDatabag } from "./databags.mjs";
import { growthExponent, interleaved, rounded } from "./figures.mjs";
import { runToEnd } from "./processes.mjs";

const command = fileURLToPath(new URL("../dist/lib/cli/main.js", import.meta.url));
/** The largest is as much as Juju stores in one databag. */
const sizes = [1_000, 10_000, 50_000];
/** What is timed here is long enough not to be timed as often as a start. */
const mostRuns = 5;

/**
 * Goals: a `startMoreMs` of at most 20, which on Node 20 is a `startRatio` of less than 1.5, and an `exponent` of at most
 * 1.1.
 */
export async function measureCommand({ runs, node }) {
  const folder = await mkdtemp(join(tmpdir(), "bench-command-"));
  try {
    const files = {};
    for (const size of [1, ...sizes]) {
      files[size] = join(folder, `${size}.json`);
      await writeFile(files[size], JSON.stringify(requirerDatabag(size)));
    }
    const validate = async (size) =>
      await runToEnd(node, [command, "validate", "--side", "requirer", files[size]]);
    const starts = await interleaved(
      { nothing: async () => await runToEnd(node, ["-e", "0"]), command: async () => await validate(1) },
      runs,
    );
    const checks = await interleaved(
      Object.fromEntries(sizes.map((size) => [size, async () => await validate(size)])),
      Math.min(runs, mostRuns),
      1,
    );
    const points = sizes.map((size) => [size, Math.max(1, checks[size] - starts.command)]);
    return {
      nodeMs: rounded(starts.nothing),
      startMs: rounded(starts.command),
      startRatio: rounded(starts.command / starts.nothing, 2),
      startMoreMs: rounded(starts.command - starts.nothing),
      ms: Object.fromEntries(sizes.map((size) => [size, rounded(checks[size])])),
      exponent: rounded(growthExponent(points), 2),
    };
  } finally {
    await rm(folder, { recursive: true });
  }
}
