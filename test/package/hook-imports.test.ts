/**
 * What a hook loads: every module that it loads without need, it loads thousands of times.
 */
import { build, type Metafile } from "esbuild";
import { describe, expect, test } from "vitest";
import { root } from "./pages.ts";

/** What a module loads before it runs, and what that loads, by the built package. */
async function loadedBy(entry: string): Promise<readonly string[]> {
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: [entry],
    bundle: true,
    write: false,
    metafile: true,
    platform: "node",
    format: "esm",
    packages: "external",
    outdir: "build",
    logLevel: "error",
  });
  return staticImports(metafile, entry);
}

function staticImports(metafile: Metafile, entry: string): readonly string[] {
  const seen = new Set([entry]);
  for (const path of seen) {
    for (const { path: imported, kind } of metafile.inputs[path]?.imports ?? []) {
      if (kind === "import-statement") seen.add(imported);
    }
  }
  return [...seen];
}

describe.each(["dist/provider/index.js", "dist/requirer/index.js", "dist/lib/juju/index.js"])(
  "%s",
  (entry) => {
    test("loads neither the AWS SDK nor what only some dispatches need", async () => {
      const loaded = await loadedBy(entry);
      expect(loaded.length).toBeGreaterThan(8);
      const packages = loaded.filter((path) => !path.startsWith("dist/") && !path.startsWith("node:"));
      expect(packages).toEqual(entry.includes("requirer") ? ["uuid"] : []);
      for (const path of ["node:crypto", "node:readline", "node:https", "dist/provider/worker/worker.js"]) {
        expect(loaded).not.toContain(path);
      }
    });
  },
);

test("the worker loads the AWS SDK, when it opens a store on S3", async () => {
  const loaded = await loadedBy("dist/provider/worker/worker-main.js");
  expect(loaded).toContain("dist/provider/worker/worker.js");
  expect(loaded.join()).not.toContain("aws-sdk");
});
