import { spawnSync } from "node:child_process";
import { chmodSync, cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { parse } from "yaml";
import { read, root } from "./pages.ts";

let charm: string;
let env: NodeJS.ProcessEnv;
beforeEach(() => {
  charm = mkdtempSync(join(tmpdir(), "ci-"));
  const bin = join(charm, "bin");
  mkdirSync(bin);
  mkdirSync(join(charm, "tests/databags"), { recursive: true });
  // The command as npm installs it, and an npx that has it in its cache.
  const command = join(root, "dist/lib/cli/main.js");
  const npx = `#!/bin/sh\n[ "$1 $2" = "--yes juju-database-backup" ] || exit 9\nshift 2\nexec '${command}' "$@"\n`;
  writeFileSync(join(bin, "npx"), npx);
  writeFileSync(join(bin, "juju-database-backup"), `#!/bin/sh\nexec '${command}' "$@"\n`);
  for (const name of ["npx", "juju-database-backup"]) chmodSync(join(bin, name), 0o755);
  env = { PATH: [bin, dirname(process.execPath), "/usr/bin", "/bin"].join(delimiter), HOME: charm };
});
afterEach(() => {
  rmSync(charm, { recursive: true, force: true });
});

function run(script: string): { readonly status: number | null; readonly output: string } {
  const { status, stdout, stderr } = spawnSync("sh", ["-c", script], { cwd: charm, encoding: "utf8", env });
  return { status, output: stdout + stderr };
}

const storage = { bucket: "b", "access-key": "", "secret-key": "" };
const report = {
  "job-id": "1",
  "job-type": "backup",
  status: "success",
  "storage-interface": "s3",
  "storage-config": storage,
};

function databag(name: string, ...jobs: readonly unknown[]): void {
  writeFileSync(join(charm, "tests/databags", name), JSON.stringify({ jobs: JSON.stringify(jobs) }));
}

const wrong = { ...report, status: "done" };

describe("the workflow for GitHub Actions", () => {
  const { jobs } = parse(read("examples/ci/github-workflow.yaml"));
  const [command] = jobs.validate.steps.flatMap((step: { run?: string }) => step.run ?? []);

  test("passes where all is well", () => {
    databag("good.json", report);
    expect(run(command)).toEqual({ status: 0, output: "" });
  });

  test("fails and annotates what is wrong", () => {
    databag("good.json", report);
    databag("bad.json", wrong);
    const { status, output } = run(command);
    expect(status).toBe(1);
    expect(output).toMatch(
      /^::error file=tests\/databags\/bad\.json,line=1,col=\d+,title=.*jobs\[0\]\.status is "done"/,
    );
  });
});

describe("the hook before a commit", () => {
  beforeEach(() => {
    run("git init -q && git config user.name Admin && git config user.email admin@example.com");
    cpSync(join(root, "examples/ci/pre-commit"), join(charm, ".git/hooks/pre-commit"));
  });

  test("lets pass what is well, and what is no databag", () => {
    databag("good.json", report);
    writeFileSync(join(charm, "notes.json"), "no JSON");
    expect(run("git add tests notes.json && git commit -qm Databags")).toEqual({ status: 0, output: "" });
    expect(run("git commit -qm Nothing --allow-empty")).toEqual({ status: 0, output: "" });
  });

  test("stops what is wrong as it is staged, whatever the folder holds", () => {
    databag("a b.json", wrong);
    run("git add tests");
    databag("a b.json", report);
    const { status, output } = run("git commit -qm Databags");
    expect(status).not.toBe(0);
    expect(output).toContain("tests/databags/a b.json:1:");
    expect(run("git add tests && git commit -qm Databags")).toEqual({ status: 0, output: "" });
  });
});

test("the configuration for pre-commit names a command and files that fit each other", () => {
  const [{ hooks }] = parse(read("examples/ci/pre-commit-config.yaml")).repos;
  const [{ entry, files }] = hooks;
  databag("bad.json", wrong);
  expect("tests/databags/bad.json").toMatch(new RegExp(files));
  expect("src/charm.py").not.toMatch(new RegExp(files));
  expect(run(`${entry} tests/databags/bad.json`)).toMatchObject({ status: 1 });
  databag("bad.json", report);
  expect(run(`${entry} tests/databags/bad.json`)).toEqual({ status: 0, output: "" });
});
