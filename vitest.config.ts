import { statSync } from "node:fs";
import { defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";

/** What takes long and would find little that its shorter sisters do not: `npm run test:full` has them. */
const longTests =
  process.env["LONG_TESTS"] === "none"
    ? [
        "coordination/exhaustive-pairs",
        "end-to-end/bench",
        "end-to-end/coordination",
        "end-to-end/demonstration",
        "end-to-end/judged-charm",
        "end-to-end/postgresql-actions",
        "end-to-end/postgresql-archiving",
        "end-to-end/postgresql-charm-cluster",
        "end-to-end/postgresql-cluster",
        "end-to-end/postgresql-members",
        "end-to-end/postgresql-restores",
        "end-to-end/postgresql-scaling",
        "end-to-end/postgresql-timelines",
        "simulation/bad-disk-processes",
        "simulation/bad-hook-tools-charms",
        "simulation/bad-requests",
        "simulation/bad-sizes",
        "simulation/units-as-processes",
      ].map((name) => `test/${name}.test.ts`)
    : [];

/** Of the tests on real servers, in their order. */
const longestFirst = ["charms", "faults"].map((name) => `/end-to-end/${name}.test.ts`);

/** Begins with the largest files, as vitest does, but before them with those that take longest, which would end alone. */
class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    return files.toSorted((a, b) => weightOf(b) - weightOf(a));
  }
}

function weightOf({ moduleId }: TestSpecification): number {
  const place = longestFirst.findIndex((name) => moduleId.endsWith(name));
  return place === -1 ? statSync(moduleId).size : Number.MAX_SAFE_INTEGER - place;
}

// The real servers share two cores with whatever else runs: their tests come after those that are quick.
export default defineConfig({
  test: {
    sequence: { sequencer: LongestFirst },
    projects: [
      // What is pure needs no walls between its files, which cost more than the tests.
      {
        test: {
          name: "unit",
          include: ["test/unit/**/*.test.ts"],
          sequence: { groupOrder: 0 },
          // As many as there are cores at the least: unless told, vitest leaves one of them idle.
          maxWorkers: 2,
          isolate: false,
          setupFiles: ["test/unit/property-runs.ts"],
          // Property tests take their time on a machine that is busy with others, and with twenty times the cases.
          testTimeout: longTests.length === 0 ? 600_000 : 60_000,
        },
      },
      {
        test: {
          name: "processes",
          include: ["test/{conformance,simulation,package}/**/*.test.ts"],
          exclude: longTests,
          sequence: { groupOrder: 1 },
          maxWorkers: 2,
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      // Schedules take what the real servers leave of the cores, which is much: those wait for each other. A hundred thousand
      // would leave those too little, were they not told to.
      {
        test: {
          name: "coordination",
          include: ["test/coordination/**/*.test.ts"],
          exclude: longTests,
          sequence: { groupOrder: 2 },
          maxWorkers: 3,
          setupFiles: longTests.length === 0 ? ["test/coordination/lowest-priority.ts"] : [],
          testTimeout: 3 * 3_600_000,
        },
      },
      {
        test: {
          name: "servers",
          include: ["test/end-to-end/**/*.test.ts"],
          exclude: longTests,
          sequence: { groupOrder: 2 },
          maxWorkers: 3,
          testTimeout: 180_000,
          hookTimeout: 180_000,
        },
      },
    ],
  },
});
