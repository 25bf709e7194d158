/**
 * What a fault is, and what comes of one.
 *
 * @module
 */
import type { AcknowledgedRows } from "./acknowledged-rows.ts";
import type { FaultStand } from "./fault-stand.ts";

/** What is known of a fault without the servers that it is brought about on. */
export interface FaultSummary {
  /** For example `wrong-keys`. */
  readonly name: string;
  /** What happens, in a few words. */
  readonly title: string;
  /** Whether it takes seconds only, so that `npm test` has it too. */
  readonly isQuick?: boolean;
  /** How what was shown must have ended, in order: for example `rejected storage-access-denied`. */
  readonly ends: readonly string[];
}

/** The servers and the admin that a fault comes upon. */
export interface Stand {
  readonly rows: AcknowledgedRows;
  /** Says what jobs have left behind, and waits a while for what ends by itself. */
  remains(): Promise<readonly string[]>;
  /** Requests a job and waits for its end. */
  job(what: "create-backup" | "restore", parameters?: JobParameters): Promise<Shown>;
  stop(): Promise<void>;
}

/** The parameters of an action, as an admin gives them. */
export type JobParameters = Readonly<Record<string, string | number>>;

/** One thing that goes wrong, how it is brought about, and what ends it. */
export interface Fault<Place extends Stand = FaultStand> extends FaultSummary {
  /** Brings it about. @returns What the admin gets to see of it, in order. */
  inject(stand: Place): Promise<readonly Shown[]>;
  /**
   * What one of the remedies that were shown must say, where the admin has to do something before a job can succeed.
   * Undefined where the next job needs nothing but to be requested.
   */
  readonly remedy?: RegExp;
  /** Does what that remedy says, or lets the world end the fault by itself. */
  heal?(stand: Place): Promise<void>;
  /** Requests what must succeed then, and gives back what came of it. Default: {@link backUp}. */
  next?(stand: Place, shown: readonly Shown[]): Promise<readonly Shown[]>;
}

/** What an admin is shown: of a job by `show-job`, of an action by its failure, of a unit by `juju status`. */
export interface Shown {
  readonly what: "create-backup" | "restore" | "status";
  /** The job's phase; `refused` for an action that failed; for a unit its status. */
  readonly end: string;
  /** Absent where nothing went wrong, and in a unit's status. */
  readonly code?: string;
  readonly message?: string;
  readonly remedy?: string;
}

/** How a fault went. */
export interface FaultResult {
  readonly fault: string;
  readonly title: string;
  /** Whether everything was as it must be. */
  readonly held: boolean;
  /** What was not, for whoever has to find out why. */
  readonly problems: readonly string[];
  readonly shown: readonly Shown[];
  /** How the jobs and the database were left. */
  readonly endState: string;
  /** From the end of the fault to the success of the next job, in seconds; undefined where none succeeded. */
  readonly secondsToNextJob: number | undefined;
}

/** How something ended, as {@link Fault.ends} names it. */
export function endOf({ end, code }: Shown): string {
  return code === undefined ? end : `${end} ${code}`;
}
