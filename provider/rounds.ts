/**
 * What a unit decides and does in one dispatch, from everything that was read. Nothing is written to databags yet.
 *
 * @module
 */
import { JournalError } from "../lib/errors.ts";
import type { JobReport } from "../lib/job/report.ts";
import type { JujuEvent } from "../lib/juju/event.ts";
import type { Machine } from "../lib/machine/machine.ts";
import { decideLeader, type LeaderPlan } from "./coordination/leader-step.ts";
import {
  actionRelation,
  grantId,
  jobKey,
  noClaim,
  type AskedJob,
  type Grant,
  type PublishedStanding,
  type UnitRecord,
} from "./coordination/peer-records.ts";
import type { Rules } from "./coordination/rules.ts";
import type { WaitingJob } from "./coordination/wait.ts";
import { decideUnit, unitRecord, type UnitAction, type UnitView } from "./coordination/unit-step.ts";
import type { DispatchView } from "./dispatch-view.ts";
import type { ExecutorQuestions } from "./executor-questions.ts";
import { compactAbove, compactJournal, lastFence, outcomeOf, type JournalState } from "./journal/journal.ts";
import { readLiveJournal } from "./journal/live-journal.ts";
import type { Peers, PeersRead } from "./peers.ts";
import { agreedRetention, mixedRetention, withAgreedRetention, type AgreedRetention } from "./retention.ts";
import type { LiveProgress, StateDirectory } from "./journal/state-directory.ts";
import type { UnitWork } from "./unit-work.ts";

/** What the unit keeps on its own disk. */
interface UnitState {
  readonly journal: JournalState;
  readonly running: ReadonlySet<string>;
  readonly stopping: ReadonlySet<string>;
  readonly liveProgress?: LiveProgress;
}

/** What one round of deciding and doing came to. */
export interface Round {
  readonly view: UnitView;
  readonly action: UnitAction;
  readonly record: UnitRecord;
  readonly plan: LeaderPlan | undefined;
  readonly state: UnitState;
  /** What the admin should read in the log. Default: nothing. */
  readonly warning?: string;
  /** Why nothing more could be decided: what is known by then can be reported all the same. */
  readonly fault?: JournalError;
}

/** A unit that is alone sees at once what it decided, and goes on until nothing is left to decide. */
const maxRounds = 5;

/** What the rounds need. */
export interface RoundsOptions {
  readonly unit: string;
  readonly event: JujuEvent;
  readonly machine: Machine;
  readonly state: StateDirectory;
  readonly work: UnitWork;
  readonly questions: ExecutorQuestions;
  readonly rules: Rules;
}

/** The rounds of one dispatch. */
export class Rounds {
  readonly #options: RoundsOptions;

  constructor(options: RoundsOptions) {
    this.#options = options;
  }

  /** Decides and does; where what was decided counts at once, until there is nothing left. */
  async run(
    view: DispatchView,
    peers: Peers,
    first: PeersRead,
    asks: readonly AskedJob[] = [],
  ): Promise<Round> {
    let read = first;
    for (let round = 1; ; round += 1) {
      const done = await this.#round(view, read, asks);
      if (!peers.countsAtOnce || round === maxRounds) return done;
      try {
        const changed = [
          await peers.writeOwn(done.record),
          done.plan !== undefined && (await peers.writeApplication(done.plan.application)),
        ];
        if (!changed.includes(true)) return done;
        read = await peers.read(view.isLeader);
      } catch (error) {
        if (!(error instanceof JournalError)) throw error;
        return { ...done, fault: error };
      }
    }
  }

  async #round(view: DispatchView, read: PeersRead, asks: readonly AskedJob[]): Promise<Round> {
    const { requests } = view;
    const before = await this.readState();
    const unitView = await this.#unitView(read, view, before);
    const agreed = agreedRetention(view.relations.map((relation) => relation.requests));
    const action = withRetention(decideUnit(unitView, this.#options.rules), agreed);
    const changed = await this.#options.work.perform(action, {
      requests,
      incarnation: unitView.incarnation,
      plannedUnits: view.planned,
    });
    const state = changed ? await this.readState() : before;
    const after = { ...unitView, ...state };
    const isMine = read.own?.incarnation === unitView.incarnation;
    const asked = [...(isMine ? (read.own?.asked ?? []) : []), ...asks].filter(
      ({ id }) => !read.application.done.has(jobKey(actionRelation, id)),
    );
    const own = unitRecord(after, asked, this.#options.rules);
    const record = { ...own, standing: busyStanding(own.standing, after, action) };
    const leads = view.isLeader && this.#options.event.kind !== "action";
    const plan = leads ? await this.#leaderPlan(view, read, record, state) : undefined;
    for (const grant of plan?.toRevoke ?? []) await this.#options.work.revoke(grant);
    const isUnclear = action.kind === "start" && agreed.kind === "mixed";
    return { view: after, action, record, plan, state, ...(isUnclear ? { warning: mixedRetention } : {}) };
  }

