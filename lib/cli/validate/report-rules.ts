/**
 * What is wrong with one report.
 *
 * @module
 */
import { isPhase } from "../../job/phase.ts";
import { bounded } from "../../wire/bounded-item.ts";
import { reportExtensionsFields } from "../../wire/generated/fields.ts";
import { validateExtendedProviderJob } from "../../wire/generated/validators/reports.js";
import { isObject, type JsonObject } from "../../wire/list-value.ts";
import { contradiction, isStatus } from "../../wire/reports.ts";
import { check } from "../../wire/validate.ts";
import { isCalendarDay } from "../../wire/wire-time.ts";
import { refused } from "../../wire/validate.ts";
import { sectionOf, type JobFinding, type JobRules } from "./job-finding.ts";
import { sections } from "./rules.ts";

const extensions: ReadonlySet<string> = new Set(reportExtensionsFields);

/** Holds a report to the schema, and to what a report means. */
export const reportRules: JobRules = (job, name) => {
  const { findings } = check(validateExtendedProviderJob, bounded(job), name);
  const wrong = new Set(findings.map((finding) => finding.path[0]));
  return [
    ...findings.map((finding): JobFinding => ({
      ...finding,
      rule: "schema",
      section: sectionOf(finding.path, "provider", extensions),
    })),
    ...daysThatAreNone(job, name, wrong),
    ...contradictions(job, name),
    ...missingMessage(job, name),
    ...echoedCredentials(job, name),
  ];
};

const times = ["started-at", "finished-at"] as const;

function daysThatAreNone(job: JsonObject, name: string, wrong: ReadonlySet<unknown>): readonly JobFinding[] {
  const found: JobFinding[] = [];
  for (const field of times) {
    const value = job[field];
    if (typeof value !== "string" || wrong.has(field) || isCalendarDay(value)) continue;
    const said = { rule: "day-unknown", kind: "meaning", section: sections.reportExtensions } as const;
    found.push({ ...refused(name, field, value), ...said });
  }
  return found;
}

function contradictions(job: JsonObject, name: string): readonly JobFinding[] {
  const { status, phase } = job;
  if (!isStatus(status) || typeof phase !== "string" || !isPhase(phase)) return [];
  return contradiction(name, status, phase).map((problem) => ({
    ...problem,
    rule: "phase-and-status",
    path: ["phase"],
    kind: "meaning",
    section: sections.reportExtensions,
  }));
}

function missingMessage(job: JsonObject, name: string): readonly JobFinding[] {
  const { status, message } = job;
  if (status !== "error") return [];
  // Of a message that is no text the schema says so.
  if (message !== undefined && (typeof message !== "string" || message.trim() !== "")) return [];
  const expected = "what went wrong";
  return [
    {
      rule: "error-message",
      path: ["message"],
      kind: message === undefined ? "missing" : "meaning",
      field: `${name}.message`,
      message: `${name}.status is "error", and ${name}.message is ${message === undefined ? "missing" : "empty"}; expected ${expected}.`,
      expected,
      remedy: "Set message to what went wrong, for the admin to read.",
      section: sections.providerBehaviour,
    },
  ];
}

function echoedCredentials(job: JsonObject, name: string): readonly JobFinding[] {
  const storage = job["storage-config"];
  if (!isObject(storage)) return [];
  const [first, ...others] = ["access-key", "secret-key"].filter((key) => {
    const value = storage[key];
    return typeof value === "string" && value.trim() !== "";
  });
  if (first === undefined) return [];
  const fields = [first, ...others].map((key) => `${name}.storage-config.${key}`);
  const expected = "an empty string";
  return [
    {
      rule: "credentials-echoed",
      path: ["storage-config", first],
      kind: "meaning",
      field: fields[0] ?? name,
      message: `${fields.join(" and ")} ${fields.length === 1 ? "repeats a key" : "repeat the keys"} of the request; expected ${expected}.`,
      expected,
      remedy: "Leave both keys empty in a report: whoever asked has them already.",
      section: sections.security,
    },
  ];
}
