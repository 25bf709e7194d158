/**
 * What else went on when something did or did not happen. It tells apart the rules that one fault can break: a job that
 * is not run is another fault after a lost hook than after a quiet night.
 *
 * @module
 */
import { requestFields, storageConfigFields } from "../../wire/generated/fields.ts";
import { isObject } from "../../wire/list-value.ts";
import { holdsAt, type Call, type JobStory, type Requested, type Story } from "./story.ts";
import type { TraceEntry } from "./trace.ts";

/** An entry of a kind. */
type OfKind<Kind extends TraceEntry["kind"]> = Extract<TraceEntry, { kind: Kind }>;

/** Whether an entry of a kind, and of more if asked, lies between two, the second included. */
export function happened<Kind extends TraceEntry["kind"]>(
  { trace }: Story,
  kind: Kind,
  after: number,
  upTo: number,
  is: (entry: OfKind<Kind>) => boolean = () => true,
): boolean {
  const isOfKind = (entry: TraceEntry): entry is OfKind<Kind> => entry.kind === kind;
  for (let index = Math.max(0, after + 1); index <= upTo && index < trace.length; index += 1) {
    const entry = trace[index];
    if (entry !== undefined && isOfKind(entry) && is(entry)) return true;
  }
  return false;
}

/** Whether another unit came to lead between two entries. Who led first is no change. */
export function leaderChanged(story: Story, after: number, upTo: number): boolean {
  return happened(story, "leader", after, upTo, (entry) =>
    story.trace
      .slice(0, story.trace.indexOf(entry))
      .some(
        (other) =>
          other.kind === "leader" && other.application === entry.application && other.unit !== undefined,
      ),
  );
}

/** How many units the provider has in the relation. */
export function providerUnits({ trace }: Story, index: number): number {
  for (let at = index; at >= 0; at -= 1) {
    const entry = trace[at];
    if (entry?.kind === "databags") return Object.keys(entry.provider?.units ?? {}).length;
  }
  return 0;
}

/** Whether the relation is there. */
export function isRelated({ trace }: Story, index: number): boolean {
  for (let at = index; at >= 0; at -= 1) {
    const entry = trace[at];
    if (entry?.kind === "databags") return entry.provider !== undefined && entry.requirer !== undefined;
  }
  return false;
}

/** Whether all units of the judged charm that have a status say that their admin has to act. */
export function isBlocked({ trace }: Story, index: number): boolean {
  const statuses = new Map<string, string>();
  for (const entry of trace.slice(0, index + 1)) {
    if (entry.kind === "status") statuses.set(entry.unit, entry.status);
    else if (entry.kind === "left") statuses.delete(entry.unit);
  }
  return statuses.size > 0 && [...statuses.values()].every((status) => status === "blocked");
}

/** All calls, also those that name no job. */
export function allCalls({ jobs, strayCalls }: Story): readonly Call[] {
  return [...[...jobs.values()].flatMap(({ calls }) => calls), ...strayCalls];
}

/** The calls that were open at an entry. */
export function openCalls(story: Story, index: number): readonly Call[] {
  return allCalls(story).filter((call) => holdsAt(call, index));
}

/** The first request of a job that can be used. */
export function usableRequest({ requests }: JobStory): Requested | undefined {
  return requests.find(({ valid }) => valid);
}

/** Whether a usable request of a job stands at an entry. */
export function isRequested({ requests }: JobStory, index: number): boolean {
  return requests.some((request) => request.valid && holdsAt(request, index));
}

/** The status that the provider says a job has, by the unit that says it. */
export function statusesAt({ reports }: JobStory, index: number): ReadonlyMap<string, string> {
  return new Map(
    reports
      .filter((report) => holdsAt(report, index))
      .map(({ owner, job }) => [owner, String(job["status"])] as const),
  );
}

/** Whether a status is an end. */
export function isEndStatus(status: string): boolean {
  return status === "success" || status === "error";
}

/** Whether a request or a report has fields that version 0 does not name. */
export function hasUnknownFields(
  job: Readonly<Record<string, unknown>>,
  known: readonly string[] = [],
): boolean {
  const storage = job["storage-config"];
  return (
    Object.keys(job).some((field) => !requestFields.includes(field) && !known.includes(field)) ||
    (isObject(storage) && Object.keys(storage).some((field) => !storageConfigFields.includes(field)))
  );
}
