/**
 * What a dispatch asks the executor, as seldom as it can: a hook that has nothing to do loads none of it.
 *
 * @module
 */
import type { Executor, ExecutorEnvironment, ExecutorModule } from "../lib/executor.ts";
import type { Failure } from "../lib/job/report.ts";
import type { JobRequest, JobType } from "../lib/job/request.ts";
import type { StorageConfig } from "../lib/job/storage-config.ts";
import type { JujuEvent } from "../lib/juju/event.ts";
import type { Juju } from "../lib/juju/juju.ts";
import type { Machine } from "../lib/machine/machine.ts";
import { thrownText } from "../lib/thrown.ts";
import { storageId } from "./coordination/digest.ts";
import {
  jobKey,
  noClaim,
  type ApplicationRecord,
  type AskedJob,
  type ClaimPlace,
  type PublishedStanding,
  type Role,
} from "./coordination/peer-records.ts";
import type { RequestsSeen } from "./coordination/requests-seen.ts";
import { withStorage, type DispatchView } from "./dispatch-view.ts";
import type { PeersRead } from "./peers.ts";
import type { StateDirectory } from "./journal/state-directory.ts";
import type { UnitWork } from "./unit-work.ts";
import type { ModuleReference } from "./worker/worker-input.ts";

/** What the questions need. */
export interface ExecutorQuestionsOptions {
  readonly juju: Juju;
  readonly event: JujuEvent;
  readonly executor: ModuleReference;
  readonly environment: ExecutorEnvironment;
  readonly archiveStorage: StorageConfig | undefined;
  readonly machine: Pick<Machine, "clock">;
  readonly store: ModuleReference | undefined;
  readonly state: StateDirectory;
  readonly work: UnitWork;
}

/** The executor, loaded when it is first asked. */
export class ExecutorQuestions {
  readonly #options: ExecutorQuestionsOptions;
  #executor: Promise<Executor> | undefined;

  constructor(options: ExecutorQuestionsOptions) {
    this.#options = options;
  }

  /**
   * What the unit says of itself: asked anew where somebody may want to know.
   *
   * @param isDue Whether this unit has a grant that it has done nothing about yet, or whose restore has ended.
   */
  async standing(
    { application, own }: PeersRead,
    { requests, expected }: DispatchView,
    isDue: boolean,
  ): Promise<PublishedStanding> {
    const { event, juju } = this.#options;
    const claim = await this.claimPlace();
    if (claim === undefined) {
      const failure = await this.#probeFailure();
      if (failure !== undefined) return { ready: false, reason: `${failure.message} ${failure.remedy}` };
    }
    const where = claim === undefined ? {} : { claim };
    const known = own?.standing;
    // Where there is no choice nobody wants to know until a job comes; where there is one it should not be made on old news.
    const isTime = expected.size > 1 && event.kind === "hook" && event.name === "update-status";
    const isWanted = isTime || isDue || hasWaiting(requests, application);
    const isInOrder = known?.busy !== true && known?.problem === undefined;
    if (known !== undefined && isInOrder && !isWanted) {
      const { claim: _before, ...kept } = known;
      return { ...kept, ...where };
    }
    try {
      const standing = await (await this.#load()).standing();
      if (!standing.ready) return { ready: false, reason: standing.reason, ...where };
      const { role, problem } = standing;
      return { ready: true, role, ...(problem === undefined ? {} : { problem }), ...where };
    } catch (error) {
      const reason = thrownText(error);
      await juju.log("ERROR", `The executor cannot say whether it is ready: ${reason}`);
      return { ready: false, reason, ...where };
    }
  }

  /** Where this unit can claim fences; undefined until it has found out, which this begins. */
  async claimPlace(): Promise<ClaimPlace | undefined> {
    const { archiveStorage, state, work } = this.#options;
    if (archiveStorage === undefined) return noClaim;
    const id = storageId(archiveStorage);
    const probe = await state.storageProbe();
    if (probe?.storage === id && "keepsFences" in probe) return probe.keepsFences ? id : noClaim;
    await work.probe(archiveStorage);
    return undefined;
  }

  /** Why it could not be found out where this unit can claim fences; undefined where nothing is known to have gone wrong. */
  async #probeFailure(): Promise<Failure | undefined> {
    const { archiveStorage, state } = this.#options;
    const probe = await state.storageProbe();
    if (archiveStorage === undefined || probe?.storage !== storageId(archiveStorage)) return undefined;
    return "failure" in probe ? probe.failure : undefined;
  }

  /** Whether two backups may run at the same time. */
  async compatible(
    requests: RequestsSeen,
    application: ApplicationRecord,
  ): Promise<(a: JobRequest, b: JobRequest) => boolean> {
    if (!hasWaiting(requests, application)) return () => false;
    const executor = await this.#loadIfItCan();
    return (a, b) => executor?.compatible(a, b) ?? false;
  }

  /**
   * The roles in which a unit can take a job of a type, the best first.
   *
   * @param isNew Whether this unit has a grant that it has done nothing about yet.
   */
  async roles(
    requests: RequestsSeen,
    application: ApplicationRecord,
    isNew: boolean,
  ): Promise<(type: JobType) => readonly Role[]> {
    if (!isNew && !hasWaiting(requests, application)) return rolesByDefault;
    const executor = await this.#loadIfItCan();
    return (type) => executor?.roles?.[type] ?? rolesByDefault(type);
  }

  /** Why a job of an action would be rejected now; undefined where nothing is found against it. */
  async refusal(job: AskedJob): Promise<Failure | undefined> {
    const { archiveStorage, juju, machine, store } = this.#options;
    const executor = await this.#loadIfItCan();
    if (archiveStorage === undefined || executor === undefined) return undefined;
    const { entryCheck } = await import("./entry-check.ts");
    const plannedUnits = (await juju.goalState()).units.length;
    const given = { executor, store, clock: machine.clock, plannedUnits };
    return await entryCheck(given, withStorage(job, archiveStorage));
  }

  /** Whether a job still runs somewhere, as far as this unit can see. */
  async lives(request: JobRequest): Promise<boolean> {
    return (await (await this.#load()).lives?.(request)) ?? false;
  }

  /** One that cannot even be made takes no jobs, as its standing says; that must not keep reports from being written. */
  async #loadIfItCan(): Promise<Executor | undefined> {
    return await this.#load().catch(() => undefined);
  }

  async #load(): Promise<Executor> {
    this.#executor ??= (async () => {
      const { executor, environment } = this.#options;
      const loaded: ExecutorModule = await import(executor.module);
      return loaded.createExecutor(executor.options, environment);
    })();
    return await this.#executor;
  }
}

/** Of two that can back up, the replica has less else to do. */
function rolesByDefault(type: JobType): readonly Role[] {
  return type === "backup" ? ["replica", "primary"] : ["primary"];
}

/** Whether any request stands that no unit has and that has not ended. */
function hasWaiting(requests: RequestsSeen, { done, grants }: ApplicationRecord): boolean {
  const granted = new Set<string>();
  for (const { relation, job } of grants.values()) granted.add(jobKey(relation, job));
  for (const { key, request } of requests.all) {
    if (request !== undefined && !done.has(key) && !granted.has(key)) return true;
  }
  return false;
}
