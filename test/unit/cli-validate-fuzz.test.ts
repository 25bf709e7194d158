import { describe, expect, test } from "vitest";
import { checkText } from "../../lib/cli/validate/check-text.ts";
import { sides, type Side } from "../../lib/wire/side.ts";
import { decodeText } from "../../lib/cli/input-text.ts";
import type { JsonObject } from "../../lib/wire/list-value.ts";
import { isObject } from "../../lib/wire/list-value.ts";
import { canaryStorage, plainReport, plainRequest } from "./command-run.ts";
import { verdictOn, verdictOnDatabag, type Verdict } from "./databag-oracle.ts";
import { asShown, asStrings, Chance, changed, scratched, written } from "./mutated-databags.ts";

/** How many databags are tried: some thousands in `npm test`, a million in `npm run test:full`. */
const cases = Number(process.env["MUTATED_DATABAGS"] ?? 5_000);

const request = {
  ...plainRequest,
  "artefact-path": "/backups/1/",
  "backup-type": "full",
  "requested-at": "2026-01-01T00:00:00Z",
  retention: { full: 4 },
  schedule: { name: "nightly", slot: "1" },
  "secret-extra": "secret:d4f2k8vmp25c7612lk10",
};
const report = {
  ...plainReport,
  "storage-config": canaryStorage,
  progress: { percent: 42, "bytes-done": 1, "bytes-total": 2 },
  message: "all is well",
  fence: 1,
};
const backup = {
  "backup-id": "1",
  type: "full",
  "finished-at": "2026-01-01T00:00:00Z",
  "size-bytes": 1,
  timeline: 1,
  "artefact-path": "/backups/1/",
};
const databags: Readonly<Record<Side, readonly JsonObject[]>> = {
  requirer: [{ jobs: [plainRequest, { ...request, "job-id": "2" }] }, { jobs: [request] }],
  provider: [
    { jobs: [plainReport, { ...report, "job-id": "2" }] },
    {
      features: ["cancel", "backups"],
      "lib-version": "0.1",
      backups: [backup],
      queue: [{ "job-id": "1", position: 1, reason: "busy" }],
      problems: [{ field: "jobs", message: "none", remedy: "write some" }],
    },
  ],
};

async function verdictOf(text: string, side?: Side): Promise<{ verdict: Verdict; printed: string }> {
  const result = await checkText(text, { side });
  const printed = JSON.stringify(result);
  if ("unreadable" in result) return { verdict: "unreadable", printed };
  return { verdict: result.counts.errors > 0 ? "errors" : "no errors", printed };
}

function mutant(chance: Chance, side: Side): JsonObject {
  let databag: JsonObject = chance.pick(databags[side]);
  for (let changes = chance.below(4); changes > 0; changes -= 1) {
    const next = changed(databag, chance);
    if (isObject(next)) databag = next;
  }
  return databag;
}

/** Runs cases, each from a seed of its own that the message of a failure has. */
async function everyCase(count: number, one: (chance: Chance) => Promise<void>): Promise<void> {
  const first = Date.now();
  for (let seed = first; seed < first + count; seed += 1) {
    try {
      await one(new Chance(seed));
    } catch (error) {
      throw new Error(`The case of seed ${seed} failed.`, { cause: error });
    }
  }
}

function expectNoKey(printed: string): void {
  expect(/canary-(?:access|secret)/.exec(printed)).toBeNull();
}

describe("databags in which something was changed", { timeout: 1_800_000 }, () => {
  test("are judged as ajv judges them at run time, and no key is shown", async () => {
    await everyCase(cases, async (chance) => {
      const side = chance.pick(sides);
      const databag = mutant(chance, side);
      const shape = chance.pick([databag, asStrings(databag), databag["jobs"] ?? []]);
      const clean = written(shape, chance);
      const text = chance.below(3) === 0 ? scratched(clean, chance) : clean;
      const { verdict, printed } = await verdictOf(text, side);
      expectNoKey(printed);
      // What does not begin like JSON may be YAML, of which ajv knows nothing.
      const expected = /^\s*[[{]/.test(text) ? verdictOn(text, side) : verdict;
      expect(verdict, text).toBe(expected);
    });
  });

  test("are judged the same in juju show-unit", async () => {
    await everyCase(cases / 5, async (chance) => {
      const side = chance.pick(sides);
      const databag = mutant(chance, side);
      const hasJobs = Object.hasOwn(databag, "jobs");
      const kind = side === "requirer" || !hasJobs ? "application" : "unit";
      const { verdict, printed } = await verdictOf(written(asShown(databag, kind), chance));
      expectNoKey(printed);
      // Jobs that are plainly the other side's are judged as such there, and said to be in the wrong databag.
      const judged = hasJobs ? side : "provider";
      const misplaced = printed.includes('"wrong-databag"');
      expect(verdict).toBe(misplaced ? "errors" : verdictOnDatabag(asStrings(databag), judged));
    });
  });

  test("are never too much, whatever became of their bytes", async () => {
    await everyCase(cases / 5, async (chance) => {
      const side = chance.pick(sides);
      const bytes = Buffer.from(written(mutant(chance, side), chance));
      for (let changes = chance.below(4); changes > 0; changes -= 1) {
        bytes[chance.below(bytes.length)] = chance.below(256);
      }
      const read = decodeText(bytes);
      expect("text" in read || read.unreadable.length > 0).toBe(true);
      if ("text" in read) expectNoKey((await verdictOf(read.text, side)).printed);
    });
  });
});
