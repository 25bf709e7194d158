/**
 * What a dispatch of the provider writes: everything last, each databag at most once, and only what changes it.
 *
 * @module
 */
import type { Backup } from "../lib/job/backup.ts";
import { isEnd } from "../lib/job/phase.ts";
import type { JobReport, Progress } from "../lib/job/report.ts";
import type { Juju } from "../lib/juju/juju.ts";
import { shownId } from "../lib/printable.ts";
import { encodeProviderApplication } from "../lib/wire/provider-application.ts";
import { encodeReports } from "../lib/wire/reports.ts";
import { clientReports } from "./coordination/client-reports.ts";
import type { LeaderPlan } from "./coordination/leader-step.ts";
import {
  isEnding,
  jobKey,
  type ApplicationRecord,
  type DoneRecord,
  type UnitRecord,
} from "./coordination/peer-records.ts";
import type { Rules } from "./coordination/rules.ts";
import { queueOf } from "./coordination/wait.ts";
import type { DispatchView, RelationRead } from "./dispatch-view.ts";
import { outcomeOf, type JournalEntry, type JournalState } from "./journal/journal.ts";
import { changesOf, type Peers, type PeersRead } from "./peers.ts";
import type { LiveProgress, StateDirectory } from "./journal/state-directory.ts";

/** The extensions that work. */
const features = [
  "secret-extra",
  "cancel",
  "backup-type",
  "restore-to-time",
  "start-before",
  "retention",
  "discard-old-data",
  "backups",
] as const;
/** Of this implementation's extensions, as `MAJOR.MINOR`. */
const libVersion = "0.1";

/** Each line of the log is a process, and a hook that has thousands of jobs to reject must not take hours. */
const maxLoggedEnds = 20;

/** What a dispatch came to, to be written. */
export interface Publication {
  readonly view: DispatchView;
  readonly peers: Peers;
  readonly read: PeersRead;
  readonly now: string;
  readonly journal: JournalState;
  readonly liveProgress?: LiveProgress;
  readonly record: UnitRecord;
  /** Of the leader. */
  readonly plan: LeaderPlan | undefined;
}

/** Writes what a dispatch came to. */
export class Publisher {
  readonly #juju: Juju;
  readonly #state: StateDirectory;
  readonly #rules: Rules;

  constructor(juju: Juju, state: StateDirectory, rules: Rules) {
    this.#juju = juju;
    this.#state = state;
    this.#rules = rules;
  }

  /** @throws HookToolError */
  async publish(publication: Publication): Promise<void> {
    const { view, peers, record, plan } = publication;
    const backups = await this.#state.keptBackups();
    // What is told rests on the leader's records, so they are written first: where Juju refuses them, what a command of
    // juju-exec has written before stays.
    if (plan !== undefined && !peers.countsAtOnce) await peers.writeApplication(plan.application);
    await Promise.all([
      ...view.relations.map(async (relation) => await this.#publishReports(relation, publication)),
      ...view.relations.map(async (relation) => await this.#publishApplication(relation, backups, plan)),
      peers.countsAtOnce ? undefined : peers.writeOwn(record),
    ]);
  }

  async #publishReports(relation: RelationRead, publication: Publication): Promise<void> {
    const { requests, unitDatabag } = relation;
    const reports = this.#reports(relation, publication);
    const before = new Map(relation.reports.map((report) => [report.id, report.phase]));
    const ended = reports.filter(({ id, phase }) => isEnd(phase) && before.get(id) !== phase);
    for (const { id, type, phase, message, remedy } of ended.slice(0, maxLoggedEnds)) {
      const what = `${type} job ${shownId(id)} of ${requests.relation} ${phase}.`;
      const text = [what, message, remedy].filter(Boolean).join(" ");
      await this.#juju.log(phase === "succeeded" ? "INFO" : "ERROR", text);
    }
    const others = ended.length - maxLoggedEnds;
    if (others > 0)
      await this.#juju.log("ERROR", `${others} more jobs of ${requests.relation} ended: see their reports.`);
    const changes = changesOf(unitDatabag, { jobs: reports.length === 0 ? "" : encodeReports(reports) });
    if (changes !== undefined) await this.#juju.writeUnitDatabag(requests.relation, changes);
  }

  #reports(relation: RelationRead, publication: Publication): readonly JobReport[] {
    const { view, read, journal, record, plan, now, liveProgress } = publication;
    const application = plan?.application ?? read.application;
    const present = new Set([record.incarnation]);
    for (const unit of read.listed) {
      const incarnation = read.others.get(unit)?.incarnation;
      if (incarnation !== undefined) present.add(incarnation);
    }
    const progress = new Map<string, Progress>();
    const working = liveProgress === undefined ? undefined : journal.entries.get(liveProgress.grant);
    if (working !== undefined && liveProgress !== undefined)
      progress.set(jobKey(working.relation, working.job), liveProgress.progress);
    return clientReports({
      now,
      requests: relation.requests,
      standing: relation.reports,
      entries: this.#entries(journal, application),
      done: application.done,
      isLeader: view.isLeader,
      speaksFor: (by: DoneRecord["by"]) =>
        by.incarnation === record.incarnation ||
        (view.isLeader && this.#rules.repeatsEndOf(present.has(by.incarnation))),
      progress,
    });
  }

  /** By job: the entry that counts is the last, and one that is no end of the job counts least. */
  #entries(journal: JournalState, application: ApplicationRecord): ReadonlyMap<string, JournalEntry> {
    const entries = new Map<string, JournalEntry>();
    for (const entry of journal.entries.values()) {
      if (!this.#rules.isOfThisLife(entry.lineage, application.lineage)) continue;
      const outcome = outcomeOf(entry);
      if (outcome !== undefined && !isEnding(outcome)) continue;
      entries.set(jobKey(entry.relation, entry.job), entry);
    }
    return entries;
  }

  async #publishApplication(
    { requests, applicationDatabag }: RelationRead,
    backups: readonly Backup[] | undefined,
    plan: LeaderPlan | undefined,
  ): Promise<void> {
    if (applicationDatabag === undefined || plan === undefined) return;
    const { problems, application, relation } = requests;
    const changes = changesOf(
      applicationDatabag,
      encodeProviderApplication({
        features,
        libVersion,
        problems,
        queue: queueOf(plan.waiting, relation),
        ...(backups === undefined ? {} : { backups }),
      }),
    );
    if (changes === undefined) return;
    if ("problems" in changes) {
      for (const problem of problems) {
        await this.#juju.log(
          "WARNING",
          `Unusable request from ${application} (${relation}), ${problem.field}: ${problem.message} ${problem.remedy}`,
        );
      }
    }
    await this.#juju.writeApplicationDatabag(relation, changes);
  }
}
