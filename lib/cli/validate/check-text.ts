/**
 * Checks a text that holds databags.
 *
 * @module
 */
import { isObject, type JsonObject } from "../../wire/list-value.ts";
import { fieldPath } from "../../wire/received.ts";
import { applicationKeys, FoundDatabag } from "../databag/databag.ts";
import { isOfInterface, writtenBy } from "../databag/sides-of-relation.ts";
import type { Side } from "../../wire/side.ts";
import { sideOfJobs } from "../databag/side-of-jobs.ts";
import { readShownUnits, type ShownUnits } from "../databag/show-unit.ts";
import type { JsonFaultPlace } from "../document/parse-json.ts";
import { readDocument } from "../document/read-document.ts";
import type { Unreadable } from "../input-text.ts";
import { checkDatabag } from "./databag-rules.ts";
import { Findings } from "./findings.ts";
import type { Checked } from "./found-problem.ts";
import { jsonFindings } from "./json-findings.ts";
import { LocatedFindings } from "./located-findings.ts";
import { sections } from "./rules.ts";

/** What is asked of a check. */
export interface CheckOptions {
  /** Who wrote the databags. Of several databags only those of this side are checked. Default: found out. */
  readonly side?: Side | undefined;
  /** The endpoint of the unit that `juju show-unit` shows. Default: found out. */
  readonly endpoint?: string | undefined;
  /** Whether warnings count as errors. Default: false. */
  readonly strict?: boolean;
}

/** Checks a text: a databag, the list of its jobs, or the output of `juju show-unit`. Never throws, whatever it is. */
export async function checkText(text: string, options: CheckOptions): Promise<Checked | Unreadable> {
  const located = new LocatedFindings(new Findings(options.strict ?? false));
  const read = await readDocument(text);
  if ("unreadable" in read) {
    // A text that begins like a list is to be the value of `jobs`, and a databag may hold just that.
    const isList = "faults" in read && text.trimStart().startsWith("[");
    return isList ? checkBrokenList(text, read.faults, options, located) : read;
  }
  const { value } = read;
  const shown = isObject(value) ? readShownUnits(value) : undefined;
  if (shown !== undefined) {
    await checkShown(shown, options, located);
  } else if (isObject(value) || Array.isArray(value)) {
    const refused = await checkAlone(value, options, located);
    if (refused !== undefined) return refused;
  } else {
    return {
      unreadable: "neither an object nor a list.",
      remedy:
        "Give a databag as an object of its keys, the list of its jobs, or the output of juju show-unit.",
    };
  }
  return located.inText(text, read);
}

/** Such a text is the value itself, so that what is inside of it is in the text. */
function checkBrokenList(
  text: string,
  faults: readonly JsonFaultPlace[],
  { side }: CheckOptions,
  located: LocatedFindings,
): Checked {
  const section = side === undefined ? sections.relationData : sections[side];
  for (const finding of jsonFindings("jobs", faults, { section, side })) located.add(finding);
  return located.inText(text, {
    look: (places) => ({
      spots: places.map(({ within = 0 }) => ({ offset: within, exact: true })),
      repeatedKeys: [],
    }),
  });
}

async function checkAlone(
  value: JsonObject | readonly unknown[],
  options: CheckOptions,
  located: LocatedFindings,
): Promise<Unreadable | undefined> {
  const databag = new FoundDatabag(value);
  const jobs = databag.list("jobs");
  const told = sideOfJobs(jobs) ?? (databag.saysApplication ? "provider" : undefined);
  // Without a job it makes no difference who wrote it.
  const side = options.side ?? told ?? (jobs.some(isObject) ? undefined : "requirer");
  if (side === undefined) {
    return {
      unreadable: "of which the fields do not tell which side wrote it.",
      remedy: "Give --side provider or --side requirer.",
    };
  }
  const known = ["jobs", ...applicationKeys];
  const { keys } = databag;
  await located.of(databag, async (findings) => {
    await checkDatabag(databag, side, findings);
    if (keys.length === 0 || findings.found > 0 || keys.some((key) => known.includes(key))) return;
    findings.add({
      rule: "nothing-checked",
      place: { path: [], part: "value" },
      field: "",
      message: `none of its keys is of the interface; expected ${known.join(", ")}.`,
      remedy:
        "Give a databag as an object of its keys, the list of its jobs, or the output of juju show-unit.",
      section: sections.relationData,
    });
  });
  return undefined;
}

async function checkShown(shown: ShownUnits, options: CheckOptions, located: LocatedFindings): Promise<void> {
  const { endpoint, side: wanted } = options;
  const relations = shown.relations.filter((relation) =>
    endpoint === undefined ? isOfInterface(relation) : relation.endpoint === endpoint,
  );
  for (const { path, part, message, remedy, expected } of shown.faults) {
    const field = fieldPath("", path);
    const said = { rule: "show-unit", message: `${field} ${message}`, remedy, expected } as const;
    located.add({ ...said, place: { path, part }, field, section: sections.relationData });
  }
  if (relations.length === 0) {
    located.add({
      rule: "nothing-checked",
      place: { path: [], part: "value" },
      field: "relation-info",
      message: `no relation is ${endpoint === undefined ? "known as one of database_backup" : "of that endpoint"}; expected one to check.`,
      remedy: "Name the endpoint of this unit with --endpoint, or show a unit that is related.",
      section: sections.relationData,
    });
  }
  for (const databag of relations.flatMap(({ databags }) => databags)) {
    const { side, misplaced } = writtenBy(databag);
    if (wanted !== undefined && wanted !== side) continue;
    await located.of(databag, async (findings) => {
      if (misplaced) {
        const [is, expected] =
          side === "provider"
            ? ["reports stand in an application databag", "them in the databag of the unit that ran the job"]
            : ["requests stand in the databag of a unit", "them in the application databag"];
        findings.add({
          rule: "wrong-databag",
          place: { path: ["jobs"], part: "key" },
          field: "jobs",
          message: `${is}; expected ${expected}.`,
          expected,
          remedy: "Write jobs into that databag, and take it away here.",
          section: sections[side],
          side,
        });
      }
      await checkDatabag(databag, side, findings);
    });
  }
}
