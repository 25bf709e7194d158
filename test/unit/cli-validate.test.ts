import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { runCommand } from "../../lib/cli/command.ts";
import { readDatabagText } from "../../lib/cli/databag-text.ts";
import { sideOf } from "../../lib/cli/databag-problems.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "cli-"));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

interface Ended {
  readonly code: number;
  readonly out: readonly string[];
  readonly err: readonly string[];
}

async function run(args: readonly string[], input = ""): Promise<Ended> {
  const out: string[] = [];
  const err: string[] = [];
  const code = await runCommand(args, {
    out: (line) => void out.push(line),
    err: (line) => void err.push(line),
    input: async () => input,
  });
  return { code, out, err };
}

function file(name: string, content: unknown): string {
  const path = join(folder, name);
  writeFileSync(path, typeof content === "string" ? content : JSON.stringify(content));
  return path;
}

const storage = { bucket: "backups", "access-key": "canary-access", "secret-key": "canary-secret" };
const request = {
  "job-id": "1",
  "job-type": "backup",
  "job-config": { compression: true },
  "storage-interface": "s3",
  "storage-config": storage,
};
const report = { ...request, status: "success", phase: "succeeded" };

describe("the command", () => {
  test("without a verb says what there is, as a mistake", async () => {
    const { code, out, err } = await run([]);
    expect({ code, out }).toEqual({ code: 2, out: [] });
    expect(err.join("\n")).toContain("  validate ");
  });

  test("with --help says what there is", async () => {
    expect(await run(["--help"])).toMatchObject({
      code: 0,
      out: [expect.stringContaining("validate")],
      err: [],
    });
    expect(await run(["-h"])).toMatchObject({ code: 0 });
    expect(await run(["validate", "--help"])).toMatchObject({
      code: 0,
      out: [expect.stringContaining("--side")],
    });
  });

  test.each([
    ["a verb that there is not", ["repair"], 'There is no verb "repair". The verbs are: validate.'],
    ["an option that there is not", ["--verbose"], "Unknown option '--verbose'. Run"],
    ["an option that the verb has not", ["validate", "--fix=canary"], "Unknown option '--fix'. Run"],
    ["an option without its value", ["validate", "--side"], "Option '--side <value>' argument missing. Run"],
    ["a side that there is not", ["validate", "--side", "peer"], '--side is "peer". Give one of'],
  ])("refuses %s", async (_, args, message) => {
    const { code, out, err } = await run(args);
    expect({ code, out }).toEqual({ code: 2, out: [] });
    expect(err).toEqual([expect.stringContaining(message)]);
    expect(err[0]).not.toContain("canary");
  });
});

