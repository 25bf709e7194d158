/**
 * What is wrong with one request.
 *
 * @module
 */
import { requestExtensionsFields } from "../../wire/generated/fields.ts";
import { requestFaults, type RequestFault } from "../../wire/requests.ts";
import { sectionOf, type JobRules } from "./job-finding.ts";
import { sections, type RuleName } from "./rules.ts";

const extensions: ReadonlySet<string> = new Set(requestExtensionsFields);

/** Holds a request to the schema, and to what a request means. */
export const requestRules: JobRules = (job, name) =>
  requestFaults(job, name).map((fault) => ({
    ...fault,
    rule: ruleOf(fault),
    section:
      fault.kind === "meaning" ? sections.requirerBehaviour : sectionOf(fault.path, "requirer", extensions),
  }));

function ruleOf({ kind, code }: RequestFault): RuleName {
  if (kind !== "meaning") return "schema";
  if (code === "restore-target-missing") return "restore-target";
  return code === "credentials-missing" ? "credentials-missing" : "day-unknown";
}
