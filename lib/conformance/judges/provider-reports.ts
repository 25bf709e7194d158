/**
 * Whether a database charm reports in the right place and in the right form.
 *
 * @module
 */
import { isObject, readList } from "../../wire/list-value.ts";
import { check } from "../../wire/validate.ts";
import { validateProviderJob } from "../../wire/generated/validators.js";
import { usableRequest } from "../trace/circumstances.ts";
import { holdsAt } from "../trace/story.ts";
import { visibly } from "../trace/visible.ts";
import { broken, holds, type Evidence, type Judge } from "./judge.ts";

/** Reports are in databags of units, and obey the schema. */
export const reportsAreValid: Judge = ({ trace }) =>
  trace.flatMap((entry, index): readonly Evidence[] => {
    if (entry.kind !== "databags" || entry.provider === undefined) return [];
    const { application, data, units } = entry.provider;
    if ((data["jobs"] ?? "") !== "") {
      return [broken("P-20", index, visibly`The databag of the application ${application} holds jobs.`)];
    }
    return Object.entries(units).flatMap(([unit, databag]) => {
      const { items, problems } = readList(databag, "jobs");
      const [fault] = [
        ...problems,
        ...items.flatMap((item, at) => check(validateProviderJob, item, `jobs[${at}]`).findings),
      ];
      if (fault !== undefined)
        return [broken("P-20", index, `${visibly`In the databag of ${unit}`}, ${fault.message}`)];
      return items.length === 0 ? [] : [holds("P-20", index)];
    });
  });

/** The unit that runs a job is the one that reports it. */
export const reportedByWorker: Judge = (story) =>
  [...story.jobs.values()].flatMap((job) =>
    story.settled.flatMap((index): readonly Evidence[] => {
      const call = job.calls.find((each) => holdsAt(each, index));
      const reporters = job.reports.filter((report) => holdsAt(report, index)).map(({ owner }) => owner);
      if (call?.unit === undefined || reporters.length === 0) return [];
      return [
        reporters.includes(call.unit)
          ? holds("P-21", index, job.id)
          : broken(
              "P-21",
              index,
              visibly`${call.unit} runs job ${job.id}, and ${reporters.join()} reports it.`,
              job.id,
            ),
      ];
    }),
  );

/** A report repeats what its request says. */
export const requestsRepeated: Judge = (story) =>
  [...story.jobs.values()].flatMap((job) => {
    const request = usableRequest(job);
    if (request === undefined) return [];
    return job.reports.map(({ job: report, from }) => {
      const field = differingField(request.job, report);
      return field === undefined
        ? holds("P-22", from, job.id)
        : broken(
            "P-22",
            from,
            visibly`The report of job ${job.id} has another ${field} than its request.`,
            job.id,
          );
    });
  });

/** Keys may be left out of a report, and optional fields too. */
const withheld: ReadonlySet<string> = new Set(["access-key", "secret-key"]);

function differingField(
  request: Readonly<Record<string, unknown>>,
  report: Readonly<Record<string, unknown>>,
): string | undefined {
  for (const field of ["job-type", "storage-interface"]) if (report[field] !== request[field]) return field;
  for (const field of ["job-config", "storage-config"]) {
    const asked = request[field];
    const repeated = report[field];
    if (!isObject(asked) || !isObject(repeated)) continue;
    const differing = Object.entries(repeated).find(
      ([key, value]) => !withheld.has(key) && JSON.stringify(value) !== JSON.stringify(asked[key]),
    );
    if (differing !== undefined) return `${field}.${differing[0]}`;
  }
  return undefined;
}
