/**
 * Puts what the command needs to check JSON into one file: it starts in half the time that its modules take one by one.
 * What is loaded only when it is needed stays apart.
 *
 * @module
 */
import { readdir, rm } from "node:fs/promises";
import { dirname, join, relative, resolve } from "node:path";
import { build } from "esbuild";
import { root } from "./steps.mjs";

const file = resolve(root, "dist/lib/cli/main.js");

/** What `import()` loads and most runs do not need. */
const apart = /\/(yaml-document|conformance|replay)\.js$/;

const keptApart = {
  name: "kept-apart",
  setup: ({ onResolve }) => {
    onResolve({ filter: apart }, ({ kind, path, resolveDir }) =>
      kind === "dynamic-import"
        ? { path: `./${relative(dirname(file), resolve(resolveDir, path))}`, external: true }
        : undefined,
    );
  },
};

/** Takes away what the file holds and nobody else loads, and the types of what nobody can import. */
async function removeModules() {
  const folder = dirname(file);
  await rm(join(folder, "validate"), { recursive: true });
  const left = await readdir(folder, { recursive: true });
  for (const name of left) if (name.endsWith(".d.ts")) await rm(join(folder, name));
}

/** Writes the file in place of the module that the compiler made. */
export async function bundleCommand() {
  await build({
    entryPoints: [file],
    outfile: file,
    allowOverwrite: true,
    bundle: true,
    format: "esm",
    platform: "node",
    target: "node20",
    minifyWhitespace: true,
    plugins: [keptApart],
    logLevel: "warning",
  });
  await removeModules();
}
