/**
 * What really happened to the jobs of a schedule: the database that has no rows, its store, and what must never be.
 *
 * The module is its own executor module and store module, as a provider names them by URL.
 */
import type { Executor, ExecutorEnvironment, JobContext, JobResult, Standing } from "../../lib/executor.ts";
import type { JobRequest, JobType } from "../../lib/job/request.ts";
import type { StorageConfig } from "../../lib/job/storage-config.ts";
import type { ArtefactStore } from "../../lib/storage/artefact-store.ts";
import { currentProcess } from "../../lib/testing/in-process/simulated-process.ts";
import type { Violation } from "./violations.ts";

/** What becomes of a job once it has begun. */
export type Fate = "succeeds" | "fails" | "refused" | "ignores a cancel" | "passes the point of no return";

interface ActiveJob {
  readonly id: string;
  readonly type: JobType;
  readonly unit: string;
  /** The incarnations of one name are different machines. */
  readonly machine: number;
}

const boards = new Map<string, Board>();
let lastBoard = 0;

/** The truth about one schedule. */
export class Board {
  readonly id: string = String((lastBoard += 1));
  readonly fates: Map<string, Fate> = new Map();
  readonly standings: Map<string, Standing> = new Map();
  readonly objects: Map<string, string> = new Map();
  readonly violations: Violation[] = [];
  /** The jobs that were reported as lost. */
  readonly calledLost: Set<string> = new Set();
  /** How a job ended that was run. */
  readonly results: Map<string, "succeeded" | "failed" | "cancelled"> = new Map();
  readonly #active = new Map<string, ActiveJob>();
  readonly #starts = new Map<string, string>();
  /** Whether two backups may run at the same time. */
  together = false;
  storeIsAway = false;
  recoveries = 0;
  concurrent = 0;

  constructor() {
    boards.set(this.id, this);
  }

  /** For the options `executor` and `store` of a provider. */
  get module(): { readonly module: string; readonly options: { readonly board: string } } {
    return { module: import.meta.url, options: { board: this.id } };
  }

  /** Whether a job is at work, or what a dead worker left of it. */
  isActive(job?: string): boolean {
    return job === undefined ? this.#active.size > 0 : this.#active.has(job);
  }

  /** Notes what should not be. */
  violate(invariant: Violation["invariant"], what: string): void {
    if (!this.violations.some((each) => each.what === what)) this.violations.push({ invariant, what });
  }

  forget(): void {
    boards.delete(this.id);
  }

  /** Everything that ran on a machine is gone with it. */
  machineIsGone(unit: string): void {
    for (const [id, active] of this.#active) if (active.unit === unit) this.#active.delete(id);
  }

  /** Lets the schedule decide when something happens. */
  async step(name: string): Promise<void> {
    await currentProcess()?.act(() => undefined, { what: name, args: [] });
  }

  begin(request: JobRequest, unit: string, fence: number): void {
    const { id, type } = request;
    const before = this.#starts.get(id);
    if (before !== undefined) this.violate("once", `${id} was started on ${before} and again on ${unit}`);
    if (this.calledLost.has(id)) this.violate("lost", `${id} began on ${unit} although it was called lost`);
    this.#starts.set(id, `${unit} with fence ${fence}`);
    for (const other of this.#active.values()) {
      if (other.type === "backup" && type === "backup" && this.together) {
        this.concurrent += 1;
        continue;
      }
      this.violate(
        "together",
        `${type} ${id} began on ${unit} while ${other.type} ${other.id} ran on ${other.unit}`,
      );
    }
    this.#active.set(id, { id, type, unit, machine: 0 });
  }

  end(id: string, how: "succeeded" | "failed" | "cancelled"): void {
    this.results.set(id, how);
    this.#active.delete(id);
  }

  recovered(id: string): void {
    this.recoveries += 1;
    this.#active.delete(id);
  }
}

/** Makes the executor of a schedule's database. The shape of an executor module. */
export function createExecutor(options: { readonly board: string }, { unit }: ExecutorEnvironment): Executor {
  const board = find(options.board);

  const perform = async (request: JobRequest, context: JobContext): Promise<JobResult> => {
    const { id } = request;
    const fate = board.fates.get(id) ?? "succeeds";
    await board.step(`${id} begins`);
    board.begin(request, unit, context.fence);
    if (fate === "passes the point of no return") await passNoReturn(board, id, context);
    for (let part = 0; part < 5 && !context.signal.aborted; part += 1) await board.step(`${id} works`);
    const isStopped = context.signal.aborted && (fate === "succeeds" || fate === "fails");
    if (isStopped || fate === "fails") {
      board.end(id, isStopped ? "cancelled" : "failed");
      const code = isStopped ? "cancelled" : "scripted";
      return { succeeded: false, failure: { code, message: "It was to be so.", remedy: "None." } };
    }
    if (fate === "ignores a cancel" && context.signal.aborted) {
      await currentProcess()?.wait(new Promise(() => undefined));
    }
    board.end(id, "succeeded");
    return {
      succeeded: true,
      backupId: `backup-${id}`,
      artefactPath: `/backup/${id}/`,
      recordFolder: `database-backup/${id}`,
    };
  };

  return {
    standing: async () => board.standings.get(unit) ?? { ready: true, role: "primary" },
    compatible: () => board.together,
    preflight: async ({ id }) =>
      board.fates.get(id) === "refused"
        ? { code: "refused", message: "It cannot be.", remedy: "None." }
        : undefined,
    backup: perform,
    restore: perform,
    list: async () => [],
    recover: async ({ id }) => {
      await board.step(`${id} is cleaned up after`);
      board.recovered(id);
      return { message: "Cleaned up." };
    },
  };
}

/** A job that was asked to stop before it passes the point ends there. */
async function passNoReturn(board: Board, id: string, context: JobContext): Promise<void> {
  try {
    await context.pointOfNoReturn();
  } catch (error) {
    board.end(id, "cancelled");
    throw error;
  }
}

/** Opens the store of a schedule. The shape of a store module. */
export async function openStore(
  { bucket }: Pick<StorageConfig, "bucket">,
  options: { readonly board: string },
): Promise<ArtefactStore> {
  const board = find(options.board);
  const reach = (): void => {
    if (board.storeIsAway) throw new Error("The store is away.");
  };
  return {
    probe: async () => reach(),
    put: async (key, text) => {
      reach();
      board.objects.set(`${bucket}/${key}`, text);
    },
    create: async (key, text) => {
      await board.step(`create ${key}`);
      reach();
      if (board.objects.has(`${bucket}/${key}`)) return false;
      board.objects.set(`${bucket}/${key}`, text);
      return true;
    },
    get: async (key) => {
      reach();
      return board.objects.get(`${bucket}/${key}`);
    },
    close: () => undefined,
  };
}

function find(id: string): Board {
  const board = boards.get(id);
  if (board === undefined) throw new Error("The board belongs to a schedule that is over.");
  return board;
}
