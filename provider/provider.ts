/**
 * The provider: the database charm's side of the interface.
 *
 * @module
 */
import { join } from "node:path";
import { JournalError, PeerDatabagError, RequestError } from "../lib/errors.ts";
import type { ExecutorEnvironment } from "../lib/executor.ts";
import type { Failure } from "../lib/job/report.ts";
import type { StorageConfig } from "../lib/job/storage-config.ts";
import type { Dispatch } from "../lib/juju/dispatch.ts";
import { currentEvent, type JujuEvent } from "../lib/juju/event.ts";
import type { Juju, UnitStatus } from "../lib/juju/juju.ts";
import { LeaderWindow } from "../lib/juju/leader-window.ts";
import type { Machine } from "../lib/machine/machine.ts";
import { nodeMachine } from "../lib/machine/node-machine.ts";
import { Turns } from "../lib/turns.ts";
import { grantId, type AskedJob } from "./coordination/peer-records.ts";
import { shippedRules, type Rules } from "./coordination/rules.ts";
import { readDispatch, type DispatchReading } from "./dispatch-view.ts";
import { ExecutorQuestions } from "./executor-questions.ts";
import {
  decideRelease,
  describeRelease,
  freeAsLeader,
  freeAsUnit,
  refusal,
  type GrantRelease,
} from "./grant-release.ts";
import { LeaderWrites } from "./leader-writes.ts";
import { isBackingUp, ownJobIn, withWait, type OwnJob } from "./own-job.ts";
import { incarnationsOf } from "./peers.ts";
import { pokeCommand } from "./worker/poke.ts";
import { Publisher, type Publication } from "./publisher.ts";
import { Rounds } from "./rounds.ts";
import { StateDirectory } from "./journal/state-directory.ts";
import { hasOpenJob, manyWithoutPeers, unitStatus } from "./unit-status.ts";
import { UnitWork } from "./unit-work.ts";
import type { ModuleReference } from "./worker/worker-input.ts";

/** What a provider is made of. */
export interface ProviderOptions {
  readonly juju: Juju;
  /**
   * A directory on the unit's disk for the journal, outside the charm's own, which a refresh replaces. A folder named
   * after the unit is made in it.
   */
  readonly stateDirectory: string;
  /**
   * The module that makes the executor, by URL, so that a hook that has nothing to do loads none of it, and its options,
   * plain JSON.
   */
  readonly executor: { readonly module: string | URL; readonly options?: unknown };
  /** The module that opens the artefact store, by URL, and its options. Default: S3. */
  readonly store?: { readonly module: string | URL; readonly options?: unknown };
  /** The endpoint of the charm that has the interface. Default: `database-backup`. */
  readonly endpoint?: string;
  /**
   * The peer endpoint that the units of an application use to agree on who runs what. Nothing else may use it. Default:
   * `database-backup-peers`. A charm without it is served while it plans one unit.
   */
  readonly peerEndpoint?: string;
  /**
   * The storage of the cluster that outlives its units, where it has one. There it is made sure that a unit that vanished
   * never starts a job that was taken away from it. Without it, or where the server ignores `If-None-Match`, only an admin
   * can say so, with {@link Provider.releaseGrant}.
   */
  readonly archiveStorage?: StorageConfig | undefined;
  /** Why the charm was dispatched. Default: what the environment says. */
  readonly event?: JujuEvent;
  /** The charm's own directory. Default: what the environment says. */
  readonly charmDirectory?: string;
  /** The machine that the unit runs on. Default: the one that this process runs on. */
  readonly machine?: Machine;
  /**
   * Takes what is done when the charm has done all else: the check that a leader which wrote has not taken too long and, in a
   * command of `juju-exec`, the leader's writes themselves. A dispatch has it. Default: nothing is checked, the writes are
   * made at once, and a charm that dawdles for minutes after `reconcile()` may overwrite what a new leader wrote.
   */
  readonly atEnd?: Dispatch["atEnd"];
}

/** What a dispatch came to. */
export interface ProviderOutcome {
  /** The unit status that the library proposes; absent where it has nothing to say. The charm decides. */
  readonly status?: UnitStatus;
}

