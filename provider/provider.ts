/**
 * The provider: the database charm's side of the interface.
 *
 * @module
 */
import { join } from "node:path";
import { JournalError, PeerDatabagError } from "../lib/errors.ts";
import type { Executor, ExecutorEnvironment, ExecutorModule } from "../lib/executor.ts";
import type { JobReport } from "../lib/job/report.ts";
import type { JobRequest, JobType } from "../lib/job/request.ts";
import type { StorageConfig } from "../lib/job/storage-config.ts";
import { currentEvent, type JujuEvent } from "../lib/juju/event.ts";
import type { Juju, UnitStatus } from "../lib/juju/juju.ts";
import { LeaderWindow } from "../lib/juju/leader-window.ts";
import type { Machine } from "../lib/machine/machine.ts";
import { nodeMachine } from "../lib/machine/node-machine.ts";
import { thrownText } from "../lib/thrown.ts";
import { Turns } from "../lib/turns.ts";
import { storageId } from "./coordination/digest.ts";
import { decideLeader, type LeaderPlan } from "./coordination/leader-step.ts";
import {
  grantId,
  jobKey,
  noClaim,
  type ApplicationRecord,
  type Grant,
  type PublishedStanding,
  type Role,
  type UnitRecord,
} from "./coordination/peer-records.ts";
import type { RequestsSeen } from "./coordination/requests-seen.ts";
import { shippedRules, type Rules } from "./coordination/rules.ts";
import { decideUnit, unitRecord, type UnitAction, type UnitView } from "./coordination/unit-step.ts";
import { readDispatch, type DispatchView } from "./dispatch-view.ts";
import { compactAbove, compactJournal, lastFence, outcomeOf, type JournalState } from "./journal.ts";
import { readLiveJournal } from "./live-journal.ts";
import type { Peers, PeersRead } from "./peers.ts";
import { pokeCommand } from "./poke.ts";
import { Publisher } from "./publisher.ts";
import { StateDirectory, type LiveProgress } from "./state-directory.ts";
import { unitStatus } from "./unit-status.ts";
import { UnitWork } from "./unit-work.ts";
import type { ModuleReference } from "./worker-input.ts";

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
  /** Takes a check that is made at the dispatch's end. Default: it is made when this process ends. */
  readonly atEnd?: (check: () => void) => void;
}

/** What a dispatch came to. */
export interface ProviderOutcome {
  /** The unit status that the library proposes; absent where it has nothing to say. The charm decides. */
  readonly status?: UnitStatus;
}

/** What the unit keeps on its own disk. */
interface UnitState {
  readonly journal: JournalState;
  readonly running: ReadonlySet<string>;
  readonly liveProgress?: LiveProgress;
}

/** What one round of deciding and doing came to. */
interface Round {
  readonly view: UnitView;
  readonly action: UnitAction;
  readonly record: UnitRecord;
  readonly plan: LeaderPlan | undefined;
  readonly state: UnitState;
}

