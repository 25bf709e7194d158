import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { rules } from "../../lib/cli/validate/rules.ts";
import { marked, root } from "./pages.ts";
import { comparable, shownOutput } from "./shown-output.ts";
import { code, shownTable } from "./shown-table.ts";

const page = "docs/reference/command.md";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "command-"));
  for (const [name, { text }] of marked(page, "file")) writeFileSync(join(folder, name), text);
  // As npm installs it.
  mkdirSync(join(folder, "bin"));
  symlinkSync(join(root, "dist/lib/cli/main.js"), join(folder, "bin", "juju-database-backup"));
});
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** Runs the commands that a block shows, and gives what a terminal would show. */
function session(commands: readonly string[]): string {
  return commands
    .map((command) => {
      const { stdout } = spawnSync("sh", ["-c", `exec 2>&1; ${command}`], {
        cwd: folder,
        encoding: "utf8",
        env: { PATH: [join(folder, "bin"), dirname(process.execPath), "/usr/bin", "/bin"].join(delimiter) },
      });
      return `$ ${command}\n${stdout}`;
    })
    .join("");
}

const blocks = [page, "README.md"].flatMap((shownOn) =>
  [...marked(shownOn, "output")].map(([name, { text }]) => ({
    shownOn,
    name,
    commands: [...text.matchAll(/^\$ (.+)$/gm)].map((match) => match[1] ?? ""),
  })),
);

test.each(blocks)("$shownOn shows what the command prints: $name", ({ shownOn, name, commands }) => {
  expect(commands.length).toBeGreaterThan(0);
  const output = session(commands);
  expect(shownOutput(shownOn, name, output)).toBe(comparable(output));
});

test("the page has the table of the rules", () => {
  const rows = Object.entries(rules).map(([name, { severity, meaning }]) => [code(name), severity, meaning]);
  const table = [["rule", "breaking it is", "what it says"], ...rows];
  expect(shownTable(page, "rules", table)).toEqual(table);
});

test("the pages show some of them", () => {
  expect(blocks.length).toBeGreaterThan(5);
});
