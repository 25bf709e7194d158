/**
 * Which relations of a unit are of the interface, and which side wrote each databag of one.
 *
 * @module
 */
import type { FoundDatabag } from "./databag.ts";
import { usualEndpoint } from "../../wire/interface-name.ts";
import type { Side } from "../../wire/side.ts";
import { sideOfJobs } from "./side-of-jobs.ts";
import type { ShownRelation } from "./show-unit.ts";

const peers = /peers?$/i;

/**
 * Tells whether a relation is of the interface, which `juju show-unit` does not say: by its endpoints' names, or by what
 * its databags hold.
 */
export function isOfInterface({ endpoint = "", relatedEndpoint = "", databags }: ShownRelation): boolean {
  // What an application keeps among its own units is no interface's.
  if (endpoint === relatedEndpoint && peers.test(endpoint)) return false;
  if (usualEndpoint.test(endpoint) || usualEndpoint.test(relatedEndpoint)) return true;
  return databags.some(
    (databag) => databag.value("jobs").is !== "absent" || databag.text("lib-version") !== undefined,
  );
}

/** Which side wrote a databag of a relation. */
export interface WrittenBy {
  readonly side: Side;
  /** Whether it holds what belongs into another databag. */
  readonly misplaced: boolean;
}

/** Tells who wrote a databag by where it is; where its jobs are plainly the other side's, by these. */
export function writtenBy(databag: FoundDatabag): WrittenBy {
  const jobs = databag.list("jobs");
  const usual: Side = databag.kind === "application" ? "requirer" : "provider";
  const side = sideOfJobs(jobs) ?? usual;
  if (jobs.length > 0 || databag.value("jobs").is !== "absent") return { side, misplaced: side !== usual };
  return { side: databag.saysApplication ? "provider" : usual, misplaced: false };
}