/** A unit that is alone sees at once what it decided, and goes on until nothing is left to decide. */
const maxRounds = 5;

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
  readonly #publisher: Publisher;
  readonly #rules: Rules;
  readonly #turns = new Turns();
  #executor: Promise<Executor> | undefined;
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
    this.#publisher = new Publisher(juju, this.#state, rules);
    this.#work = new UnitWork({
      juju,
      machine: this.#machine,
      state: this.#state,
      executor: reference(options.executor),
      store: options.store === undefined ? undefined : reference(options.store),
      environment: this.#environment,
      poke: this.#poke,
      archiveStorage: options.archiveStorage,
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

  async #dispatch(): Promise<ProviderOutcome> {
    const window = new LeaderWindow(this.#juju, this.#machine.clock, this.#rules.isWithinWindow);
    const { juju, endpoint = "database-backup", peerEndpoint = "database-backup-peers" } = this.#options;
    const reading = {
      juju,
      event: this.#event,
      endpoint,
      peerEndpoint,
      archiveStorage: this.#options.archiveStorage,
      state: this.#state,
      rules: this.#rules,
    };
    const [view] = await Promise.all([readDispatch(reading, window.open()), this.#begin()]);
    if (view.peers === undefined) return { status: manyWithoutPeers(view) };
    const { databags: peers, read } = view.peers;
    const { requests } = view;
    const round = await this.#rounds(view, peers, read);
    const { plan, state } = round;

    const mayWrite = plan === undefined || peers.countsAtOnce || this.#stillLeads(window);
    if (mayWrite) {
      await this.#publisher.publish({
        view,
        peers,
        read,
        now: round.view.now,
        journal: state.journal,
        ...(state.liveProgress === undefined ? {} : { liveProgress: state.liveProgress }),
        record: round.record,
        plan,
      });
    }
    if (plan !== undefined && !peers.countsAtOnce && mayWrite) this.#options.atEnd?.(() => window.require());
    const grantedSelf =
      plan?.application.grants.get(juju.unit)?.fence !== read.application.grants.get(juju.unit)?.fence;
    if (
      !mayWrite ||
      (grantedSelf && plan?.application.grants.has(juju.unit) === true && !peers.countsAtOnce)
    ) {
      // Nobody waits for it: it stands in line behind this very dispatch.
      void this.#machine.processes.leave(this.#poke);
    }
    await this.#compact(round, requests);
    const status = unitStatus({
      journal: state.journal,
      running: state.running,
      standing: round.record.standing,
      waiting: plan?.waiting ?? [],
      blockedBy: round.action.kind === "blocked" ? round.action.by : undefined,
      relations: view.relations.map((relation) => relation.requests),
    });
    // A worker that cannot write waits for room, and nobody else would tell the admin.
    if (status?.name === "maintenance") await this.#state.requireRoom();
    return status === undefined ? {} : { status };
  }

  /** Whether the leader may write; in a hook it is an error if not, so that Juju runs it again. */
  #stillLeads(window: LeaderWindow): boolean {
    if (this.#event.kind !== "custom") window.require();
    return window.isOpen;
  }

  /** Decides and does; where what was decided counts at once, until there is nothing left. */
  async #rounds(view: DispatchView, peers: Peers, first: PeersRead): Promise<Round> {
    let read = first;
    for (let round = 1; ; round += 1) {
      const done = await this.#round(view, read);
      if (!peers.countsAtOnce || round === maxRounds) return done;
      const changed = [
        await peers.writeOwn(done.record),
        done.plan !== undefined && (await peers.writeApplication(done.plan.application)),
      ];
      if (!changed.includes(true)) return done;
      read = await peers.read(view.isLeader);
    }
  }

  async #round(view: DispatchView, read: PeersRead): Promise<Round> {
    const { requests } = view;
    const before = await this.#readState();
    const unitView = await this.#unitView(read, view, before);
    const action = decideUnit(unitView, this.#rules);
    const changed = await this.#work.perform(action, requests, unitView.incarnation);
    const state = changed ? await this.#readState() : before;
    const after = { ...unitView, ...state };
    const asked = (read.own?.asked ?? []).filter(({ id }) => !isDone(read.application, "action", id));
    const own = unitRecord(after, asked, this.#rules);
    const record = { ...own, standing: busyStanding(own.standing, after, action) };
    const leads = view.isLeader && this.#event.kind !== "action";
    const plan = leads ? await this.#leaderPlan(view, read, record, state) : undefined;
    for (const grant of plan?.toRevoke ?? []) await this.#work.revoke(grant);
    return { view: after, action, record, plan, state };
  }

  async #unitView(read: PeersRead, view: DispatchView, state: UnitState): Promise<UnitView> {
    const { requests } = view;
    const { juju } = this.#options;
    const grant = read.application.grants.get(juju.unit);
    const event = this.#event;
    return {
      now: this.#machine.clock.now().toISOString(),
      unit: juju.unit,
      incarnation: state.journal.incarnation ?? "",
      application: read.application,
      own: read.own,
      journal: state.journal,
      running: state.running,
      requests,
      standing: await this.#standing(read, view, grant),
      roles: await this.#roles(requests, read.application),
      leaving: event.kind === "relation" && event.departingUnit === juju.unit,
      revoked: await this.#revoked(grant === undefined ? [] : [grant]),
    };
  }

  async #leaderPlan(
    view: DispatchView,
    read: PeersRead,
    record: UnitRecord,
    state: UnitState,
  ): Promise<LeaderPlan> {
    const { juju } = this.#options;
    const { application, others, listed } = read;
    const { requests } = view;
    return decideLeader(
      {
        now: this.#machine.clock.now().toISOString(),
        unit: juju.unit,
        application,
        records: new Map([...others, [juju.unit, record]]),
        listed,
        expected: view.expected,
        requests,
        ownReports: ownReports(view, state.journal),
        compatible: await this.#compatible(requests, application),
        roles: await this.#roles(requests, application),
        revoked: await this.#revoked([...application.grants.values()]),
        fenceOnDisk: lastFence(state.journal),
        newLineage: crypto.randomUUID().slice(0, 13).replace("-", ""),
      },
      this.#rules,
    );
  }

  /** Reads what the unit keeps; one that is being installed begins a new life. */
  async #begin(): Promise<void> {
    const isFirst = !this.#hasBegun;
    this.#hasBegun = true;
    if (isFirst && this.#rules.beginsIncarnation(this.#event)) await this.#state.beginIncarnation();
  }

  async #readState(): Promise<UnitState> {
    const { processes } = this.#machine;
    const [live, liveProgress] = await Promise.all([
      readLiveJournal(this.#state, async (identity) => await processes.isRunning(identity)),
      this.#state.liveProgress(),
    ]);
    return { ...live, ...(liveProgress === undefined ? {} : { liveProgress }) };
  }

  /** What the unit says of itself: asked anew where somebody may want to know. */
  async #standing(
    { application, own }: PeersRead,
    { requests, expected }: DispatchView,
    grant: Grant | undefined,
  ): Promise<PublishedStanding> {
    const claim = await this.#claimPlace();
    const where = claim === undefined ? {} : { claim };
    const hasPeers = expected.size > 1;
    const known = own?.standing;
    // Where there is no choice nobody wants to know until a job comes; where there is one it should not be made on old news.
    const isTime = hasPeers && this.#event.kind === "hook" && this.#event.name === "update-status";
    const wanted = isTime || grant !== undefined || hasUndecided(requests, application);
    if (known?.ready === true && !wanted) return { ready: true, ...roleOf(known.role), ...where };
    try {
      const standing = await (await this.#loadExecutor()).standing();
      return standing.ready
        ? { ready: true, role: standing.role, ...where }
        : { ready: false, reason: standing.reason, ...where };
    } catch (error) {
      const reason = thrownText(error);
      await this.#juju.log("ERROR", `The executor cannot say whether it is ready: ${reason}`);
      return { ready: false, reason, ...where };
    }
  }

  /** Where this unit can claim fences; undefined until it has found out. */
  async #claimPlace(): Promise<string | undefined> {
    const { archiveStorage } = this.#options;
    if (archiveStorage === undefined) return noClaim;
    const id = storageId(archiveStorage);
    const probe = await this.#state.storageProbe();
    if (probe?.storage === id) return probe.keepsFences ? id : noClaim;
    await this.#work.probe(archiveStorage);
    return undefined;
  }

  async #compatible(
    requests: RequestsSeen,
    application: ApplicationRecord,
  ): Promise<(a: JobRequest, b: JobRequest) => boolean> {
    if (!hasUndecided(requests, application)) return () => false;
    const executor = await this.#loadExecutor();
    return (a, b) => executor.compatible(a, b);
  }

  async #roles(
    requests: RequestsSeen,
    application: ApplicationRecord,
  ): Promise<(type: JobType) => readonly Role[]> {
    if (!hasUndecided(requests, application) && application.grants.size === 0) return rolesByDefault;
    const { roles } = await this.#loadExecutor();
    return (type) => roles?.[type] ?? rolesByDefault(type);
  }

  async #loadExecutor(): Promise<Executor> {
    this.#executor ??= (async () => {
      const { module, options } = this.#options.executor;
      const loaded: ExecutorModule = await import(String(module));
      return loaded.createExecutor(options, this.#environment);
    })();
    return await this.#executor;
  }

  /** The grants whose fences nobody can claim any more, as far as this unit has found out. */
  async #revoked(grants: readonly Grant[]): Promise<ReadonlySet<string>> {
    const claimed = grants.filter(({ claim }) => claim !== noClaim);
    const found = await Promise.all(
      claimed.map(async (grant) => await this.#state.revocation(grantId(grant))),
    );
    return new Set(claimed.filter((_, index) => found[index]?.revoked === true).map(grantId));
  }

  async #compact({ state, view }: Round, requests: RequestsSeen): Promise<void> {
    const { journal, running } = state;
    if (journal.length <= compactAbove || running.size > 0) return;
    const granted = view.application.grants.get(view.unit);
    const shorter = compactJournal(
      journal,
      ({ relation, job, ...entry }) =>
        requests.find(relation, job) !== undefined ||
        !requests.isGone({ relation, job, application: "" }) ||
        (granted !== undefined && grantId(granted) === grantId(entry)),
    );
    await this.#state.compact(shorter);
  }

  get #environment(): ExecutorEnvironment {
    const { unit, application, modelUuid } = this.#juju;
    return { unit, application, modelUuid, workDirectory: this.#state.executorDirectory };
  }

  get #poke(): readonly [string, ...string[]] {
    const directory = this.#options.charmDirectory ?? process.env["JUJU_CHARM_DIR"] ?? process.cwd();
    return pokeCommand(this.#juju.unit, directory);
  }
}

