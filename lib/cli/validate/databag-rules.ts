/**
 * Holds a databag to the rules of the side that wrote it.
 *
 * @module
 */
import { fieldPath } from "../../wire/received.ts";
import { applicationKeys, type FoundDatabag } from "../databag/databag.ts";
import { looksLike } from "../databag/misspelt.ts";
import type { Side } from "../../wire/side.ts";
import type { Findings } from "./findings.ts";
import { checkJobs } from "./job-rules.ts";
import { sections } from "./rules.ts";

/** Checks everything in a databag that the interface and its extensions speak of. */
export async function checkDatabag(databag: FoundDatabag, side: Side, findings: Findings): Promise<void> {
  checkKeys(databag, side, findings);
  await checkJobs(databag, side, findings);
  if (side === "requirer" || !databag.saysApplication) return;
  const { checkApplication } = await import("./application-rules.ts");
  checkApplication(databag, findings);
}

/** How many keys are compared with those that the interface knows. */
const maxKeys = 1_000;

function checkKeys(databag: FoundDatabag, side: Side, findings: Findings): void {
  const { keys } = databag;
  const known = side === "requirer" ? ["jobs"] : ["jobs", ...applicationKeys];
  const present = new Set(keys);
  const absent = known.filter((key) => !present.has(key));
  for (const key of keys.slice(0, maxKeys)) {
    const meant = known.includes(key) ? undefined : looksLike(key, absent);
    if (meant === undefined) continue;
    const field = fieldPath("", [key]);
    findings.add({
      rule: "misspelt",
      place: { path: [key], part: "key" },
      field,
      message: `${field} is no key of the interface; ${meant} is. It was not checked.`,
      expected: meant,
      remedy: `Rename ${field} to ${meant}, if that is what it means.`,
      section: meant === "jobs" ? sections[side] : sections.application,
      side,
    });
  }
}
