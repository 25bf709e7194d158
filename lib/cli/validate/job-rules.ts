/**
 * Holds the jobs of a databag to the rules of their side.
 *
 * @module
 */
import { isObject, type JsonObject } from "../../wire/list-value.ts";
import { fieldPath, kindOf, quoted } from "../../wire/received.ts";
import type { FoundDatabag } from "../databag/databag.ts";
import type { Side } from "../../wire/side.ts";
import { indexOfSide, sideOfJobs } from "../databag/side-of-jobs.ts";
import { jsonFindings } from "./json-findings.ts";
import { jobName, type DatabagFinding, type Findings } from "./findings.ts";
import type { JobFinding } from "./job-finding.ts";
import { MisspeltFields, type MisspeltField } from "./misspelt-fields.ts";
import { sections } from "./rules.ts";

/** Checks the value of `jobs`. */
export async function checkJobs(databag: FoundDatabag, side: Side, findings: Findings): Promise<void> {
  const value = databag.value("jobs");
  if (value.is === "absent") return;
  if (value.is === "broken") {
    const said = { section: sections[side], side };
    for (const finding of jsonFindings("jobs", value.faults, said)) findings.add(finding);
    return;
  }
  if (!Array.isArray(value.value)) {
    findings.add({
      rule: "schema",
      place: { path: ["jobs"], part: "value" },
      field: "jobs",
      message: `jobs holds ${kindOf(value.value)}; expected a list.`,
      expected: "a list",
      remedy: "Write jobs as a JSON list.",
      section: sections[side],
      side,
    });
    return;
  }
  const jobs: readonly unknown[] = value.value;
  checkOtherSide(jobs, side, findings);
  const rules =
    side === "requirer"
      ? (await import("./request-rules.ts")).requestRules
      : (await import("./report-rules.ts")).reportRules;
  const misspelt = new MisspeltFields(side);
  const ids = new Map<string, number>();
  for (const [index, job] of jobs.entries()) {
    const name = `jobs[${index}]`;
    if (!isObject(job)) {
      if (findings.isFull) findings.count("schema");
      else findings.add(placed(notAnObject(job, name, side), index, job, side));
      continue;
    }
    const found = [...rules(job, name), ...idFindings(job, index, ids, side)];
    for (const finding of withMisspelt(found, misspelt.in(job), name, side)) {
      findings.add(placed(finding, index, job, side));
    }
  }
}

function placed(finding: JobFinding, index: number, job: unknown, side: Side): DatabagFinding {
  const { rule, path, kind, field, message, expected, remedy, section } = finding;
  const part = kind === "unknown" ? "key" : "value";
  const place = { path: ["jobs", index, ...path], part } as const;
  return { rule, place, field, message, expected, remedy, section, side, job: jobName(job) };
}

function notAnObject(job: unknown, name: string, side: Side): JobFinding {
  const message = `${name} is ${kindOf(job)}; expected an object.`;
  const remedy = "Write each job as an object.";
  const said = { field: name, message, expected: "an object", remedy, section: sections[side] };
  return { rule: "schema", path: [], kind: "wrong", ...said };
}

/** Fields of the other side's: one finding for all jobs, at the first of them. */
function checkOtherSide(jobs: readonly unknown[], side: Side, findings: Findings): void {
  const other = side === "provider" ? "requirer" : "provider";
  if (sideOfJobs(jobs) !== other) return;
  const index = indexOfSide(jobs, other);
  const field = `jobs[${index}]`;
  findings.add({
    rule: "other-side",
    place: { path: ["jobs", index], part: "value" },
    field,
    message: `${field} has fields that only a ${other} writes; it is checked as what a ${side} wrote.`,
    remedy: `Check it with --side ${other}, if the ${other} wrote it.`,
    section: sections[other],
    side,
    job: jobName(jobs[index]),
  });
}

function idFindings(
  job: JsonObject,
  index: number,
  ids: Map<string, number>,
  side: Side,
): readonly JobFinding[] {
  const id = job["job-id"];
  if (typeof id !== "string") return [];
  const field = `jobs[${index}].job-id`;
  const base = { path: ["job-id"], kind: "meaning", field, section: sections[side] } as const;
  const remedy = "Give each job an id of its own.";
  if (id === "") {
    const expected = "a string that is not empty";
    return [
      {
        ...base,
        rule: "job-id-empty",
        message: `${field} is empty; expected ${expected}.`,
        expected,
        remedy,
      },
    ];
  }
  const first = ids.get(id);
  if (first === undefined) {
    ids.set(id, index);
    return [];
  }
  const message = `${field} is ${quoted(id)}, the id of jobs[${first}]; only jobs[${first}] counts.`;
  return [{ ...base, rule: "job-id-repeated", message, expected: "an id of its own", remedy }];
}

/** Tells of a field that is missing, or of a name that is not known, that another name may be meant. */
function withMisspelt(
  found: readonly JobFinding[],
  names: readonly MisspeltField[],
  job: string,
  side: Side,
): readonly JobFinding[] {
  if (names.length === 0) return found;
  const told = new Set<MisspeltField>();
  const explained = found.map((finding) => {
    const about = names.find(({ inside, name, meant }) =>
      [name, meant].some((last) => samePath(finding.path, [...inside, last])),
    );
    if (about === undefined || finding.kind === "wrong") return finding;
    told.add(about);
    return { ...finding, remedy: renaming(about) };
  });
  const others = names.filter((name) => !told.has(name)).map((name) => misspeltFinding(name, job, side));
  return [...explained, ...others];
}

function samePath(a: JobFinding["path"], b: readonly string[]): boolean {
  return a.length === b.length && a.every((segment, index) => segment === b[index]);
}

function renaming({ inside, name, meant }: MisspeltField): string {
  return `Rename ${fieldPath("", [...inside, name])} to ${meant}, if that is what it means.`;
}

function misspeltFinding(misspelt: MisspeltField, job: string, side: Side): JobFinding {
  const { inside, name, meant } = misspelt;
  const path = [...inside, name];
  const field = fieldPath(job, path);
  return {
    rule: "misspelt",
    path,
    kind: "unknown",
    field,
    message: `${field} is no field of the interface; ${meant} is.`,
    expected: meant,
    remedy: renaming(misspelt),
    section: inside.includes("storage-config") ? sections.s3 : sections[side],
  };
}
