/**
 * What is found wrong with one job.
 *
 * @module
 */
import type { JsonObject } from "../../wire/list-value.ts";
import type { Side } from "../../wire/side.ts";
import { sections, type RuleName } from "./rules.ts";

/** Something wrong with one job, by its path inside it. */
export interface JobFinding {
  readonly rule: RuleName;
  readonly path: readonly (string | number)[];
  readonly kind: "missing" | "unknown" | "wrong" | "meaning";
  readonly field: string;
  readonly message: string;
  readonly expected?: string;
  readonly remedy: string;
  readonly section: string;
}

/** What is wrong with one job. */
export type JobRules = (job: JsonObject, name: string) => readonly JobFinding[];

/** The section that says what a field of a job is. */
export function sectionOf(
  path: readonly (string | number)[],
  side: Side,
  extensions: ReadonlySet<string>,
): string {
  if (path[0] === "storage-config" && path.length > 1) return sections.s3;
  if (!extensions.has(String(path[0]))) return sections[side];
  return side === "requirer" ? sections.requestExtensions : sections.reportExtensions;
}
