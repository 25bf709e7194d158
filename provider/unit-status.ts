/**
 * The unit status that follows from what a dispatch found and did.
 *
 * @module
 */
import type { UnitStatus } from "../lib/juju/juju.ts";
import { shownId } from "../lib/printable.ts";
import { grantId, type Grant, type PublishedStanding } from "./coordination/peer-records.ts";
import type { RelationRequests } from "./coordination/requests-seen.ts";
import type { WaitingJob } from "./coordination/wait.ts";
import type { DispatchView } from "./dispatch-view.ts";
import { outcomeOf, type JournalState } from "./journal/journal.ts";

/** What a status is made from. */
export interface StatusView {
  readonly journal: JournalState;
  /** The grants whose process lives. */
  readonly running: ReadonlySet<string>;
  readonly standing: PublishedStanding;
  /** What waits; known to the leader alone. */
  readonly waiting: readonly WaitingJob[];
  /** By unit: its incarnation. The leader alone knows of others than this unit's own. */
  readonly incarnations: ReadonlyMap<string, string>;
  /** A grant to an earlier life of this unit. */
  readonly blockedBy: Grant | undefined;
  readonly relations: readonly RelationRequests[];
}

/** Whether a job of this unit has not ended. */
export function hasOpenJob(journal: JournalState): boolean {
  return [...journal.entries.values()].some((entry) => outcomeOf(entry) === undefined);
}

/** Proposes a status; undefined where there is nothing to say. */
export function unitStatus(view: StatusView): UnitStatus | undefined {
  const open = [...view.journal.entries.values()].find((entry) => outcomeOf(entry) === undefined);
  if (open !== undefined && view.running.has(grantId(open)) && open.progress.errorCode === undefined) {
    return {
      name: "maintenance",
      message: open.type === "backup" ? "creating backup" : "restoring backup",
    };
  }
  if (open !== undefined) {
    const { errorCode, message } = open.progress;
    const job = `job ${shownId(open.job)}`;
    if (errorCode !== undefined) return { name: "blocked", message: `${job}: ${message ?? errorCode}` };
    return { name: "maintenance", message: `cleaning up after ${open.type} ${job}` };
  }
  if (view.blockedBy !== undefined) {
    const { fence, job, unit } = view.blockedBy;
    return {
      name: "blocked",
      message: `job ${shownId(job)} was granted to the unit that was ${unit} before: run release-grant fence=${fence} once its machine is off`,
    };
  }
  if (view.standing.problem !== undefined) return { name: "blocked", message: view.standing.problem };
  const [waiting] = view.waiting;
  if (waiting !== undefined && waiting.wait.kind === "no-unit") {
    const { ready, reason } = view.standing;
    return {
      name: "waiting",
      message: `a job waits: ${ready || reason === undefined ? "no unit can take it" : reason}`,
    };
  }
  const twins = sameIncarnation(view.incarnations);
  if (twins !== undefined) {
    const units = twins.join(" and ");
    return {
      name: "active",
      message: `${units} are on copies of one disk: remove one of the two, and add another unit for it`,
    };
  }
  const relation = view.relations.find(({ problems }) => problems.length > 0);
  if (relation === undefined) return undefined;
  return {
    name: "active",
    message: `unusable request from ${relation.application} (${relation.relation}): ${relation.problems[0]?.message ?? ""}`,
  };
}

/** Two units that say that they are one, as after a machine was cloned with its disk: nothing else makes them alike. */
function sameIncarnation(incarnations: ReadonlyMap<string, string>): readonly string[] | undefined {
  const units = new Map<string, string>();
  for (const [unit, incarnation] of incarnations) {
    const other = units.get(incarnation);
    if (other !== undefined) return [other, unit].toSorted();
    units.set(incarnation, unit);
  }
  return undefined;
}

/** What an application of several units says that has no peer relation to agree by. */
export function manyWithoutPeers(view: Pick<DispatchView, "planned" | "relations">): UnitStatus {
  let waiting = 0;
  for (const { requests, reports } of view.relations) {
    const reported = new Set(reports.map(({ id }) => id));
    waiting += requests.requests.filter(({ id }) => !reported.has(id)).length;
  }
  return {
    name: "blocked",
    message:
      `${view.planned} units planned, but the charm has no peer relation for backups` +
      `${waiting === 0 ? "" : `; ${waiting} waiting`}: add the peer endpoint, or remove units`,
  };
}
