import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fc } from "@fast-check/vitest";
import { Ajv2019, type ValidateFunction } from "ajv/dist/2019.js";
import { describe, expect, test } from "vitest";
import * as standalone from "../../lib/wire/generated/validators.js";
import { isObject, type JsonObject } from "../../lib/wire/list-value.ts";
import type { Validator } from "../../lib/wire/validator.ts";
import { mutated } from "./wire-arbitraries.ts";

const base = "https://canonical.github.io/charm-relation-interfaces/interfaces/";
const files = {
  [`${base}database_backup/schemas/provider.json`]: "database_backup/v0/provider.json",
  [`${base}database_backup/schemas/requirer.json`]: "database_backup/v0/requirer.json",
  [`${base}database_backup/schemas/extensions.json`]: "database_backup/v0/extensions.json",
  [`${base}s3/schemas/provider.json`]: "s3/v0/provider.json",
};

const schemas = Object.entries(files).map(([id, path]) => {
  const file = new URL(`../../schemas/${path}`, import.meta.url);
  return { id, path, schema: objectOf(JSON.parse(readFileSync(file, "utf8"))) };
});

function objectOf(value: unknown): JsonObject {
  if (!isObject(value)) throw new Error("not an object");
  return value;
}

const ajv = new Ajv2019({ strict: true, allErrors: true, schemas: schemas.map(({ schema }) => schema) });

function runTime(reference: string): ValidateFunction {
  const validate = ajv.getSchema(base + reference);
  if (validate === undefined) throw new Error(`no schema ${reference}`);
  return validate;
}

const extensions = "database_backup/schemas/extensions.json#/$defs/";
/** Each standalone validator, by the schema that it was made from. */
const pairs: readonly (readonly [string, Validator<unknown>])[] = [
  ["database_backup/schemas/provider.json", standalone.validateProviderDatabag],
  ["database_backup/schemas/provider.json#/properties/jobs/items", standalone.validateProviderJob],
  ["database_backup/schemas/requirer.json", standalone.validateRequirerDatabag],
  ["database_backup/schemas/requirer.json#/properties/jobs/items", standalone.validateRequirerJob],
  ["s3/schemas/provider.json", standalone.validateS3StorageConfig],
  [`${extensions}request-extensions`, standalone.validateRequestExtensions],
  [`${extensions}report-extensions`, standalone.validateReportExtensions],
  [`${extensions}provider-application`, standalone.validateProviderApplicationDatabag],
  [`${extensions}published-backup`, standalone.validatePublishedBackup],
  [`${extensions}waiting-job`, standalone.validateWaitingJob],
  [`${extensions}problem`, standalone.validatePublishedProblem],
  [`${extensions}request`, standalone.validateExtendedRequirerJob],
  [`${extensions}report`, standalone.validateExtendedProviderJob],
];

/** What errors say is wrong, and where. */
function placesOf(
  errors: readonly { instancePath: string; keyword: string }[] | null | undefined,
): readonly string[] {
  return (errors ?? []).map(({ instancePath, keyword }) => `${instancePath} ${keyword}`).toSorted();
}

/** Every example of the schemas with where it stands, for example `…/extensions.json#/$defs/request`. */
function examplesIn(node: unknown, place: string): { readonly place: string; readonly example: unknown }[] {
  if (Array.isArray(node)) return node.flatMap((item, index) => examplesIn(item, `${place}/${index}`));
  if (!isObject(node)) return [];
  const { examples } = node;
  const own = Array.isArray(examples) ? examples.map((example: unknown) => ({ place, example })) : [];
  const inner = Object.entries(node).filter(([key]) => key !== "examples");
  return [...own, ...inner.flatMap(([key, value]) => examplesIn(value, `${place}/${key}`))];
}

const examples = schemas.flatMap(({ id, schema }) => examplesIn(schema, `${id}#`));

function jobsOf(example: unknown): readonly unknown[] {
  const jobs = isObject(example) ? example["jobs"] : undefined;
  return Array.isArray(jobs) ? jobs : [];
}

