import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { namesIn } from "./shown-table.ts";
import { packInto, type PackedPackage } from "./packed-package.ts";
import { runTimeClosure } from "./run-time-closure.ts";
import { budget, growth } from "./size-budget.ts";

let folder: string;
let packed: PackedPackage;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "packed-"));
  packed = packInto(folder);
});
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

test("the packed package keeps to its budget of bytes and files", () => {
  const what = growth(packed);
  expect(packed.packedBytes, what).toBeLessThanOrEqual(budget.packedBytes);
  expect(packed.unpackedBytes, what).toBeLessThanOrEqual(budget.unpackedBytes);
  expect(packed.files.length, what).toBeLessThanOrEqual(budget.files);
});

test("the packed package holds what it should and nothing else", () => {
  const others = packed.files
    .map(({ path }) => path)
    .filter((path) => !/^(dist\/(lib|provider|requirer)\/.+\.(js|d\.ts|pl)|schemas\/.+\.json)$/.test(path));
  expect(others.toSorted()).toEqual(["CHANGELOG.md", "LICENSE", "README.md", "package.json"]);
});

test("no more packages are installed with it than its budget has", () => {
  const known = new Set(namesIn("docs/reference/dependencies.md", "dependencies"));
  const names = runTimeClosure().map(({ name }) => name);
  const added = names.filter((name) => !known.has(name));
  expect(names.length, `new: ${added.join(", ") || "none"}`).toBeLessThanOrEqual(budget.runTimePackages);
});