  async #unitView(read: PeersRead, view: DispatchView, state: UnitState): Promise<UnitView> {
    const { requests } = view;
    const { unit } = this.#options;
    const grant = read.application.grants.get(unit);
    const entry = grant === undefined ? undefined : state.journal.entries.get(grantId(grant));
    const isNew = grant !== undefined && entry === undefined;
    // What a restore leaves is another database, or none.
    const isRestored = entry?.type === "restore" && outcomeOf(entry) !== undefined;
    const event = this.#options.event;
    return {
      now: this.#options.machine.clock.now().toISOString(),
      unit,
      incarnation: state.journal.incarnation ?? "",
      application: read.application,
      own: read.own,
      journal: state.journal,
      running: state.running,
      stopping: state.stopping,
      requests,
      standing: await this.#options.questions.standing(read, view, isNew || isRestored),
      roles: await this.#options.questions.roles(requests, read.application, isNew),
      leaving: event.kind === "relation" && event.departingUnit === unit,
      revoked: await this.#revoked(grant === undefined ? [] : [grant]),
    };
  }

  async #leaderPlan(
    view: DispatchView,
    read: PeersRead,
    record: UnitRecord,
    state: UnitState,
  ): Promise<LeaderPlan> {
    const { unit } = this.#options;
    const { application, others, listed } = read;
    const { requests } = view;
    return decideLeader(
      {
        now: this.#options.machine.clock.now().toISOString(),
        unit,
        application,
        records: new Map([...others, [unit, record]]),
        listed,
        expected: view.expected,
        requests,
        ownReports: ownReports(view, state.journal),
        compatible: await this.#options.questions.compatible(requests, application),
        roles: await this.#options.questions.roles(requests, application, false),
        revoked: await this.#revoked([...application.grants.values()]),
        fenceOnDisk: lastFence(state.journal),
        // Chance is asked for only once in an application's life: it takes a module of Node's that a hook has not loaded.
        newLineage: application.lineage ?? crypto.randomUUID().slice(0, 13).replace("-", ""),
      },
      this.#options.rules,
    );
  }

  /** What waits, and for what, as the leader would find it from what this unit has read. Nothing is done about it. */
  async waiting(view: DispatchView, read: PeersRead): Promise<readonly WaitingJob[]> {
    if (read.own === undefined) return [];
    return (await this.#leaderPlan(view, read, read.own, await this.readState())).waiting;
  }

  /** What the unit's disk says, and which of its processes live. */
  async readState(): Promise<UnitState> {
    const { processes } = this.#options.machine;
    const [live, liveProgress] = await Promise.all([
      readLiveJournal(this.#options.state, async (identity) => await processes.isRunning(identity)),
      this.#options.state.liveProgress(),
    ]);
    return { ...live, ...(liveProgress === undefined ? {} : { liveProgress }) };
  }

  /** The grants whose fences nobody can claim any more, as far as this unit has found out. */
  async #revoked(grants: readonly Grant[]): Promise<ReadonlySet<string>> {
    const claimed = grants.filter(({ claim }) => claim !== noClaim);
    const found = await Promise.all(
      claimed.map(async (grant) => await this.#options.state.revocation(grantId(grant))),
    );
    return new Set(claimed.filter((_, index) => found[index]?.revoked === true).map(grantId));
  }

  /** Shortens a journal that has grown long. Only while no worker writes it. */
  async compact({ state, view }: Round): Promise<void> {
    const { requests } = view;
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
    await this.#options.state.compact(shorter);
  }
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

/** A unit that has something to finish first is not ready for anything else. */
function busyStanding(standing: PublishedStanding, view: UnitView, action: UnitAction): PublishedStanding {
  if (action.kind === "blocked") {
    const { fence } = action.by;
    return {
      ...standing,
      ready: false,
      busy: true,
      reason: `fence ${fence} was granted to the unit that bore its name before, and nobody knows what became of it`,
    };
  }
  const grant = view.application.grants.get(view.unit);
  const open = [...view.journal.entries.values()].find((entry) => outcomeOf(entry) === undefined);
  if (open === undefined || (grant !== undefined && grantId(grant) === grantId(open))) return standing;
  return {
    ...standing,
    ready: false,
    busy: true,
    reason: "still has to finish a job that was taken away from it",
  };
}

/** Only with all managers' requests at hand can be said what a backup may expire. */
function withRetention(action: UnitAction, agreed: AgreedRetention): UnitAction {
  if (action.kind !== "start") return action;
  return { ...action, request: withAgreedRetention(action.request, agreed) };
}
