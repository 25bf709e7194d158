import { spawnSync } from "node:child_process";
import { existsSync, statSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import * as validators from "../../lib/wire/generated/validators.js";
import type { JsonObject } from "../../lib/wire/list-value.ts";
import { decodeProviderApplication, features } from "../../lib/wire/provider-application.ts";
import { decodeReports } from "../../lib/wire/reports.ts";
import { decodeRequests } from "../../lib/wire/requests.ts";
import { decodeS3 } from "../../lib/wire/s3.ts";
import { endPhases, isPhase, phasesAtWork, phasesBeforeStart, statusOf } from "../../lib/job/phase.ts";
import { hookToolNames } from "../../lib/testing/hook-tools/run-hook-tool.ts";
import { createBackupChecks } from "../../provider/postgresql/checks/create-backup-checks.ts";
import { pgBackRestErrors } from "../../provider/postgresql/pgbackrest/pgbackrest-errors.ts";
import { restoreChecks } from "../../provider/postgresql/checks/restore-checks.ts";
import { failureCodes, optionNames, storageCodes, unionMembers } from "./failure-codes.ts";
import { anchorsOf, blocksOf, linksOf, marked, pages, read, root, tableOf, targetOf } from "./pages.ts";
import { everyProperty, objectOf, schemaTable, schemaTables } from "./schema-tables.ts";
import { code, namesIn, shownTable } from "./shown-table.ts";
import { writeExample } from "./written-example.ts";

const wire = "docs/reference/wire.md";
const errors = "docs/reference/errors.md";
const postgresql = "docs/reference/postgresql.md";

describe("links", () => {
  test.each(pages)("of %s lead somewhere", (page) => {
    const relative = linksOf(page).filter((link) => !/^[a-z]+:/.test(link));
    const broken = relative.filter((link) => {
      const target = targetOf(page, link);
      const [, anchor] = link.split("#");
      if (!existsSync(join(root, target))) return true;
      return anchor !== undefined && !anchorsOf(target).includes(anchor);
    });
    expect(broken).toEqual([]);
  });

  test("of the index reach every page", () => {
    const reached = new Set(linksOf("docs/README.md").map((link) => targetOf("docs/README.md", link)));
    expect(
      pages.filter((page) => page !== "README.md" && page !== "docs/README.md" && !reached.has(page)),
    ).toEqual([]);
  });
});

describe("blocks", () => {
  const blocks = pages.flatMap(blocksOf);

  test("that name their source equal it", () => {
    const quoted = blocks.filter(({ marker }) => marker?.kind === "source");
    expect(quoted.length).toBeGreaterThan(1);
    for (const { marker, text } of quoted) expect(text, marker?.value).toBe(read(marker?.value ?? ""));
  });

  test("of JSON are JSON", () => {
    const json = blocks.filter(({ language }) => language === "json");
    expect(json.length).toBeGreaterThan(3);
    for (const { page, line, text } of json) {
      expect(() => void JSON.parse(text), `${page}, line ${line}`).not.toThrow();
    }
  });

  test("of TypeScript type-check, as a reader's own files that import the package by its name", async () => {
    const folder = await writeExample("type-checked", [
      "docs/how-to/write-an-executor.md",
      "docs/how-to/test-a-charm.md",
    ]);
    const files = [
      ...marked("docs/how-to/write-an-executor.md", "file").keys(),
      ...marked("docs/how-to/test-a-charm.md", "file").keys(),
    ];
    const checked = files.filter((file) => file.endsWith(".ts"));
    await mkdir(join(folder, "blocks"), { recursive: true });
    for (const { page, line, language, marker, text } of blocks) {
      // What is marked is checked where it comes from.
      if (language !== "ts" || marker !== undefined) continue;
      const file = join("blocks", `${page.replaceAll(/\W/g, "-")}-line-${line}.ts`);
      await writeFile(join(folder, file), `${text}\nexport {};\n`);
      checked.push(file);
    }
    expect(checked.length).toBeGreaterThan(3);
    const options = {
      extends: "../../../tsconfig.json",
      compilerOptions: { isolatedDeclarations: false },
      include: [],
      files: checked,
    };
    await writeFile(join(folder, "tsconfig.json"), JSON.stringify(options));
    const { status, stdout } = spawnSync(join(root, "node_modules/.bin/tsc"), ["-p", folder], {
      encoding: "utf8",
    });
    expect(stdout).toBe("");
    expect(status).toBe(0);
  });

  test("that are written to disk or compared have a page that uses them", () => {
    const kinds = new Set(blocks.map(({ marker }) => marker?.kind).filter((kind) => kind !== undefined));
    expect([...kinds].toSorted()).toEqual(["file", "output", "part", "run", "schema", "source"]);
  });

  // The whole output is compared where the demonstration runs.
  test("of the tutorial name steps that the demonstration has, in its order", () => {
    const shown = blocks.filter(
      ({ page, marker }) => page.startsWith("docs/tutorial/") && marker?.kind === "output",
    );
    const names = shown.flatMap(({ text }) =>
      [...text.matchAll(/^ +\d+\.\d s {2}(.+)$/gm)].map((match) => match[1] ?? ""),
    );
    const source = read("examples/demo/main.ts");
    const rows = Number(/^const rows = ([\d_]+);$/m.exec(source)?.[1]?.replaceAll("_", ""));
    const named = source.replace('${rows.toLocaleString("en")}', rows.toLocaleString("en"));
    const places = names.map((name) => Math.max(named.indexOf(`"${name}"`), named.indexOf(`\`${name}\``)));
    expect(names.length).toBeGreaterThan(10);
    expect(places).not.toContain(-1);
    expect(places.toSorted((a, b) => a - b)).toEqual(places);
  });
});

/** A databag that says this: texts as they are, all else as JSON. */
function databagOf(content: JsonObject): Record<string, string> {
  return Object.fromEntries(
    Object.entries(content).map(([key, value]) => [
      key,
      typeof value === "string" ? value : JSON.stringify(value),
    ]),
  );
}

describe("the reference of the wire", () => {
  test.each(schemaTables)("has the table of the schema's fields: %s", (name) => {
    const table = schemaTable(name);
    expect(shownTable(wire, name, table)).toEqual(table);
  });

  test("names every property of every schema", () => {
    const text = read(wire);
    expect([...everyProperty()].filter((property) => !text.includes(property))).toEqual([]);
  });

  test("has examples that obey the schemas and can be read", () => {
    const examples = marked(wire, "schema");
    const parsed = (name: string): unknown => JSON.parse(examples.get(name)?.text ?? "null");
    const requests = objectOf(parsed("requirer"));
    expect(validators.validateRequirerDatabag(requests)).toBe(true);
    const decoded = decodeRequests({ jobs: JSON.stringify(requests["jobs"]) });
    expect(decoded).toMatchObject({ rejected: [], problems: [] });
    expect(decoded.requests.length).toBeGreaterThan(1);

    const reports = objectOf(parsed("provider"));
    expect(validators.validateProviderDatabag(reports)).toBe(true);
    expect(decodeReports({ jobs: JSON.stringify(reports["jobs"]) })).toMatchObject({ problems: [] });

    const application = objectOf(parsed("provider-application"));
    expect(validators.validateProviderApplicationDatabag(application)).toBe(true);
    const databag = databagOf(application);
    const { problems, ...told } = decodeProviderApplication(databag);
    expect(problems).toEqual(application["problems"]);
    expect(told.backups).toHaveLength(1);

    const s3 = objectOf(parsed("s3"));
    expect(validators.validateS3StorageConfig(s3)).toBe(true);
    expect(decodeS3(databagOf(s3))).toMatchObject({
      complete: true,
      problems: [],
    });
    expect([...examples.keys()].toSorted()).toEqual(["provider", "provider-application", "requirer", "s3"]);
  });

  test("has every phase with the status it folds into", () => {
    const all = [...phasesBeforeStart, ...phasesAtWork, ...endPhases];
    expect(
      tableOf(wire, "phases")
        .slice(1)
        .map((row) => row.slice(0, 2)),
    ).toEqual(all.map((phase) => [code(phase), code(statusOf(phase))]));
  });

  test("has every feature, and says which a provider lists today", () => {
    expect(namesIn(wire, "features")).toEqual(features);
    const [, listed = ""] =
      /const features = \[([^\]]+)\] as const/.exec(read("provider/publisher.ts")) ?? [];
    const working = new Set([...listed.matchAll(/"([^"]+)"/g)].map((match) => match[1]));
    expect(
      tableOf(wire, "features")
        .slice(1)
        .map(([name = "", today]) => [name, today]),
    ).toEqual(features.map((name) => [code(name), working.has(name) ? "yes" : "not yet"]));
  });
});

describe("the reference of errors has each code once, and no other", () => {
  test.each([
    ["thrown errors", "errors", () => unionMembers("lib/errors.ts", "ErrorCode")],
    ["rejections", "rejections", () => unionMembers("lib/wire/requests.ts", "RejectionCode")],
    [
      "every job",
      "jobs",
      () =>
        [
          ...failureCodes("provider", { recursive: false }),
          ...failureCodes("provider/worker", { recursive: true }),
          ...failureCodes("provider/coordination", { recursive: true }),
        ]
          .toSorted()
          .filter((each, index, all) => each !== all[index - 1]),
    ],
    ["storage", "storage", storageCodes],
    ["PostgreSQL", "postgresql", () => failureCodes("provider/postgresql", { recursive: true })],
  ])("%s", (_, table, codes) => {
    expect(codes().length).toBeGreaterThan(2);
    expect(namesIn(errors, table).toSorted()).toEqual(codes());
  });

  test("and says something in each cell", () => {
    for (const table of ["errors", "rejections", "jobs", "storage", "postgresql"]) {
      for (const row of tableOf(errors, table))
        expect(
          row.every((cell) => cell !== ""),
          row.join(" | "),
        ).toBe(true);
    }
  });
});

describe("the reference of PostgreSQL", () => {
  test("has every option", () => {
    const options = [
      ...optionNames("provider/postgresql/options.ts", "PostgresqlOptions").filter(
        (name) => !/^(patroni\.service|tls)$/.test(name),
      ),
      ...optionNames("provider/postgresql/options.ts", "PatroniServiceOptions").map(
        (name) => `patroni.service.${name}`,
      ),
      ...optionNames("provider/postgresql/options.ts", "TlsOptions")
        .filter((name) => name !== "service")
        .map((name) => `tls.${name}`),
      ...optionNames("provider/postgresql/options.ts", "TlsServerServiceOptions").map(
        (name) => `tls.service.${name}`,
      ),
    ];
    expect(options.length).toBeGreaterThan(15);
    expect(namesIn(postgresql, "options").toSorted()).toEqual(options.toSorted());
  });

  test.each([
    ["create-backup", createBackupChecks],
    ["restore", restoreChecks],
  ])("has the checks of %s in their order, with the flowchart's boxes", (name, checks) => {
    const shown = tableOf(postgresql, `${name}-checks`).slice(1);
    expect(shown.map((row) => row.slice(0, 2))).toEqual(
      checks.map((check: { readonly name: string; readonly chart?: string }) => [
        code(check.name),
        check.chart ?? "",
      ]),
    );
    const known = new Set([...failureCodes("provider/postgresql", { recursive: true }), ...storageCodes()]);
    for (const [check, , outcome = ""] of shown) {
      expect(outcome, check).not.toBe("");
      for (const [, named = ""] of outcome.matchAll(/`([a-z-]+)`/g)) expect(known, check).toContain(named);
    }
  });

  test("has every error of pgBackRest", () => {
    expect(pgBackRestErrors.size).toBeGreaterThan(60);
    const table = [
      ["error-code", "name", "trouble lies in", "may pass by itself", "cause", "remedy"],
      ...[...pgBackRestErrors.values()].map((error) => [
        code(`pgbackrest-${error.code}`),
        error.name,
        error.category,
        error.retryable ? "yes" : "",
        error.cause,
        error.remedy,
      ]),
    ];
    expect(shownTable(postgresql, "pgbackrest-errors", table)).toEqual(table);
  });
});

test("the diagram of a job's life has phases alone, every end that is reached, and no way out of an end", () => {
  const diagram = blocksOf("docs/explanation/job.md").find(({ text }) => text.startsWith("stateDiagram"));
  const steps = [...(diagram?.text ?? "").matchAll(/^ +(\S+) --> ([\w[\]*]+)/gm)].map(
    ([, from = "", to = ""]) => ({ from, to }),
  );
  const states = new Set(steps.flatMap(({ from, to }) => [from, to]).filter((state) => state !== "[*]"));
  expect(steps.length).toBeGreaterThan(10);
  expect([...states].filter((state) => !isPhase(state))).toEqual([]);
  const ends = steps.filter(({ to }) => to === "[*]").map(({ from }) => from);
  expect(ends.toSorted()).toEqual(endPhases.toSorted());
  expect(steps.filter(({ from, to }) => ends.includes(from) && to !== "[*]")).toEqual([]);
});

test("no page is empty, and none uses words that say nothing", () => {
  for (const page of pages) {
    expect(statSync(join(root, page)).size, page).toBeGreaterThan(500);
    expect(read(page), page).not.toMatch(/\b(simply|just)\b/i);
  }
});

test("the reference of the simulated Juju has every hook tool and every option", () => {
  const page = "docs/reference/simulated-juju.md";
  const text = read(page);
  expect(hookToolNames.filter((name) => !text.includes(code(name)))).toEqual([]);
  const options = optionNames("lib/testing/simulated-juju-options.ts", "SimulatedJujuOptions");
  expect(options.length).toBeGreaterThan(5);
  expect(options.filter((name) => !text.includes(`| ${code(name)}`))).toEqual([]);
});

test("every dependency has its reason", () => {
  const manifest = objectOf(JSON.parse(read("package.json")));
  const names = ["dependencies", "devDependencies"].flatMap((key) => Object.keys(objectOf(manifest[key])));
  const text = read("docs/explanation/decisions.md");
  expect(names.filter((name) => !text.includes(code(name)))).toEqual([]);
});
