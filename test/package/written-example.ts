/**
 * Examples as a reader would have them: the files of a page, written to disk and built.
 *
 * @module
 */
import { execFileSync, spawnSync } from "node:child_process";
import { chmod, mkdir, rm, symlink, writeFile } from "node:fs/promises";
import { basename, delimiter, dirname, join } from "node:path";
import { transform } from "esbuild";
import { marked, root } from "./pages.ts";

/**
 * Writes the files of some pages into a new folder below build/, where the package is found by its name, and makes
 * JavaScript of their tests: `test/x.ts` becomes `test/x.js`. Their sources are built by {@link buildExample}.
 *
 * @returns The folder.
 */
export async function writeExample(name: string, pages: readonly string[]): Promise<string> {
  const folder = join(root, "build", "docs", name);
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  for (const page of pages) {
    for (const [path, { text }] of marked(page, "file")) {
      await write(join(folder, path), text);
      if (!/(^|\/)test\/.*\.ts$/.test(path)) continue;
      const { code } = await transform(text, { loader: "ts", format: "esm", platform: "node" });
      await write(join(folder, path.replace(/\.ts$/, ".js")), code);
    }
  }
  return folder;
}

/** Puts the repository's examples beside what was written. */
export async function linkExamples(folder: string): Promise<void> {
  await symlink(join(root, "examples"), join(folder, "examples"));
}

/** Runs the build script of an example's package.json, with the programs that are installed here. */
export function buildExample(directory: string): void {
  execFileSync("npm", ["run", "build"], {
    cwd: directory,
    env: { ...process.env, PATH: [join(root, "node_modules/.bin"), process.env["PATH"]].join(delimiter) },
    stdio: "pipe",
  });
}

/** Runs a test of an example as its reader would, and says how it went. */
export function runNodeTest(
  directory: string,
  file: string,
): { readonly passed: boolean; readonly output: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, ["--test", "--test-reporter=spec", file], {
    cwd: directory,
    encoding: "utf8",
    // A test runner that finds itself inside another one reports to that.
    env: { PATH: process.env["PATH"] },
  });
  return { passed: status === 0, output: `${stdout}${stderr}` };
}

async function write(file: string, text: string): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, text);
  if (basename(file) === "dispatch") await chmod(file, 0o755);
}
