/**
 * A job's record as it is kept: short names, and so many bytes at most that the whole history has a bound.
 *
 * | name | of a job | of a report |
 * |---|---|---|
 * | `i` `r` `d` | id, number of the relation, application | |
 * | `k` | `r` a restore; `f` `d` `i` a backup and its type | |
 * | `q` `b` | requested at, start before | |
 * | `n` `t` | schedule, and its slot | |
 * | `a` `w` `l` | artefact path, time and timeline to restore | artefact path; `l` timeline |
 * | `c` | 1: asked to be cancelled | error code |
 * | `e` | reports | |
 * | `s` `o` | number of the storage in `storages`, written by `history-databag.ts`; 1: one that the caller named | |
 * | `u` `p` `n` | | unit (a number where it is the application's), phase, fence |
 * | `s` `f` | | started at, finished at |
 * | `b` `z` `g` | | backup id, size in bytes, log path |
 * | `m` `x` | | message, remedy |
 *
 * Times are in milliseconds since 1970, those of a report since the request. Paths have a tab in place of the backup's id, so
 * that those of one storage are alike.
 *
 * @module
 */
import { endPhases, isPhase, phasesAtWork, phasesBeforeStart, type Phase } from "../../lib/job/phase.ts";
import type { JobProgress } from "../../lib/job/report.ts";
import type { BackupType } from "../../lib/job/request.ts";
import type { StorageLocation } from "../../lib/job/storage-config.ts";
import { BoundedObject, jsonBytes } from "./bounded-json.ts";
import { hasEnded, withReports, type JobRecord, type RecordedReport } from "./job-record.ts";

/** How many bytes a record takes at most, the comma that follows included. */
export const recordBytes: { readonly open: number; readonly ended: number } = { open: 384, ended: 512 };

/** What of it is held for who reported what, whatever was asked for: of an open job one unit, of an ended one three. */
const heldBytes = { open: 84, ended: 235 } as const;
/** What is left for the number of the storage. */
const storageNumberBytes = '"s":7,'.length;
const most = {
  id: 72,
  application: 72,
  name: 36,
  text: 40,
  unit: 40,
  code: 60,
  path: 200,
  message: 300,
} as const;
const placeOfId = "\t";
const backupLetters: Readonly<Record<BackupType, string>> = {
  full: "f",
  differential: "d",
  incremental: "i",
};
const phases: readonly Phase[] = [...phasesBeforeStart, ...phasesAtWork, ...endPhases];

/** Whether a job can be kept: its id tells it from others, so it is never cut. */
export function canBeKept({ id, relation }: Pick<JobRecord, "id" | "relation">): boolean {
  return id.isWellFormed() && jsonBytes(id) <= most.id && relationNumber(relation) !== undefined;
}

/** Writes a record, as much of it as there is room for. */
export function encodeRecord(record: JobRecord): Readonly<Record<string, unknown>> {
  const requestedAt = timeOf(record.requestedAt);
  const kind = hasEnded(record) ? "ended" : "open";
  const object = new BoundedObject(recordBytes[kind] - 1 - heldBytes[kind] - storageNumberBytes);
  object.put("i", record.id);
  object.put("r", relationNumber(record.relation));
  object.put("k", record.type === "restore" ? "r" : backupLetters[record.backupType ?? "full"]);
  object.putText("d", record.application, most.application);
  object.put("q", requestedAt);
  object.put("b", timeOf(record.startBefore));
  object.put("c", record.cancel === true ? 1 : undefined);
  object.put("o", record.ownStorage === true ? 1 : undefined);
  // One says nothing without the other.
  if (record.schedule !== undefined && record.schedule.name !== "" && record.schedule.slot !== "") {
    object.putText("n", record.schedule.name, most.name);
    object.putText("t", record.schedule.slot, most.text);
  }
  object.putText("w", record.restoreToTime, most.text);
  object.put("l", record.restoreTimeline);
  object.putText("a", record.artefactPath, most.path);
  object.widen(heldBytes[kind]);
  const [first, ...rest] = record.reports;
  // Of two units that seem to be at work one will say more, and of ended jobs nothing comes any more.
  const others = kind === "ended" ? rest : [];
  if (first !== undefined) {
    const reports = others.map(({ unit, report }) => encodeOther(record, unit, report));
    const room =
      object.room - '"e":[],'.length - reports.reduce((sum, report) => sum + jsonBytes(report) + 1, 0);
    object.put("e", [encodeFirst(record, first, room, requestedAt ?? 0), ...reports]);
  }
  return object.fields;
}

function encodeFirst(
  record: JobRecord,
  { unit, report }: RecordedReport,
  room: number,
  since: number,
): Readonly<Record<string, unknown>> {
  const object = new BoundedObject(room);
  putWho(object, record, unit, report);
  const isKept = report.backupId !== undefined && jsonBytes(report.backupId) <= most.code;
  const backupId = isKept ? report.backupId : undefined;
  object.put("s", timeSince(report.startedAt, since));
  object.put("f", timeSince(report.finishedAt, since));
  object.put("b", backupId);
  object.putText("c", report.errorCode, most.code);
  object.put("z", report.sizeBytes);
  object.put("l", report.timeline);
  object.put("a", pathOf(report.artefactPath, backupId));
  // The remedy may be looked up by the code, and is worth less than to know what happened.
  object.putText("m", report.message, most.message);
  object.put("g", pathOf(report.logPath, backupId));
  object.putText("x", report.remedy, most.message);
  return object.fields;
}

