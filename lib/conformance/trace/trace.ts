/**
 * What was seen of a relation, in order: who wrote what, which hooks ran, what a charm did outside its databags.
 *
 * The kit records it while a scenario is played; a live model gives a part of it. All verdicts are functions of it.
 *
 * @module
 */
import type { Databag } from "../../juju/juju.ts";
import type { Side } from "../../wire/side.ts";

/** What one side has in a relation. */
export interface Party {
  readonly application: string;
  /** The application's databag. */
  readonly data: Databag;
  /** The databags of the units that are in the relation, by unit. */
  readonly units: Readonly<Record<string, Databag>>;
}

/** How a call of the observed program stands. */
export type CallState = "began" | "succeeded" | "failed" | "killed";

/** What an admin asked a backup manager for. */
export type Purpose = "backup" | "restore" | "list" | "show" | "clear";

/** What an admin asks, and of which unit. */
export interface Asked {
  readonly purpose: Purpose;
  readonly unit: string;
  /** The job that the admin names, if any. */
  readonly job?: string;
  /** The artefact that the admin names, if any. */
  readonly artefact?: string;
}

/** What happened at one moment. */
export type Occurrence =
  /** The beginning of a recording: which charm is judged, and whether its backups and restores are observed. */
  | { readonly kind: "start"; readonly side?: Side; readonly scenario?: string; readonly observed: boolean }
  /** The databags as they stand from now on. A side that is not in the relation any more is absent. */
  | { readonly kind: "databags"; readonly provider?: Party; readonly requirer?: Party }
  /** Who leads from now on. */
  | { readonly kind: "leader"; readonly application: string; readonly unit?: string }
  /** A unit is no more. */
  | { readonly kind: "left"; readonly unit: string }
  /**
   * A hook, action or command has run. `injected`: it failed without the charm's doing, and was left undone (`lost`) or
   * runs again (`interrupted`); `hung`: it did not end.
   */
  | {
      readonly kind: "hook";
      readonly unit: string;
      readonly hook: string;
      readonly exitCode?: number;
      /** The last line that the charm wrote to standard error in a hook that failed. */
      readonly said?: string;
      readonly injected?: "lost" | "interrupted";
      readonly hung?: true;
    }
  /** The charm began or ended a backup or a restore. */
  | {
      readonly kind: "call";
      readonly call: number;
      readonly state: CallState;
      readonly type: "backup" | "restore";
      readonly unit?: string;
      /** The ids of the jobs that it names. */
      readonly jobs: readonly string[];
      /** The buckets and artefact paths of any job that it names. */
      readonly names: readonly string[];
    }
  /** The storage that the backup manager was told to use from now on. */
  | { readonly kind: "storage"; readonly storage: Readonly<Record<string, string>> }
  /** An admin asks the backup manager for something. */
  | ({ readonly kind: "asked" } & Asked)
  /** What the admin was told. `done`: whether the action came to a good end. */
  | ({ readonly kind: "told"; readonly done: boolean; readonly text: string } & Asked)
  /** The status of a unit of the judged charm. */
  | { readonly kind: "status"; readonly unit: string; readonly status: string; readonly message: string }
  /**
   * Nothing more will come by itself: all hooks have run, and all that the charm left running waits for the kit.
   * `stillRuns`: more might have come; something of the charm ran when the kit had waited long enough.
   */
  | { readonly kind: "settled"; readonly stillRuns?: true }
  /** What the kit did, in words. */
  | { readonly kind: "step"; readonly text: string; readonly repeats?: true };

/** Something that happened, with its time in RFC 3339. */
export type TraceEntry = Occurrence & { readonly at: string };

/** Everything that was seen, oldest first. */
export type Trace = readonly TraceEntry[];

/** The databags as they stand from one moment on. */
export type Databags = Extract<TraceEntry, { kind: "databags" }>;
/** A hook that has run. */
export type HookEntry = Extract<TraceEntry, { kind: "hook" }>;
/** What an admin was told. */
export type ToldEntry = Extract<TraceEntry, { kind: "told" }>;
