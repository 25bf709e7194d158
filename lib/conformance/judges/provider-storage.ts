/**
 * Whether a database charm uses the storage of each job, and says where the artefact is.
 *
 * @module
 */
import { statusesAt, usableRequest } from "../trace/circumstances.ts";
import { stringAt } from "../trace/field.ts";
import { holdsAt, placesOf, type JobStory } from "../trace/story.ts";
import { visibly } from "../trace/visible.ts";
import { broken, holds, type Evidence, type Judge } from "./judge.ts";

/** Each run uses the storage that its job names, and a restore the artefact. */
export const storageOfJobs: Judge = (story) =>
  [...story.jobs.values()].flatMap((job) => {
    const request = usableRequest(job);
    if (request === undefined) return [];
    const own = placesOf(request.job);
    const artefact = stringAt(request.job, "artefact-path");
    const bucket = own.find((place) => place !== artefact);
    return job.calls.flatMap(({ names, from, type }): readonly Evidence[] => {
      const rule = type === "backup" ? "P-16" : "P-18";
      const strange = names.find((place) => !own.includes(place) && !isArtefact(place));
      const isRight = bucket !== undefined && names.includes(bucket) && strange === undefined;
      const wrong = strange === undefined ? "does not name it" : visibly`names ${strange}`;
      const storage = isRight
        ? holds(rule, from, job.id)
        : broken(
            rule,
            from,
            visibly`The storage of job ${job.id} is ${bucket ?? "unknown"}, and its run ${wrong}.`,
            job.id,
          );
      if (type === "backup" || artefact === undefined) return [storage];
      return [
        storage,
        names.includes(artefact)
          ? holds("P-19", from, job.id)
          : broken(
              "P-19",
              from,
              visibly`Job ${job.id} asks for ${artefact}, and its run does not name that.`,
              job.id,
            ),
      ];
    });
  });

/** An artefact is a path, and a bucket is none. */
function isArtefact(place: string): boolean {
  return place.includes("/");
}

/** A backup that succeeded says where its artefact is. */
export const artefactsReported: Judge = (story) =>
  [...story.jobs.values()].flatMap((job) => {
    const index = story.settled.find((each) => [...statusesAt(job, each).values()].includes("success"));
    if (index === undefined || usableRequest(job)?.job["job-type"] !== "backup") return [];
    return [
      namesArtefact(job, index)
        ? holds("P-17", index, job.id)
        : broken(
            "P-17",
            index,
            visibly`Backup ${job.id} succeeded, and its report has no artefact-path.`,
            job.id,
          ),
    ];
  });

function namesArtefact({ reports }: JobStory, index: number): boolean {
  return reports.some(
    (report) => holdsAt(report, index) && (stringAt(report.job, "artefact-path") ?? "") !== "",
  );
}
