/**
 * What a unit does about its grant: the effects of what was decided.
 *
 * @module
 */
import type { ExecutorEnvironment } from "../lib/executor.ts";
import type { JobProgress } from "../lib/job/report.ts";
import type { JobRequest } from "../lib/job/request.ts";
import type { StorageConfig } from "../lib/job/storage-config.ts";
import type { Juju } from "../lib/juju/juju.ts";
import type { Machine, ProcessIdentity } from "../lib/machine/machine.ts";
import { withTimeLimit } from "../lib/machine/time-limit.ts";
import { shownId } from "../lib/printable.ts";
import { thrownText } from "../lib/thrown.ts";
import { storageId } from "./coordination/digest.ts";
import { failureFields, unitLeaves } from "./coordination/ends.ts";
import { grantId, noClaim, type Grant } from "./coordination/peer-records.ts";
import type { RequestsSeen } from "./coordination/requests-seen.ts";
import type { Rules } from "./coordination/rules.ts";
import type { UnitAction } from "./coordination/unit-step.ts";
import { outcomeOf, type JournalEntry } from "./journal/journal.ts";
import { readLiveJournal } from "./journal/live-journal.ts";
import type { StateDirectory } from "./journal/state-directory.ts";
import type { JobTask, ModuleReference, WorkerInput } from "./worker/worker-input.ts";
import { startWorker } from "./worker/worker-start.ts";

/** How long a unit that leaves waits for its worker to end by itself, of the minute that it has. */
const leavingGraceMs = 15_000;
/** How long it cleans up after it. */
const leavingCleanUpMs = 30_000;

/** What the effects need. */
export interface UnitWorkOptions {
  readonly juju: Juju;
  readonly machine: Machine;
  readonly state: StateDirectory;
  readonly executor: ModuleReference;
  readonly store: ModuleReference | undefined;
  readonly environment: ExecutorEnvironment;
  readonly poke: readonly [string, ...string[]];
  readonly archiveStorage: StorageConfig | undefined;
  readonly rules: Rules;
}

/** What a unit knows of its surroundings when it acts. */
export interface WorkSurroundings {
  readonly requests: RequestsSeen;
  /** The life of the unit. */
  readonly incarnation: string;
  /** How many units the application is to have. */
  readonly plannedUnits: number;
}

/** A unit at work. */
export class UnitWork {
  readonly #options: UnitWorkOptions;

  constructor(options: UnitWorkOptions) {
    this.#options = options;
  }

  /** Does what was decided. @returns Whether the journal has changed. */
  async perform(action: UnitAction, around: WorkSurroundings): Promise<boolean> {
    switch (action.kind) {
      case "rest":
        return false;
      case "blocked":
        await this.revoke(action.by);
        return false;
      case "answer":
        await this.#answer(action);
        return true;
      case "start":
        await this.#run(action.grant, action.request, around);
        return true;
      case "recover":
        await this.#recover(action.entry, around);
        return true;
      case "cancel":
        await this.#cancel(action.entry);
        return true;
      case "stop":
        await this.#stop(action.entry, around);
        return true;
    }
  }

  /** Begins to find out whether the archive storage keeps fences. */
  async probe(storage: StorageConfig): Promise<void> {
    await this.#start({ task: "probe", storage });
  }

  /** Begins to revoke the fence of a grant, where there is a place for that. */
  async revoke(grant: Grant): Promise<void> {
    const { archiveStorage, state, rules } = this.#options;
    if (grant.claim === noClaim || archiveStorage === undefined) return;
    if (!rules.revokesAt(grant, storageId(archiveStorage))) return;
    if ((await state.revocation(grantId(grant))) !== undefined) return;
    const { lineage, fence } = grant;
    await this.#start({ task: "revoke", lineage, fence, storage: archiveStorage });
  }