/** Of the ends that do not count it is told who reported what. */
function encodeOther(
  record: JobRecord,
  unit: string,
  report: JobProgress,
): Readonly<Record<string, unknown>> {
  const object = new BoundedObject(recordBytes.open);
  putWho(object, record, unit, report);
  return object.fields;
}

function putWho(object: BoundedObject, { application }: JobRecord, unit: string, report: JobProgress): void {
  object.put("p", phases.indexOf(report.phase));
  const number = unit.startsWith(`${application}/`) ? unit.slice(application.length + 1) : "";
  if (/^(0|[1-9]\d{0,8})$/.test(number)) object.put("u", Number(number));
  else object.putText("u", unit, most.unit);
  object.put("n", report.fence);
}

function pathOf(path: string | undefined, backupId: string | undefined): string | undefined {
  if (path === undefined || path.includes(placeOfId) || !path.isWellFormed()) return undefined;
  const short = backupId === undefined || backupId === "" ? path : path.replaceAll(backupId, placeOfId);
  return jsonBytes(short) <= most.path ? short : undefined;
}

/**
 * Reads a record. What it does not know is left out; undefined where it is none at all.
 *
 * @param storages What the records have the numbers of.
 */
export function decodeRecord(
  value: unknown,
  endpoint: string,
  storages: readonly (StorageLocation | undefined)[],
): JobRecord | undefined {
  const fields = new Fields(value);
  const id = fields.text("i");
  const relation = fields.number("r");
  if (id === undefined || relation === undefined) return undefined;
  const application = fields.text("d") ?? "";
  const requestedAt = fields.number("q");
  const kind = fields.text("k");
  const name = fields.text("n");
  const slot = fields.text("t");
  const record: Omit<JobRecord, "reports" | "phase"> = {
    id,
    relation: `${endpoint}:${relation}`,
    application,
    ...(kind === "r"
      ? { type: "restore" }
      : {
          type: "backup",
          backupType: kind === "d" ? "differential" : kind === "i" ? "incremental" : "full",
        }),
    ...optional("artefactPath", fields.text("a")),
    ...optional("restoreToTime", fields.text("w")),
    ...optional("restoreTimeline", fields.number("l")),
    ...optional("requestedAt", isoTime(requestedAt)),
    ...optional("startBefore", isoTime(fields.number("b"))),
    ...(fields.number("c") === 1 ? { cancel: true } : {}),
    ...(fields.number("o") === 1 ? { ownStorage: true } : {}),
    ...optional("storage", storages[fields.number("s") ?? -1]),
    ...(name === undefined || slot === undefined ? {} : { schedule: { name, slot } }),
  };
  const reports = fields.list("e").flatMap((item) => decodeReport(item, application, requestedAt ?? 0));
  return withReports(record, reports);
}

function decodeReport(value: unknown, application: string, since: number): readonly RecordedReport[] {
  const fields = new Fields(value);
  const phase = phases[fields.number("p") ?? -1];
  if (phase === undefined || !isPhase(phase)) return [];
  const number = fields.number("u");
  const backupId = fields.text("b");
  const path = (name: string): string | undefined => fields.text(name)?.replaceAll(placeOfId, backupId ?? "");
  const moment = (name: string): string | undefined => {
    const elapsed = fields.number(name);
    return elapsed === undefined ? undefined : isoTime(since + elapsed);
  };
  const report: JobProgress = {
    phase,
    ...optional("startedAt", moment("s")),
    ...optional("finishedAt", moment("f")),
    ...optional("backupId", backupId),
    ...optional("artefactPath", path("a")),
    ...optional("sizeBytes", fields.number("z")),
    ...optional("timeline", fields.number("l")),
    ...optional("logPath", path("g")),
    ...optional("errorCode", fields.text("c")),
    ...optional("message", fields.text("m")),
    ...optional("remedy", fields.text("x")),
    ...optional("fence", fields.number("n")),
  };
  return [{ unit: number === undefined ? (fields.text("u") ?? "") : `${application}/${number}`, report }];
}

/** The fields of an object, each as what it should be or not at all. */
class Fields {
  readonly #fields: Readonly<Record<string, unknown>>;

  constructor(value: unknown) {
    this.#fields = typeof value === "object" && value !== null ? { ...value } : {};
  }

  text(name: string): string | undefined {
    const value = this.#fields[name];
    return typeof value === "string" ? value : undefined;
  }

  number(name: string): number | undefined {
    const value = this.#fields[name];
    return typeof value === "number" ? value : undefined;
  }

  list(name: string): readonly unknown[] {
    const value: unknown = this.#fields[name];
    return Array.isArray(value) ? value : [];
  }
}

function optional<Key extends string, Value>(
  key: Key,
  value: Value | undefined,
): { readonly [K in Key]?: Value } {
  const result: { [K in Key]?: Value } = {};
  if (value !== undefined) result[key] = value;
  return result;
}

function relationNumber(relation: string): number | undefined {
  const number = /:(\d{1,15})$/.exec(relation)?.[1];
  return number === undefined ? undefined : Number(number);
}

function timeOf(time: string | undefined): number | undefined {
  const ms = Date.parse(time ?? "");
  return Number.isNaN(ms) ? undefined : ms;
}

function timeSince(time: string | undefined, since: number): number | undefined {
  const ms = timeOf(time);
  return ms === undefined ? undefined : ms - since;
}

function isoTime(ms: number | undefined): string | undefined {
  if (ms === undefined || Number.isNaN(new Date(ms).getTime())) return undefined;
  return new Date(ms).toISOString();
}