/** The roles in which a unit can take a job: of two that can back up, the replica has less else to do. */
function rolesByDefault(type: JobType): readonly Role[] {
  return type === "backup" ? ["replica", "primary"] : ["primary"];
}

function roleOf(role: Role | undefined): { readonly role?: Role } {
  return role === undefined ? {} : { role };
}

/** What stands in this unit's databags of jobs that its journal does not know. */
function ownReports(view: DispatchView, journal: JournalState): ReadonlyMap<string, JobReport> {
  const known = new Set<string>();
  for (const entry of journal.entries.values()) known.add(jobKey(entry.relation, entry.job));
  const reports = new Map<string, JobReport>();
  for (const { requests, reports: standing } of view.relations) {
    for (const report of standing) {
      const key = jobKey(requests.relation, report.id);
      if (!known.has(key)) reports.set(key, report);
    }
  }
  return reports;
}

/** Whether any request stands that has not ended. */
function hasUndecided(requests: RequestsSeen, application: ApplicationRecord): boolean {
  for (const { relation, request } of requests.all) {
    if (request !== undefined && !isDone(application, relation, request.id)) return true;
  }
  return false;
}

function isDone(application: ApplicationRecord, relation: string, job: string): boolean {
  return application.done.has(jobKey(relation, job));
}