  async #answer({ grant, type, outcome }: Extract<UnitAction, { kind: "answer" }>): Promise<void> {
    const { lineage, fence, relation, job } = grant;
    await this.#options.state.append({ record: "answered", lineage, fence, relation, job, type, outcome });
  }

  async #run(
    grant: Grant,
    request: JobRequest,
    { incarnation, plannedUnits }: WorkSurroundings,
  ): Promise<void> {
    const { juju, state, archiveStorage, rules } = this.#options;
    const { lineage, fence, relation } = grant;
    const start = async (): Promise<ProcessIdentity | undefined> =>
      await this.#start({
        ...this.#jobTask("run", { lineage, fence, request, incarnation, plannedUnits }),
        ...(grant.claim === noClaim || archiveStorage === undefined ? {} : { claim: archiveStorage }),
      });
    const before = rules.journalsBeforeStart() ? undefined : await start();
    await state.append({ record: "started", lineage, fence, relation, request });
    const process = before ?? (await start());
    if (process !== undefined) await state.append({ record: "spawned", lineage, fence, process });
    await juju.log(
      "INFO",
      `Started ${request.type} job ${shownId(request.id)} of ${relation}, fence ${fence}.`,
    );
  }

  async #recover(
    entry: JournalEntry,
    { requests, incarnation, plannedUnits }: WorkSurroundings,
  ): Promise<void> {
    const { juju, state, machine, rules } = this.#options;
    const isRunning = async (process: ProcessIdentity): Promise<boolean> =>
      await machine.processes.isRunning(process);
    const id = grantId(entry);
    // From here on a worker that was slow to start finds itself called dead; one that was faster goes on.
    if (!(await state.enterWorker(id, { nobody: true })) && rules.entersOnce()) {
      const { journal, running } = await readLiveJournal(state, isRunning);
      const now = journal.entries.get(id);
      if (running.has(id) || (now !== undefined && outcomeOf(now) !== undefined)) return;
    }
    const request = requestOf(entry, requests);
    if (request === undefined) return;
    const { lineage, fence } = entry;
    const process = await this.#start(
      this.#jobTask("recover", { lineage, fence, request, incarnation, plannedUnits }),
    );
    if (process !== undefined) await state.append({ record: "spawned", lineage, fence, process });
    await juju.log("WARNING", `The worker of job ${shownId(entry.job)} is gone; cleaning up after it.`);
  }

  async #cancel(entry: JournalEntry): Promise<void> {
    const { juju, state } = this.#options;
    const { lineage, fence } = entry;
    if (!entry.cancelAsked) await state.append({ record: "cancel", lineage, fence });
    const process = await this.#processOf(entry);
    if (process === undefined) return;
    const stopper = await this.#start({ task: "stop", lineage, fence, process });
    if (stopper !== undefined) await state.append({ record: "stopping", lineage, fence, process: stopper });
    await juju.log("INFO", `Stopping job ${shownId(entry.job)}: it was cancelled.`);
  }

  /** Stops a job within this hook, whatever its worker does: the unit goes away. */
  async #stop(entry: JournalEntry, { requests, plannedUnits }: WorkSurroundings): Promise<void> {
    const { juju, state, machine, executor, store, environment } = this.#options;
    const { cleanUp, endProcess } = await import("./worker/worker.ts");
    const process = await this.#processOf(entry);
    const { lineage, fence } = entry;
    // On a disk that takes no more the worker is stopped all the same, and says less of why.
    await state.append({ record: "leaving", lineage, fence, unit: juju.unit }).catch(() => undefined);
    if (process !== undefined) await endProcess(process, machine, leavingGraceMs);
    await state.enterWorker(grantId(entry), { nobody: true });
    const now = (await state.open()).entries.get(grantId(entry));
    if (now !== undefined && outcomeOf(now) !== undefined) return;
    const request = requestOf(entry, requests);
    let left = "";
    if (request !== undefined && this.#options.rules.recoversBeforeLeaving()) {
      const job = { fence: entry.fence, plannedUnits, request, executor, environment };
      const log = (line: string): void => void state.log(grantId(entry), `${line}\n`).catch(() => undefined);
      const recovery = await withTimeLimit(machine.clock, leavingCleanUpMs, async (signal) =>
        cleanUp({ ...job, ...(store === undefined ? {} : { store }) }, signal, log),
      ).catch((error: unknown) => ({ message: `Cleaning up failed: ${thrownText(error)}` }));
      left = recovery.message;
    }
    const failure = unitLeaves(juju.unit);
    const progress: JobProgress = {
      phase: "cancelled",
      finishedAt: machine.clock.now().toISOString(),
      ...failureFields({ ...failure, message: `${failure.message} ${left}`.trim() }),
    };
    await state.append({ record: "progress", lineage, fence, progress });
  }

  /** The process that works on a job: the journal may not know one whose hook died before it wrote it down. */
  async #processOf(entry: JournalEntry): Promise<ProcessIdentity | undefined> {
    const entered = await this.#options.state.workerEntry(grantId(entry));
    return entered !== undefined && "process" in entered ? entered.process : entry.process;
  }

  #jobTask(
    task: JobTask["task"],
    job: Pick<JobTask, "lineage" | "fence" | "request" | "incarnation" | "plannedUnits">,
  ): Omit<JobTask, "stateDirectory" | "poke" | "store"> {
    const { executor, environment } = this.#options;
    return { task, ...job, executor, environment };
  }

  async #start(task: TaskWithoutBase): Promise<ProcessIdentity | undefined> {
    const { machine, state, store, poke, rules } = this.#options;
    const base = { stateDirectory: state.path, poke, ...(store === undefined ? {} : { store }) };
    return await startWorker(machine.processes, { ...task, ...base }, state.workerOutputFile, rules);
  }
}

type WithoutBase<Task> = Task extends WorkerInput ? Omit<Task, "stateDirectory" | "poke" | "store"> : never;
type TaskWithoutBase = WithoutBase<WorkerInput>;

/** The journal keeps no credentials; where the request still stands, cleaning up can use them. */
function requestOf({ relation, job, request }: JournalEntry, requests: RequestsSeen): JobRequest | undefined {
  const standing = requests.find(relation, job)?.request;
  if (request === undefined || standing === undefined) return request ?? standing;
  return { ...request, storage: standing.storage };
}
