import { readFileSync } from "node:fs";
import { Ajv2019 } from "ajv/dist/2019.js";
import { describe, expect, test } from "vitest";
import type { Side } from "../../lib/wire/side.ts";
import { checkText } from "../../lib/cli/validate/check-text.ts";
import { fieldPath } from "../../lib/wire/received.ts";

/** What a file of examples holds. */
interface SchemaExample {
  readonly description: string;
  /** The part of `extensions.json` that it is an example of. */
  readonly schema?: string;
  readonly valid: boolean;
  readonly reason?: string;
  /** A JSON pointer to what is wrong. */
  readonly at?: string;
  /** The keyword of the schema that is not met there. */
  readonly keyword?: string;
  readonly data: unknown;
}

const schemaFiles = [
  "database_backup/v0/requirer",
  "database_backup/v0/provider",
  "database_backup/v0/extensions",
  "s3/v0/provider",
];

function json(path: string): unknown {
  return JSON.parse(readFileSync(new URL(`../../schemas/${path}.json`, import.meta.url), "utf8"));
}

const ajv = new Ajv2019({
  strict: true,
  allErrors: true,
  schemas: schemaFiles.map((file) => json(file) as object),
});

const examples = schemaFiles.flatMap((file) => {
  const { $id } = json(file) as { $id: string };
  const listed = json(file.replace("/v0/", "/v0/examples/")) as readonly SchemaExample[];
  return listed.map((example) => {
    const id = example.schema === undefined ? $id : `${$id}#/$defs/${example.schema}`;
    return { file, id, name: `${file}: ${example.description}`, ...example };
  });
});

describe.each(schemaFiles)("the examples of %s", (file) => {
  test("are valid and invalid ones, each told apart by what it shows", () => {
    const own = examples.filter((example) => example.file === file);
    expect(new Set(own.map(({ schema, description }) => `${schema} ${description}`)).size).toBe(own.length);
    expect(own.filter(({ valid }) => valid).length).toBeGreaterThan(2);
    expect(own.filter(({ valid }) => !valid).length).toBeGreaterThan(2);
  });
});

test.each(examples)("$name", ({ id, valid, data, at, keyword, reason }) => {
  const validate = ajv.getSchema(id);
  expect(validate?.(data)).toBe(valid);
  expect(reason === undefined).toBe(valid);
  const wrong = (validate?.errors ?? []).filter((error) => error.keyword !== "oneOf");
  expect(wrong.map((error) => [error.instancePath, error.keyword])).toEqual(valid ? [] : [[at, keyword]]);
});

const sideOfSchema: Readonly<Record<string, Side>> = {
  "database_backup/v0/requirer": "requirer",
  "database_backup/v0/provider": "provider",
  "requirer-databag": "requirer",
  "provider-databag": "provider",
  "provider-application": "provider",
};

const ofDatabags = examples.flatMap((example) => {
  const side = sideOfSchema[example.schema ?? example.file];
  return side === undefined ? [] : [{ ...example, side }];
});

test.each(ofDatabags)(
  "the command says the same of $name",
  async ({ side, valid, data, at = "", keyword }) => {
    const checked = await checkText(JSON.stringify(data), { side });
    const errors =
      "problems" in checked ? checked.problems.filter(({ severity }) => severity === "error") : undefined;
    // Of a field that is missing, and of one that is too many, the command names the field itself.
    const path = fieldPath(
      "",
      at
        .split("/")
        .slice(1)
        .map((part) => (/^\d+$/.test(part) ? Number(part) : part)),
    );
    const inside = keyword === "required" || keyword === "additionalProperties";
    expect(errors?.map((error) => (inside ? error.path.slice(0, path.length) : error.path))).toEqual(
      valid ? [] : [path],
    );
  },
);