describe("validate", () => {
  test("says nothing of what is right, in every shape, from files and from standard input", async () => {
    const files = [
      file("databag.json", { jobs: JSON.stringify([request]) }),
      file("expanded.json", { jobs: [request] }),
      file("jobs.json", [request]),
    ];
    expect(await run(["validate", "--side", "requirer", ...files])).toEqual({ code: 0, out: [], err: [] });
    const input = JSON.stringify([request]);
    expect(await run(["validate", "--side=requirer"], input)).toEqual({ code: 0, out: [], err: [] });
    expect(await run(["validate", "--side=requirer", "-"], input)).toEqual({ code: 0, out: [], err: [] });
    expect(await run(["validate"], "{}")).toEqual({ code: 0, out: [], err: [] });
  });

  test("prints a line for each problem of each job, with file, job, field and remedy", async () => {
    const wrong = { ...request, "job-id": "2", "job-type": "clone", "job-config": {}, "requested-at": "now" };
    const path = file("requests.json", [request, wrong, { ...wrong, "job-id": "" }]);
    const { code, out } = await run(["validate", path]);
    expect(code).toBe(1);
    expect(out).toEqual([
      `${path}: jobs[2].job-id is ""; expected a string that is not empty. Give each job an id of its own.`,
      `${path}: job "2": jobs[1].job-type is "clone"; expected "backup" or "restore". Set job-type to "backup" or "restore".`,
      expect.stringContaining(`${path}: job "2": jobs[1].job-config.compression is missing`),
      expect.stringContaining('job "2": jobs[1].requested-at is "now"'),
    ]);
  });

  test("checks what a provider says as a whole, and not what it says of requests", async () => {
    const problems = [
      { field: "jobs", message: "jobs is a number; expected a list.", remedy: "Write a list." },
    ];
    const told = { features: ["backup-type"], "lib-version": "0.1", problems };
    expect(await run(["validate", file("application.json", told)])).toMatchObject({ code: 0, out: [] });
    const wrong = { ...told, "lib-version": "latest", backups: [{}] };
    const { code, out } = await run(["validate", file("wrong.json", wrong)]);
    expect(code).toBe(1);
    expect(out.join("\n")).toMatch(/lib-version is "latest".*\n?/);
    expect(out.join("\n")).toContain("backups[0].backup-id is missing");
    expect(out.join("\n")).not.toContain("jobs is a number");
  });

  test("checks the reports of a unit", async () => {
    const path = file("unit.json", { jobs: [report, { ...report, phase: "failed", "job-id": "2" }] });
    const { code, out } = await run(["validate", path]);
    expect(code).toBe(1);
    expect(out).toEqual([expect.stringContaining('job "2": jobs[1].phase is "failed" and jobs[1].status')]);
  });

  test("asks for the side where no field tells, goes on with other files, and ends with the worst code", async () => {
    const plain = file("plain.json", [request]);
    const wrong = file("wrong.json", [{ ...report, fence: "1" }]);
    const { code, out, err } = await run(["validate", plain, wrong]);
    expect(code).toBe(2);
    expect(out).toEqual([expect.stringContaining("wrong.json")]);
    expect(err).toEqual([expect.stringContaining("Give --side provider or --side requirer.")]);
  });

  test.each([
    ["is not there", undefined, "cannot be read (ENOENT)"],
    ["is not JSON", '{"jobs": canary-secret}', "not JSON: at line 1, column 10"],
    ["is neither databag nor list", '"canary-secret"', "neither an object nor a list"],
  ])("says of a file that it %s", async (_, content, message) => {
    const path = join(folder, "x.json");
    if (content !== undefined) writeFileSync(path, content);
    const { code, out, err } = await run(["validate", path]);
    expect({ code, out }).toEqual({ code: 2, out: [] });
    expect(err).toEqual([expect.stringContaining(`x.json: ${message}`)]);
    expect(err.join()).not.toContain("canary");
  });

  test("shows no key, whatever is wrong and wherever it stands", async () => {
    const misplaced = [
      [{ ...request, "storage-config": JSON.stringify(storage), status: 1 }],
      [{ ...request, "storage-config": { ...storage, bucket: storage } }],
      [{ ...request, "job-id": JSON.stringify(storage), "job-type": "clone" }],
      [{ ...request, "job-config": storage }],
      { jobs: JSON.stringify([request]).slice(0, -9) },
      { jobs: storage, features: [storage], problems: [JSON.stringify(storage)] },
    ];
    for (const databag of misplaced) {
      const input = JSON.stringify(databag);
      const asRequirer = await run(["validate", "--side=requirer"], input);
      expect(asRequirer.code, input).toBe(1);
      const asProvider = await run(["validate", "--side=provider"], input);
      const printed = [asRequirer, asProvider].flatMap(({ out, err }) => [...out, ...err]);
      expect(printed.join("\n")).not.toContain("canary");
    }
    const { err } = await run(["validate", JSON.stringify([request])]);
    expect(err).toEqual([
      "a string that is not shown, because it may hold credentials: cannot be read (ENOENT).",
    ]);
  });
});

test.each([
  ["a report", [report], "provider"],
  ["a provider's application databag", { features: [] }, "provider"],
  ["a request with an extension", [{ ...request, "backup-type": "full" }], "requirer"],
  ["a request of version 0", [request], undefined],
  ["fields of both sides", [report, { ...request, "backup-type": "full" }], undefined],
  ["no jobs", [], undefined],
])("the side of %s is told by its fields", (_, content, side) => {
  const read = readDatabagText(JSON.stringify(content));
  expect("databag" in read && sideOf(read.databag)).toBe(side);
});