/**
 * Detects jobs, agrees with the application's other units on who runs which, runs them one at a time in processes of their
 * own, and reports where they stand (database_backup, Provider).
 *
 * @example
 * ```ts
 * const juju = new HookTools();
 * const provider = new Provider({
 *   juju,
 *   stateDirectory: "/var/lib/my-database-charm",
 *   executor: { module: new URL("./my-executor.js", import.meta.url) },
 * });
 * const { status } = await provider.reconcile();
 * await juju.setStatus(status ?? { name: "active", message: "" });
 * ```
 */
export class Provider {
  readonly #juju: Juju;
  readonly #options: ProviderOptions;
  readonly #event: JujuEvent;
  readonly #machine: Machine;
  readonly #state: StateDirectory;
  readonly #work: UnitWork;
  readonly #writes: LeaderWrites;
  readonly #questions: ExecutorQuestions;
  readonly #rounds: Rounds;
  readonly #rules: Rules;
  readonly #turns = new Turns();
  #hasBegun = false;

  /** @param rules For tests of the protocol alone. Default: as shipped. */
  constructor(options: ProviderOptions, rules: Rules = shippedRules) {
    const { juju } = options;
    this.#juju = juju;
    this.#options = options;
    this.#rules = rules;
    this.#event = options.event ?? currentEvent();
    this.#machine = options.machine ?? nodeMachine;
    this.#state = new StateDirectory(
      join(options.stateDirectory, juju.unit.replace("/", "-")),
      this.#machine,
    );
    this.#writes = new LeaderWrites({
      publisher: new Publisher(juju, this.#state, rules),
      event: this.#event,
      rules,
      atEnd: options.atEnd,
      poke: () => this.#leavePoke(),
    });
    const { archiveStorage } = options;
    const executor = reference(options.executor);
    const environment = this.executorEnvironment;
    const store = options.store === undefined ? undefined : reference(options.store);
    const machine = this.#machine;
    const common = { juju, machine, state: this.#state, executor, store, environment, archiveStorage };
    this.#work = new UnitWork({
      ...common,
      poke: this.#poke,
      rules,
    });
    this.#questions = new ExecutorQuestions({ ...common, event: this.#event, work: this.#work });
    this.#rounds = new Rounds({
      unit: juju.unit,
      event: this.#event,
      machine: this.#machine,
      state: this.#state,
      work: this.#work,
      questions: this.#questions,
      rules,
    });
  }

  /**
   * Brings the unit one step further: reads everything, starts what is to be started, reports what there is to report.
   * Call it in every dispatch, whatever the event, once. Called again, it waits for the call before, and starts nothing
   * twice.
   *
   * The keys `jobs` of the unit's databag, and `features`, `lib-version`, `queue`, `problems` and `backups` of the
   * application's, are the library's own: what a charm writes to them, or deletes, is put right in this dispatch or in the
   * next. A charm's other keys stay as they are. The one thing believed is the report of an end that no journal knows: such
   * a job is not run.
   *
   * @throws HookToolError where Juju does not answer; the hook then fails and runs again.
   * @throws LeadershipError where a leader took longer than it may; the hook then fails and runs again.
   */
  async reconcile(): Promise<ProviderOutcome> {
    return await this.#turns.take(async () => await this.#reconcile());
  }

  async #reconcile(): Promise<ProviderOutcome> {
    try {
      return await this.#dispatch();
    } catch (error) {
      if (!(error instanceof JournalError) && !(error instanceof PeerDatabagError)) throw error;
      await this.#juju.log("ERROR", `${error.message} ${error.remedy}`);
      return { status: { name: "blocked", message: error.message } };
    }
  }

  /**
   * Asks for a job of the charm's own, by the same door as the jobs of backup managers: its turn comes when no other job
   * stands in its way, and this unit runs it. Its artefacts go to the archive storage. For an action, which makes its own
   * checks first and gives the admin the job's id.
   *
   * @param job Its id is new: a UUID. It is requested now unless it says when.
   * @throws RequestError `storage-missing` where the provider was given no archive storage.
   * @throws PeerDatabagError, JournalError where nothing can be asked for now.
   */
  async requestJob(job: AskedJob): Promise<void> {
    if (this.#options.archiveStorage === undefined) {
      throw new RequestError("storage-missing", "There is no archive storage to keep the job's artefacts.", {
        remedy: "Relate the database to a storage first.",
      });
    }
    const requestedAt = this.#machine.clock.now().toISOString();
    await this.#turns.take(async () => await this.#dispatch([{ requestedAt, ...job }]));
    this.#leavePoke();
  }

  /**
   * Tells where a job stands that {@link Provider.requestJob} asked for, as far as this unit knows.
   *
   * @returns Undefined for one that nobody asked for, or that ended so long ago that it is forgotten.
   * @throws PeerDatabagError, JournalError, HookToolError
   */
  async ownJob(job: string): Promise<OwnJob | undefined> {
    const view = await readDispatch(this.#reading, this.#juju.isLeader());
    if (view.peers === undefined) return undefined;
    const { read } = view.peers;
    const found = ownJobIn(job, read, await this.#rounds.readState());
    return found?.report.phase === "waiting"
      ? withWait(found, await this.#rounds.waiting(view, read))
      : found;
  }

  /**
   * Tells why a job of the charm's own would be rejected if its turn came now: for an action, which fails at once where a job
   * would fail later. While this unit has a job, whatever its executor sees is passing, and nothing is said.
   *
   * @returns Undefined where nothing is found against it, which its own checks may still do.
   * @throws JournalError, HookToolError
   */
  async refusalOf(job: AskedJob): Promise<Failure | undefined> {
    return (await this.isBusy()) ? undefined : await this.#questions.refusal(job);
  }

  /**
   * Whether this unit has a job that has not ended: it runs, or is still to be cleaned up after.
   *
   * @throws JournalError
   */
  async isBusy(): Promise<boolean> {
    return hasOpenJob((await this.#rounds.readState()).journal);
  }

  /**
   * Whether another unit of the application has a backup to make, as far as this unit knows: for a charm whose actions tell
   * backups that run from those that crashed.
   *
   * @throws PeerDatabagError, HookToolError
   */
  async backsUpElsewhere(): Promise<boolean> {
    const { peers } = await readDispatch(this.#reading, this.#juju.isLeader());
    return peers !== undefined && isBackingUp(peers.read, this.#juju.unit);
  }

  /** Who this unit is to its executor: for a charm whose actions ask the database engine itself. */
  get executorEnvironment(): ExecutorEnvironment {
    const { unit, application, modelUuid } = this.#juju;
    return { unit, application, modelUuid, workDirectory: this.#state.executorDirectory };
  }

  /**
   * Gives up a grant whose unit went away without a word: the way out where the storage cannot tell that nobody will ever
   * run the job. The job ends as lost. For an action of an admin, who knows that the unit's machine is off.
   *
   * @param request `fence` is the grant's number, as status and queue name it. Without `confirm`, which is the unit's name,
   *   it is only told what would be given up.
   * @returns What was found, and what was done.
   * @throws RequestError `grant-unknown`, `grant-elsewhere` or `grant-held`, where there is nothing to give up here.
   * @throws HookToolError, PeerDatabagError, JournalError, LeadershipError where nothing was done.
   */
  async releaseGrant(request: { readonly fence: number; readonly confirm?: string }): Promise<GrantRelease> {
    return await this.#turns.take(async () => await this.#releaseGrant(request));
  }

  async #releaseGrant({
    fence,
    confirm,
  }: {
    readonly fence: number;
    readonly confirm?: string;
  }): Promise<GrantRelease> {
    const window = new LeaderWindow(this.#juju, this.#machine.clock, this.#rules.isWithinWindow);
    const view = await readDispatch(this.#reading, window.open());
    if (view.peers === undefined) throw refusal({ kind: "unknown", grants: [] }, fence);
    const { databags, read } = view.peers;
    const { journal } = await this.#rounds.readState();
    const incarnation = journal.incarnation ?? "";
    const found = [...read.application.grants.values()].find((grant) => grant.fence === fence);
    const decision = decideRelease({
      unit: this.#juju.unit,
      incarnation,
      isLeader: view.isLeader,
      application: read.application,
      isGone: (unit) => this.#rules.isGone(unit, view.expected, read.listed),
      fence,
      confirm,
      revoked: found === undefined ? undefined : (await this.#state.revocation(grantId(found)))?.revoked,
      claim: (await this.#questions.claimPlace()) ?? "",
    });
    if (decision.kind === "revoke") await this.#work.revoke(decision.grant);
    if (decision.kind === "revoke" || decision.kind === "shown") return describeRelease(decision);
    if (decision.kind !== "free") throw refusal(decision, fence);
    const { grant } = decision;
    const request = view.requests.find(grant.relation, grant.job)?.request;
    if (request !== undefined && (await this.#questions.lives(request))) {
      throw refusal({ kind: "alive", grant }, fence);
    }
    const now = this.#machine.clock.now().toISOString();
    if (decision.as === "leader") {
      window.require();
      const by = { unit: this.#juju.unit, incarnation };
      await databags.writeApplication(freeAsLeader(read.application, grant, by, now));
    } else {
      await this.#state.append(freeAsUnit(grant, now));
      await this.#dispatch();
    }
    this.#leavePoke();
    return describeRelease(decision);
  }

  async #dispatch(asks: readonly AskedJob[] = []): Promise<ProviderOutcome> {
    const window = new LeaderWindow(this.#juju, this.#machine.clock, this.#rules.isWithinWindow);
    const { juju } = this.#options;
    const [view] = await Promise.all([readDispatch(this.#reading, window.open()), this.#begin()]);
    if (view.peers === undefined) return { status: manyWithoutPeers(view) };
    const { databags: peers, read } = view.peers;
    const round = await this.#rounds.run(view, peers, read, asks);
    const { plan, state } = round;
    if (round.warning !== undefined) await juju.log("WARNING", round.warning);

    const publication: Publication = {
      view,
      peers,
      read,
      now: round.view.now,
      journal: state.journal,
      ...(state.liveProgress === undefined ? {} : { liveProgress: state.liveProgress }),
      record: round.record,
      plan,
    };
    const granted = plan?.application.grants.get(juju.unit)?.fence;
    const isNewGrant = granted !== undefined && granted !== read.application.grants.get(juju.unit)?.fence;
    await this.#writes.write(window, publication, isNewGrant);
    if (round.fault !== undefined) throw round.fault;
    await this.#rounds.compact(round);
    const status = unitStatus({
      journal: state.journal,
      running: state.running,
      standing: round.record.standing,
      waiting: plan?.waiting ?? [],
      incarnations: incarnationsOf(read).set(juju.unit, round.record.incarnation),
      blockedBy: round.action.kind === "blocked" ? round.action.by : undefined,
      relations: view.relations.map((relation) => relation.requests),
    });
    // A worker that cannot write waits for room, and nobody else would tell the admin.
    if (status?.name === "maintenance") await this.#state.requireRoom();
    return status === undefined ? {} : { status };
  }

  /** Reads what the unit keeps; one that is being installed begins a new life. */
  async #begin(): Promise<void> {
    const isFirst = !this.#hasBegun;
    this.#hasBegun = true;
    if (isFirst && this.#rules.beginsIncarnation(this.#event)) await this.#state.beginIncarnation();
  }

  get #reading(): DispatchReading {
    const { juju, endpoint = "database-backup", peerEndpoint = "database-backup-peers" } = this.#options;
    return {
      juju,
      event: this.#event,
      endpoint,
      peerEndpoint,
      archiveStorage: this.#options.archiveStorage,
      state: this.#state,
      rules: this.#rules,
    };
  }

  /** Has the unit dispatched once more. Nobody waits for it: it stands in line behind this very dispatch. */
  #leavePoke(): void {
    void this.#machine.processes.leave(this.#poke);
  }

  get #poke(): readonly [string, ...string[]] {
    const directory = this.#options.charmDirectory ?? process.env["JUJU_CHARM_DIR"] ?? process.cwd();
    return pokeCommand(this.#juju.unit, directory);
  }
}

function reference(module: { readonly module: string | URL; readonly options?: unknown }): ModuleReference {
  const url = String(module.module);
  return { module: url.startsWith("/") ? new URL(`file://${url}`).href : url, options: module.options };
}
