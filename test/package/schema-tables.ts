/**
 * The schemas as tables of fields.
 *
 * @module
 */
import { encodeProviderApplication } from "../../lib/wire/provider-application.ts";
import { encodeReports } from "../../lib/wire/reports.ts";
import { encodeRequests } from "../../lib/wire/requests.ts";
import { isObject, type JsonObject } from "../../lib/wire/list-value.ts";
import { Credentials } from "../../lib/job/storage-config.ts";
import type { JobReport } from "../../lib/job/report.ts";
import type { JobRequest } from "../../lib/job/request.ts";
import { read, type Table } from "./pages.ts";
import { code } from "./shown-table.ts";

function schema(path: string): JsonObject {
  return objectOf(JSON.parse(read(`schemas/${path}`)));
}

/** A value that has to be an object. */
export function objectOf(value: unknown): JsonObject {
  if (!isObject(value)) throw new Error("not an object");
  return value;
}

function at(value: JsonObject, ...path: readonly string[]): JsonObject {
  return path.reduce((inner, key) => objectOf(inner[key]), value);
}

const provider = schema("database_backup/v0/provider.json");
const requirer = schema("database_backup/v0/requirer.json");
const extensions = schema("database_backup/v0/extensions.json");
const s3 = schema("s3/v0/provider.json");
const item = ["properties", "jobs", "items"] as const;

const everyRequest: readonly JobRequest[] = (() => {
  const storage = {
    bucket: "b",
    credentials: new Credentials("a", "s"),
    path: "/p",
    endpoint: "https://e",
    region: "r",
    uriStyle: "path",
    storageClass: "c",
    tlsCaChain: ["pem"],
    attributes: ["x"],
    apiVersion: 4,
  } as const;
  const base = { id: "1", storage, compression: true, requestedAt: "2026-01-01T00:00:00Z" };
  return [
    { ...base, type: "backup", backupType: "full" },
    { ...base, type: "restore", artefactPath: "a", restoreToTime: "latest", restoreTimeline: 1 },
  ];
})();

const everyReport: Required<JobReport> = {
  id: "1",
  type: "backup",
  storage: { bucket: "b" },
  compression: true,
  phase: "failed",
  message: "m",
  artefactPath: "a",
  progress: { percent: 1, bytesDone: 1, bytesTotal: 1 },
  startedAt: "2026-01-01T00:00:00Z",
  finishedAt: "2026-01-01T00:00:00Z",
  backupId: "b",
  sizeBytes: 1,
  timeline: 1,
  logPath: "l",
  errorCode: "e",
  remedy: "r",
  fence: 1,
};

function keysOf(json: string): ReadonlySet<string> {
  const list: readonly JsonObject[] = JSON.parse(json);
  return new Set(list.flatMap((job) => Object.keys(job)));
}

const all = undefined;
const requested = keysOf(encodeRequests(everyRequest));
const reported = keysOf(encodeReports([everyReport]));
const published = new Set(
  Object.entries(
    encodeProviderApplication({
      features: [],
      libVersion: "0.1",
      problems: [{ field: "f", message: "m", remedy: "r" }],
      backups: [],
    }),
  ).map(([key]) => key),
);

interface Listed {
  readonly schemas: readonly JsonObject[];
  /** The fields that this library writes. Default: all. */
  readonly written: ReadonlySet<string> | undefined;
}

const listed: Readonly<Record<string, Listed>> = {
  request: {
    schemas: [at(requirer, ...item), at(extensions, "$defs", "request-extensions")],
    written: requested,
  },
  "storage-config": { schemas: [s3], written: all },
  report: {
    schemas: [at(provider, ...item), at(extensions, "$defs", "report-extensions")],
    written: reported,
  },
  progress: {
    schemas: [at(extensions, "$defs", "report-extensions", "properties", "progress")],
    written: all,
  },
  "provider-application": { schemas: [at(extensions, "$defs", "provider-application")], written: published },
  backup: { schemas: [at(extensions, "$defs", "published-backup")], written: all },
  problem: { schemas: [at(extensions, "$defs", "problem")], written: all },
  "waiting-job": { schemas: [at(extensions, "$defs", "waiting-job")], written: new Set() },
};

/** The names of the tables. */
export const schemaTables: readonly string[] = Object.keys(listed);

/** The table of the fields that some schemas declare. */
export function schemaTable(name: string): Table {
  const { schemas, written } = listed[name] ?? { schemas: [], written: all };
  const rows = schemas.flatMap((declared) => {
    const required: unknown = declared["required"];
    return Object.entries(at(declared, "properties")).map(([field, property]) => [
      code(field),
      typeOf(objectOf(property)),
      Array.isArray(required) && required.includes(field) ? "yes" : "",
      written === all || written.has(field) ? "yes" : "not yet",
      String(objectOf(property)["description"]),
    ]);
  });
  return [["field", "type", "required", "written", "meaning"], ...rows];
}

/** Every property that any of the schemas declares, or that of `s3` alone, at any depth. */
export function everyProperty(only?: "s3"): ReadonlySet<string> {
  const found = new Set<string>();
  const walk = (value: unknown): void => {
    if (Array.isArray(value)) value.forEach(walk);
    if (!isObject(value)) return;
    if (isObject(value["properties"])) for (const key of Object.keys(value["properties"])) found.add(key);
    for (const [key, inner] of Object.entries(value)) if (key !== "examples") walk(inner);
  };
  (only === "s3" ? [s3] : [provider, requirer, extensions, s3]).forEach(walk);
  return found;
}

function typeOf(property: JsonObject): string {
  if (Array.isArray(property["enum"])) return property["enum"].map((word) => code(String(word))).join(", ");
  if ("const" in property) return code(String(property["const"]));
  if (property["$ref"] === "#/$defs/utc-time") return "time in UTC";
  if (property["type"] === "array") {
    const items = objectOf(property["items"] ?? {});
    return "$ref" in items || Array.isArray(items["enum"]) ? "list" : "list of strings";
  }
  if (property["oneOf"] !== undefined) return "object";
  return String(property["type"]);
}