/** A unit that has something to finish first is not ready for anything else. */
function busyStanding(standing: PublishedStanding, view: UnitView, action: UnitAction): PublishedStanding {
  if (action.kind === "blocked") {
    const { fence } = action.by;
    return {
      ...standing,
      ready: false,
      reason: `fence ${fence} was granted to the unit that bore its name before, and nobody knows what became of it`,
    };
  }
  const grant = view.application.grants.get(view.unit);
  const open = [...view.journal.entries.values()].find((entry) => outcomeOf(entry) === undefined);
  if (open === undefined || (grant !== undefined && grantId(grant) === grantId(open))) return standing;
  return { ...standing, ready: false, reason: "still has to finish a job that was taken away from it" };
}

function manyWithoutPeers(view: DispatchView): UnitStatus {
  let waiting = 0;
  for (const { requests, reports } of view.relations) {
    const reported = new Set(reports.map(({ id }) => id));
    waiting += requests.requests.filter(({ id }) => !reported.has(id)).length;
  }
  return {
    name: "blocked",
    message:
      `${view.expected.size} units planned, but the charm has no peer relation for backups` +
      `${waiting === 0 ? "" : `; ${waiting} waiting`}: add the peer endpoint, or remove units`,
  };
}

function reference(module: { readonly module: string | URL; readonly options?: unknown }): ModuleReference {
  const url = String(module.module);
  return { module: url.startsWith("/") ? new URL(`file://${url}`).href : url, options: module.options };
}
