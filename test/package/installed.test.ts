import { spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { entryPoints, manifest } from "./entry-points.ts";
import { nodeReleases } from "./node-releases.ts";
import { installIn, packInto } from "./packed-package.ts";
import { read, root, tableOf } from "./pages.ts";

const page = "docs/reference/entry-points.md";
const modules = entryPoints.filter(({ names }) => names.length > 0);
const programs = entryPoints.filter(({ names }) => names.length === 0);

/** The names that the reference promises, those of types left out if wanted. */
function promised(specifier: string, { types }: { readonly types: boolean }): readonly string[] {
  return tableOf(page, specifier)
    .slice(1)
    .filter(([, kind]) => types || kind !== "type")
    .map(([name = ""]) => name.replaceAll("`", ""));
}

const schemas: string[] = [];
let consumer: string;

function writeConsumer(file: string, lines: readonly string[]): void {
  writeFileSync(join(consumer, file), `${lines.join("\n")}\n`);
}

beforeAll(async () => {
  consumer = mkdtempSync(join(tmpdir(), "consumer-"));
  writeConsumer("package.json", ['{ "name": "consumer", "private": true, "type": "module" }']);
  const { tarball } = packInto(consumer);
  installIn(consumer, tarball);

  for (const file of await readdir(join(root, "schemas"), { recursive: true })) {
    if (file.endsWith(".json")) schemas.push(file);
  }
  writeConsumer("imports.mjs", [
    ...modules.map(({ specifier }, index) => `import * as module${index} from "${specifier}";`),
    "const names = {",
    ...modules.map(({ specifier }, index) => `  "${specifier}": Object.keys(module${index}),`),
    "};",
    "process.stdout.write(JSON.stringify(names));",
  ]);
  writeConsumer("requires.cjs", [
    "const names = {",
    ...modules.map(({ specifier }) => `  "${specifier}": Object.keys(require("${specifier}")),`),
    "};",
    "process.stdout.write(JSON.stringify(names));",
  ]);
  writeConsumer("schemas.mjs", [
    ...schemas.map(
      (file, index) => `import schema${index} from "${manifest.name}/schemas/${file}" with { type: "json" };`,
    ),
    `import manifest from "${manifest.name}/package.json" with { type: "json" };`,
    "const read = {",
    ...schemas.map((file, index) => `  "schemas/${file}": schema${index},`),
    '  "package.json": manifest,',
    "};",
    "process.stdout.write(JSON.stringify(read));",
  ]);
});
afterAll(() => {
  rmSync(consumer, { recursive: true, force: true });
});

interface Ran {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program as in a shell of its own: nothing on PATH but one Node and the system's. */
function run(node: string, argv: readonly [string, ...string[]], input = ""): Ran {
  const [program, ...args] = argv;
  return spawnSync(program, args, {
    cwd: consumer,
    encoding: "utf8",
    input,
    env: { PATH: `${dirname(node)}:/usr/bin:/bin` },
  });
}

test("every release of Node to test on is there", ({ skip }) => {
  const missing = nodeReleases.filter(({ isInstalled }) => !isInstalled).map(({ name }) => name);
  // Where tests count, a release that nobody installed must not pass for one that works.
  const isLenient = (process.env["CI"] ?? "") === "";
  skip(
    isLenient && missing.length > 0,
    `run node scripts/setup.mjs --node-releases for ${missing.join(", ")}`,
  );
  expect(missing, "run node scripts/setup.mjs --node-releases").toEqual([]);
});

describe.each(nodeReleases.filter(({ isInstalled }) => isInstalled))("installed, on $name", ({ program }) => {
  test("every entry point exports the names that the reference promises, and warns of nothing", () => {
    const { stdout, stderr } = run(program, [program, "imports.mjs"]);
    expect(stderr).toBe("");
    const names: Readonly<Record<string, string[]>> = JSON.parse(stdout);
    expect(Object.keys(names).length).toBeGreaterThan(5);
    for (const { specifier } of modules) {
      expect(names[specifier]?.toSorted(), specifier).toEqual(promised(specifier, { types: false }));
    }
  });

  test("require() takes every entry point", () => {
    const { stdout, stderr } = run(program, [program, "requires.cjs"]);
    const names: Readonly<Record<string, string[]>> = JSON.parse(stdout === "" ? "{}" : stdout);
    for (const { specifier } of modules) {
      expect(names[specifier]?.toSorted(), stderr).toEqual(
        expect.arrayContaining([...promised(specifier, { types: false })]),
      );
    }
  });

  test("the schemas are imported as JSON", () => {
    const { stdout, stderr } = run(program, [program, "schemas.mjs"]);
    const contents: Readonly<Record<string, unknown>> = JSON.parse(stdout === "" ? "{}" : stdout);
    expect(Object.keys(contents).length, stderr).toBeGreaterThan(3);
    for (const [file, content] of Object.entries(contents)) expect(content).toEqual(JSON.parse(read(file)));
  });

  test("the command says its version, and what is wrong with a databag", () => {
    const command = join(consumer, "node_modules/.bin", manifest.name);
    expect(run(program, [command, "--version"]).stdout).toBe(`${manifest.version}\n`);
    const { status, stdout, stderr } = run(program, [command, "validate", "--side=provider"], "[{}]");
    expect({ status, stderr }).toEqual({ status: 1, stderr: "" });
    expect(stdout).toContain("jobs[0].job-id is missing");
  });

  test.each(programs)("$specifier starts, and finds that it was given no task", ({ specifier }) => {
    const { status, stderr } = run(program, [
      program,
      "--input-type=module",
      "--eval",
      `import "${specifier}"`,
    ]);
    expect(status).toBe(1);
    expect(stderr).toContain("SyntaxError: Unexpected end of JSON input");
  });
});

describe("installed, for a TypeScript consumer", () => {
  beforeAll(() => {
    // What a consumer's own package.json would name.
    symlinkSync(join(root, "node_modules/@types"), join(consumer, "node_modules/@types"));
    for (const [index, { specifier }] of modules.entries()) {
      const names = promised(specifier, { types: true }).join(", ");
      writeConsumer(`types${index}.mts`, [
        `import type { ${names} } from "${specifier}";`,
        `export type { ${names} };`,
      ]);
    }
    cpSync(join(root, "examples/postgresql-charm/src"), join(consumer, "charm"), { recursive: true });
    writeConsumer("provider.cts", [
      `import provider = require("${manifest.name}/provider");`,
      "export const made: typeof provider.Provider = provider.Provider;",
    ]);
    const compilerOptions = {
      module: "nodenext",
      target: "es2023",
      strict: true,
      types: ["node"],
      noEmit: true,
      allowImportingTsExtensions: true,
    };
    writeConsumer("tsconfig.json", [JSON.stringify({ compilerOptions })]);
  });

  test("every promised name has a type, and a charm type-checks, the library's own declarations included", () => {
    const { status, stdout } = run(process.execPath, [join(root, "node_modules/.bin/tsc"), "-p", consumer]);
    expect(stdout).toBe("");
    expect(status).toBe(0);
  });
});