describe("schemas", () => {
  test.each(schemas)("$path has its identifier and its draft", ({ id, schema }) => {
    expect(schema["$id"]).toBe(id);
    expect(schema["$schema"]).toBe("https://json-schema.org/draft/2019-09/schema");
  });

  test.each(examples)("the example at $place is valid", ({ place, example }) => {
    const validate = runTime(place.slice(base.length).replace(/#$/, ""));
    validate(example);
    expect(validate.errors).toBeNull();
  });

  test.each([
    [
      "requirer",
      standalone.validateRequirerDatabag,
      ["job-id", "job-type", "job-config", "storage-interface", "storage-config"],
    ],
    [
      "provider",
      standalone.validateProviderDatabag,
      ["job-id", "job-type", "status", "storage-interface", "storage-config"],
    ],
  ] as const)("a %s job needs exactly what the interface says", (side, validate, required) => {
    const [job] = examples
      .filter(({ place }) => place.endsWith(`/${side}.json#`))
      .flatMap(({ example }) => jobsOf(example));
    const needed = Object.keys(objectOf(job)).filter((key) => {
      const { [key]: _taken, ...rest } = objectOf(job);
      return !validate({ jobs: [rest] });
    });
    expect(needed).toEqual(required);
  });

  test("nothing fills in a default", () => {
    const job = {};
    standalone.validateRequirerJob(job);
    standalone.validateProviderJob(job);
    expect(job).toEqual({});
  });

  test.each([
    [{ retention: { full: 4 } }, true],
    [{ retention: { days: 30 } }, true],
    [{ retention: { full: 4, days: 30 } }, false],
    [{ retention: {} }, false],
    [{ retention: { full: 0 } }, false],
    [{ "restore-to-time": "latest" }, true],
    [{ "restore-to-time": "2026-01-02T03:04:05+01:00" }, true],
    [{ "restore-to-time": "2026-01-02T03:04:05" }, false],
    [{ "restore-timeline": 0 }, false],
    [{ "requested-at": "2026-01-02T03:04:05+01:00" }, false],
    [{ "start-before": "2026-01-02T03:04:05.123Z" }, true],
    [{ "discard-old-data": false }, false],
    [{ cancel: true }, true],
    [{ schedule: { name: "nightly" } }, false],
    [{ "secret-extra": "secret:d4f2k8vmp25c7612lk10" }, true],
    [{ "secret-extra": "secret://4c5e2d7a-0f3b-4d5e-8a8b-0123456789ab/d4f2k8vmp25c7612lk10" }, true],
    [{ "secret-extra": "d4f2k8vmp25c7612lk10" }, false],
  ])("of the further fields of a request %j is valid: %s", (fields, valid) => {
    expect(standalone.validateRequestExtensions(fields)).toBe(valid);
  });
});

describe("standalone validators", () => {
  test("need nothing at run time", () => {
    const code = readFileSync(new URL("../../lib/wire/generated/validators.js", import.meta.url), "utf8");
    expect(code).not.toMatch(/\brequire\(|^\s*import\b/m);
  });

  test("and types match the schemas", { timeout: 60_000 }, () => {
    const script = new URL("../../scripts/generate.mjs", import.meta.url);
    expect(() =>
      execFileSync(process.execPath, [script.pathname, "--check"], { stdio: "pipe" }),
    ).not.toThrow();
  });

  // Values of every kind that the schemas describe: the examples, and what they are made of.
  const values = examples.flatMap(({ example }) => [example, ...jobsOf(example)]);

  test.each(pairs)("of %s agree with ajv on all examples", (reference, own) => {
    for (const value of values) expect(own(value)).toBe(runTime(reference)(value));
  });

  test("agree with ajv on examples in which something was changed", () => {
    const changed = fc.constantFrom(...values).chain(mutated);
    fc.assert(
      fc.property(fc.constantFrom(...pairs), changed, ([reference, own], value) => {
        const other = runTime(reference);
        expect(own(value)).toBe(other(value));
        expect(placesOf(own.errors)).toEqual(placesOf(other.errors));
      }),
      { numRuns: 2000 },
    );
  });
});
