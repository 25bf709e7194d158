/**
 * What ajv says of a text that holds a databag, at run time and by the schemas themselves.
 *
 * @module
 */
import { readFileSync } from "node:fs";
import { Ajv2019, type ValidateFunction } from "ajv/dist/2019.js";
import { isObject, type JsonObject } from "../../lib/wire/list-value.ts";
import type { Side } from "../../lib/wire/side.ts";

/** How the command has to end. */
export type Verdict = "unreadable" | "errors" | "no errors";

const ajv = new Ajv2019({
  strict: true,
  schemas: [
    "database_backup/v0/provider",
    "database_backup/v0/requirer",
    "database_backup/v0/extensions",
    "s3/v0/provider",
  ].map((file) => JSON.parse(readFileSync(new URL(`../../schemas/${file}.json`, import.meta.url), "utf8"))),
});

function part(name: string): ValidateFunction {
  const id = "https://canonical.github.io/charm-relation-interfaces/interfaces/database_backup/schemas";
  const validate = ajv.getSchema(`${id}/extensions.json#/$defs/${name}`);
  if (validate === undefined) throw new Error(`no part ${name}`);
  return validate;
}

const parts: Readonly<Record<Side, readonly ValidateFunction[]>> = {
  requirer: [part("requirer-databag")],
  provider: [part("provider-databag"), part("provider-application")],
};
const keys: Readonly<Record<Side, readonly string[]>> = {
  requirer: ["jobs"],
  provider: ["jobs", "features", "lib-version", "queue", "backups", "problems"],
};

/** What ajv says of a text that begins like JSON. */
export function verdictOn(text: string, side: Side): Verdict {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return text.trimStart().startsWith("[") ? "errors" : "unreadable";
  }
  return verdictOnDatabag(isObject(value) ? value : { jobs: value }, side);
}

/** What ajv says of a databag, whose values are JSON or strings that hold it. */
export function verdictOnDatabag(databag: JsonObject, side: Side): Verdict {
  const decoded: Record<string, unknown> = {};
  for (const key of keys[side]) {
    const value = Object.hasOwn(databag, key) ? databag[key] : "";
    if (value === "") continue;
    if (key === "lib-version") {
      decoded[key] = typeof value === "number" ? String(value) : value;
      continue;
    }
    try {
      decoded[key] = typeof value === "string" ? JSON.parse(value) : value;
    } catch {
      return "errors";
    }
  }
  return parts[side].every((validate) => validate(decoded)) ? "no errors" : "errors";
}
