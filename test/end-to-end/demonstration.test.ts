/**
 * The demonstration, as its reader runs it, and the tutorial, which shows what it prints.
 */
import { execFileSync, spawn, type ChildProcessByStdio } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import type { Readable } from "node:stream";
import { afterAll, beforeAll, expect, test } from "vitest";
import { marked, root } from "../package/pages.ts";
import { comparable, shownOutput } from "../package/shown-output.ts";

const page = "docs/tutorial/first-backup-and-restore.md";
const stepLine = /^ *\d+\.\d s {2}(.+)$/;
const lastLine = /^RESTORED AND VERIFIED in \d+\.\d s$/m;

/** What the demonstration printed, by the step whose line ends it. */
let printed: readonly { readonly step: string; readonly text: string }[];
let output = "";
let demonstration: ChildProcessByStdio<null, Readable, Readable>;

beforeAll(async () => {
  // As the script runs it, which builds before: that would take away what other tests run.
  const script =
    'import { importBundled } from "./scripts/steps.mjs"; await importBundled("examples/demo/main.ts", "build/demo.mjs");';
  demonstration = spawn(process.execPath, ["--input-type=module", "--eval", script, "--", "--keep"], {
    cwd: root,
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, UPDATE_DOCS: undefined },
  });
  const gone = once(demonstration, "exit");
  let complaints = "";
  demonstration.stderr.on("data", (chunk: Buffer) => (complaints += chunk.toString()));
  const ended = new Promise<void>((resolve) => {
    demonstration.stdout.on("data", (chunk: Buffer) => {
      output += chunk.toString();
      if (lastLine.test(output)) resolve();
    });
  });
  await Promise.race([ended, gone]);
  expect(output, complaints).toMatch(lastLine);
  printed = stepsOf(output);
}, 600_000);

afterAll(() => demonstration.kill("SIGINT"));

/** The steps of an output, without the tables of `juju status` between them. */
function stepsOf(text: string): readonly { readonly step: string; readonly text: string }[] {
  const steps: { step: string; text: string }[] = [];
  let lines: string[] = [];
  for (const line of text.replaceAll(/\n +\$ juju status\n(?: {10}.*\n)+\n/g, "").split("\n")) {
    const step = stepLine.exec(line)?.[1];
    lines.push(line);
    if (step === undefined) continue;
    // What installs and builds may say something before the first.
    steps.push({ step, text: steps.length === 0 ? line : lines.join("\n") });
    lines = [];
  }
  return steps;
}

/** What two runs have in common: not how long things took, at which percentage one looked, and what is counted in bytes. */
function alike(text: string): string {
  return comparable(text)
    .replaceAll(/^ *\d+\.\d s/gm, "<s>")
    .replaceAll(/\n +(?:requested|starting|running|finalizing|succeeded)(?: \d+ %)?$/gm, "")
    .replaceAll(/checksum -?\d+/g, "checksum <sum>")
    .replaceAll(/\d{8}-\d{6}F(?:_\d{8}-\d{6}[DI])?/g, "<backup>")
    .replaceAll(/T\d\d:\d\d:\d\d\.\d+Z/g, "<time>")
    .replaceAll(/\d+\.\d [KMG]iB/g, "<size>")
    .replaceAll(/localhost:\d+/g, "localhost:<port>")
    .replaceAll(/\d+ (?:s|min)\b/g, "<age>")
    .replaceAll(/ {2,}/g, "  ");
}

test.each([
  ["set-up", 0, 2],
  ["backup", 2, 4],
  ["restore", 4, 9],
  ["listings", 9, 10],
  ["cancel", 10, 11],
  ["schedule", 11, 12],
])("the tutorial shows what the demonstration prints: %s", (name, from, to) => {
  const text = printed
    .slice(from, to)
    .map((each) => each.text)
    .join("\n");
  expect(shownOutput(page, name, text, alike)).toBe(alike(text));
});

test("the restore is verified, and nothing is printed but its steps", () => {
  expect(printed).toHaveLength(12);
});

/** A command of the page, for this run's folder and port. */
function here(command: string): string {
  return command
    .replaceAll(/\/tmp\/backup-servers-\w+/g, folderOf(output))
    .replace(/-p \d+/, /-p \d+/.exec(output)?.[0] ?? "");
}

function folderOf(text: string): string {
  return /^ {2}files +(\S+)$/m.exec(text)?.[1] ?? "";
}

/** Without what differs between two clusters: folders, ports, names of WAL, sizes. */
function clusterAlike(text: string): string {
  return alike(text)
    .replaceAll(/\/tmp\/backup-servers-\w+/g, "<folder>")
    .replaceAll(/(?<=-p |:)\d{4,5}\b/g, "<port>")
    .replaceAll(/\b[0-9A-F]{24}\b/g, "<wal>")
    .replaceAll(/\d{4}-\d\d-\d\d \d\d:\d\d:\d\d/g, "<time>")
    .replaceAll(/\b\d+(?:\.\d)?MB\b/g, "<size>");
}

test("what is kept can be looked at as the tutorial says", () => {
  const kept = output.slice(output.indexOf("Everything goes on"), output.search(lastLine));
  expect(shownOutput(page, "kept", kept, clusterAlike)).toBe(clusterAlike(kept));
  for (const name of ["look-around", "repository"]) {
    const shown = marked(page, "output").get(name)?.text ?? "";
    const commands = [...shown.matchAll(/^\$ (?!cd )(.+)$/gm)].map((match) => here(match[1] ?? ""));
    const seen = commands.map(
      (command) =>
        `$ ${command}\n${execFileSync("sh", ["-c", command], { cwd: "/tmp", encoding: "utf8" }).trimEnd()}`,
    );
    const text = [...(shown.startsWith("$ cd ") ? ["$ cd /tmp"] : []), ...seen]
      .join("\n")
      .replaceAll(/ +$/gm, "");
    expect(commands.length).toBeGreaterThan(0);
    expect(shownOutput(page, name, text, clusterAlike)).toBe(clusterAlike(text));
  }
});

test("Ctrl-C ends what is kept, and leaves nothing", async () => {
  const folder = folderOf(output);
  expect(existsSync(folder)).toBe(true);
  demonstration.kill("SIGINT");
  const [code] = (await once(demonstration, "exit")) as [number | null];
  expect({ code, left: existsSync(folder), processes: processesIn(folder) }).toEqual({
    code: 130,
    left: false,
    processes: "",
  });
});

function processesIn(folder: string): string {
  return execFileSync("ps", ["-eo", "args"], { encoding: "utf8" })
    .split("\n")
    .filter((line) => line.includes(folder))
    .join("\n");
}
