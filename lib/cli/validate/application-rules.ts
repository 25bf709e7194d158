/**
 * Holds the provider's application databag to its schema.
 *
 * @module
 */
import {
  validateProviderApplicationDatabag,
  validatePublishedBackup,
  validatePublishedProblem,
} from "../../wire/generated/validators/provider-application.js";
import { validateWaitingJob } from "../../wire/generated/validators/queue.js";
import { features, maxPublishedBackups } from "../../wire/provider-application.ts";
import { kindOf, shown } from "../../wire/received.ts";
import { check } from "../../wire/validate.ts";
import type { Validator } from "../../wire/validator.ts";
import type { FoundDatabag } from "../databag/databag.ts";
import { jobName, type DatabagFinding, type Findings } from "./findings.ts";
import { jsonFindings } from "./json-findings.ts";
import { sections } from "./rules.ts";

const said = { rule: "schema", section: sections.application, side: "provider" } as const;

/** The lists of objects, with what each item has to be. */
const lists: Readonly<Record<string, Validator<unknown>>> = {
  queue: validateWaitingJob,
  backups: validatePublishedBackup,
  problems: validatePublishedProblem,
};

/** Checks everything that version 0 leaves to extensions. What the provider says of requests is not judged. */
export function checkApplication(databag: FoundDatabag, findings: Findings): void {
  checkVersion(databag, findings);
  checkFeatures(readList(databag, "features", findings), findings);
  for (const [key, validator] of Object.entries(lists)) {
    const items = readList(databag, key, findings);
    for (const [index, item] of items.entries()) checkItem(validator, item, key, index, findings);
    if (key === "backups" && items.length > maxPublishedBackups) tooManyBackups(items.length, findings);
  }
}

function checkVersion(databag: FoundDatabag, findings: Findings): void {
  const version = databag.text("lib-version");
  if (version === undefined) return;
  for (const finding of check(validateProviderApplicationDatabag, { "lib-version": version }, "").findings) {
    findings.add({ ...said, ...worded(finding), place: { path: finding.path, part: "value" } });
  }
}

type Worded = Pick<DatabagFinding, "field" | "message" | "remedy" | "expected">;

function worded({ field, message, remedy, expected }: Worded): Worded {
  return { field, message, remedy, expected };
}

function readList(databag: FoundDatabag, key: string, findings: Findings): readonly unknown[] {
  const value = databag.value(key);
  if (value.is === "absent") return [];
  if (value.is === "broken") {
    for (const finding of jsonFindings(key, value.faults, said)) findings.add(finding);
    return [];
  }
  if (Array.isArray(value.value)) return value.value;
  const message = `${key} holds ${kindOf(value.value)}; expected a list.`;
  const place = { path: [key], part: "value" } as const;
  const remedy = `Write ${key} as a JSON list.`;
  findings.add({ ...said, place, field: key, message, expected: "a list", remedy });
  return [];
}

function checkFeatures(items: readonly unknown[], findings: Findings): void {
  const known: readonly unknown[] = features;
  const expected = "the name of a feature of this version";
  for (const [index, item] of items.entries()) {
    if (known.includes(item)) continue;
    const field = `features[${index}]`;
    findings.add({
      ...said,
      place: { path: ["features", index], part: "value" },
      field,
      message: `${field} is ${shown(item)}; expected ${expected}.`,
      expected,
      remedy: `List what works of ${features.join(", ")}.`,
    });
  }
}

function checkItem(
  validator: Validator<unknown>,
  item: unknown,
  key: string,
  index: number,
  findings: Findings,
): void {
  for (const finding of check(validator, item, `${key}[${index}]`).findings) {
    const place = { path: [key, index, ...finding.path], part: "value" } as const;
    findings.add({ ...said, ...worded(finding), place, job: jobName(item) });
  }
}

function tooManyBackups(count: number, findings: Findings): void {
  const expected = `at most ${maxPublishedBackups}`;
  findings.add({
    ...said,
    place: { path: ["backups", maxPublishedBackups], part: "value" },
    field: "backups",
    message: `backups has ${count} items; expected ${expected}.`,
    expected,
    remedy: `Publish the newest ${maxPublishedBackups} backups.`,
  });
}
