import { spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parse } from "yaml";
import { parseObservation } from "../../lib/conformance/observation/observation.ts";
import { scenariosOf } from "../../lib/conformance/play.ts";
import { rulesOf } from "../../lib/conformance/rules/rules-of.ts";
import { readCharm } from "../../lib/testing/model/charm-metadata.ts";
import { sides } from "../../lib/wire/side.ts";
import { marked, read, root } from "./pages.ts";
import { comparable, shownOutput } from "./shown-output.ts";
import { code, shownTable } from "./shown-table.ts";

const reference = "docs/reference/conformance.md";
const howTo = "docs/how-to/judge-a-charm.md";

describe.each(sides)("the reference of the rules, %s", (side) => {
  test("has each rule, with where it comes from and the scenarios that show it", () => {
    const rows = rulesOf(side).map(({ id, holds, section, because, scenarios }) => [
      code(id),
      holds,
      `${section}: ${because}`,
      scenarios.map(code).join(", "),
    ]);
    const table = [["rule", "what holds", "where it comes from", "shown by"], ...rows];
    expect(shownTable(reference, `${side}-rules`, table)).toEqual(table);
  });

  test("has each scenario, and each shows a rule", () => {
    const scenarios = scenariosOf(side);
    const table = [
      ["scenario", "what happens"],
      ...scenarios.map(({ name, summary }) => [code(name), summary]),
    ];
    expect(shownTable(reference, `${side}-scenarios`, table)).toEqual(table);
    const named = rulesOf(side).flatMap((rule) => rule.scenarios);
    expect([...new Set(named)].toSorted()).toEqual(scenarios.map(({ name }) => name).toSorted());
  });
});

describe("the page on how to judge a charm", () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "judge-"));
    for (const [name, { text }] of marked(howTo, "file")) writeFileSync(join(folder, name), text);
    cpSync(join(root, "test/charms/foreign-database"), join(folder, "foreign-database"), { recursive: true });
    const command = join(root, "dist/lib/cli/main.js");
    writeFileSync(join(folder, "juju-database-backup"), `#!/bin/sh\nexec '${command}' "$@"\n`, {
      mode: 0o755,
    });
    writeFileSync(join(folder, "npx"), `#!/bin/sh\nshift 2\nexec '${command}' "$@"\n`, { mode: 0o755 });
  });
  afterAll(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  function run(command: string, cwd: string): { readonly status: number | null; readonly stdout: string } {
    const PATH = [folder, dirname(process.execPath), "/usr/bin", "/bin"].join(":");
    return spawnSync("sh", ["-c", `exec 2>&1; ${command}`], { cwd, encoding: "utf8", env: { PATH } });
  }

  test("shows what the command says of a charm that breaks a rule", () => {
    const [command = ""] = /(?<=^\$ ).+$/m.exec(marked(howTo, "output").get("broken")?.text ?? "") ?? [];
    const output = `$ ${command}\n${run(command, folder).stdout}`;
    expect(output).toContain("exit code 1");
    expect(shownOutput(howTo, "broken", output)).toBe(comparable(output));
  });

  test("has files that the kit understands, with options that the charms have", async () => {
    for (const [name, { text }] of marked(howTo, "file")) {
      const { config } = parseObservation(text, name);
      const charm = name === "postgresql.json" ? "examples/postgresql-charm" : "test/charms/foreign-database";
      const { config: declared } = await readCharm(join(root, charm), true);
      expect([...declared.keys()], name).toEqual(expect.arrayContaining(Object.keys(config)));
    }
  });

  test("has a workflow for GitHub Actions whose command judges the charm", () => {
    const { jobs } = parse(read("examples/ci/github-conformance.yaml"));
    const [command] = jobs.conformance.steps.flatMap((step: { run?: string }) => step.run ?? []);
    // By all rules it takes a minute; that is tested elsewhere.
    const { status, stdout } = run(`${command} --rule P-33`, join(folder, "foreign-database"));
    expect(stdout).toContain("1 hold, 0 broken, 0 not shown");
    expect(status).toBe(0);
  });
});
