/**
 * The provider: the database charm's side of the interface.
 *
 * @module
 */
import { join } from "node:path";
import { JournalError } from "../lib/errors.ts";
import type { Executor, ExecutorEnvironment, ExecutorModule, Standing } from "../lib/executor.ts";
import type { Backup } from "../lib/job/backup.ts";
import { isEnd } from "../lib/job/phase.ts";
import type { JobRequest } from "../lib/job/request.ts";
import { currentEvent, type JujuEvent } from "../lib/juju/event.ts";
import type { Databag, DatabagChanges, Juju, UnitStatus } from "../lib/juju/juju.ts";
import { readRemoteApplication } from "../lib/juju/remote-application.ts";
import type { Machine } from "../lib/machine/machine.ts";
import { nodeMachine } from "../lib/machine/node-machine.ts";
import { shownId } from "../lib/printable.ts";
import { thrownText } from "../lib/thrown.ts";
import { Turns } from "../lib/turns.ts";
import { encodeProviderApplication } from "../lib/wire/provider-application.ts";
import { decodeReports, encodeReports } from "../lib/wire/reports.ts";
import { decodeRequests } from "../lib/wire/requests.ts";
import { compactAbove, compactJournal, jobKey, type JournalEntry } from "./journal.ts";
import { readLiveJournal, type LiveJournal } from "./live-journal.ts";
import { planDispatch, type ProviderPlan, type ProviderView, type RelationView } from "./plan.ts";
import { pokeCommand } from "./poke.ts";
import { StateDirectory } from "./state-directory.ts";
import type { ModuleReference, WorkerInput } from "./worker-input.ts";

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
  /** Why the charm was dispatched. Default: what the environment says. */
  readonly event?: JujuEvent;
  /** The charm's own directory. Default: what the environment says. */
  readonly charmDirectory?: string;
  /** The machine that the unit runs on. Default: the one that this process runs on. */
  readonly machine?: Machine;
}

/** What a dispatch came to. */
export interface ProviderOutcome {
  /** The unit status that the library proposes; absent where it has nothing to say. The charm decides. */
  readonly status?: UnitStatus;
}

/** The extensions that work. */
const features = ["backup-type", "restore-to-time", "backups"] as const;
/** Of this implementation's extensions, as `MAJOR.MINOR`. */
const libVersion = "0.1";

/** Each line of the log is a process, and a hook that has thousands of jobs to reject must not take hours. */
const maxLoggedEnds = 20;

/** What the unit keeps on its own disk. */
type UnitState = Pick<ProviderView, "journal" | "running" | "liveProgress">;

/** One relation with the databags as they were read. */
interface RelationRead {
  readonly view: RelationView;
  readonly unitDatabag: Databag;
  /** Absent on a unit that does not lead, which may not read it. */
  readonly applicationDatabag?: Databag;
}

/**
 * Detects jobs, runs them one at a time in a process of their own, and reports where they stand (database_backup,
 * Provider). Serves applications of one unit.
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
  readonly #endpoint: string;
  readonly #event: JujuEvent;
  readonly #machine: Machine;
  readonly #state: StateDirectory;
  readonly #turns = new Turns();
  #hasBegun = false;

  constructor(options: ProviderOptions) {
    this.#juju = options.juju;
    this.#options = options;
    this.#endpoint = options.endpoint ?? "database-backup";
    this.#event = options.event ?? currentEvent();
    this.#machine = options.machine ?? nodeMachine;
    this.#state = new StateDirectory(
      join(options.stateDirectory, this.#juju.unit.replace("/", "-")),
      this.#machine,
    );
  }

  /**
   * Brings the unit one step further: reads everything, starts what is to be started, reports what there is to report.
   * Call it in every dispatch, whatever the event, once. Called again, it waits for the call before, and starts nothing
   * twice.
   *
   * The keys `jobs` of the unit's databag, and `features`, `lib-version`, `problems` and `backups` of the application's,
   * are the library's own: what a charm writes to them, or deletes, is put right in this dispatch or in the next. A
   * charm's other keys stay as they are. The one thing believed is the report of an end that no journal knows: such a
   * job is not run.
   *
   * @throws HookToolError where Juju does not answer; the hook then fails and runs again.
   */
  async reconcile(): Promise<ProviderOutcome> {
    return await this.#turns.take(async () => await this.#reconcile());
  }

  async #reconcile(): Promise<ProviderOutcome> {
    try {
      const [relations, goalState, state] = await Promise.all([
        this.#readRelations(),
        this.#juju.goalState(),
        this.#begin(),
      ]);
      const seen = {
        now: this.#machine.clock.now().toISOString(),
        plannedUnits: goalState.units.length,
        relations: relations.map((relation) => relation.view),
      };
      const view: ProviderView = { ...seen, ...state };
      const plan = planDispatch(view);
      await this.#state.appendAll(plan.records);
      const started = await this.#act(plan, view);
      // What was started a moment ago is reported at once: the plan is made anew from what the journal says now.
      const after = started.journalChanged ? planDispatch({ ...seen, ...(await this.#readState()) }) : plan;
      await this.#publish(relations, after);
      // The view is older than what was written to the journal since.
      const outdated = started.journalChanged || plan.records.length > 0;
      if (view.running.size === 0 && !outdated) await this.#compact(view);
      const status = started.status ?? after.status;
      // A worker that cannot write waits for room, and nobody else would tell the admin.
      if (status?.name === "maintenance") await this.#state.requireRoom();
      return status === undefined ? {} : { status };
    } catch (error) {
      if (!(error instanceof JournalError)) throw error;
      await this.#juju.log("ERROR", `${error.message} ${error.remedy}`);
      return { status: { name: "blocked", message: error.message } };
    }
  }

  async #readRelations(): Promise<readonly RelationRead[]> {
    const leader = this.#juju.isLeader();
    const [relations] = await Promise.all([this.#readEach(leader), leader]);
    return relations;
  }

  async #readEach(leader: Promise<boolean>): Promise<readonly RelationRead[]> {
    const ids = await this.#juju.relationIds(this.#endpoint);
    const event = this.#event;
    // A relation that is being broken has nothing more to ask or to be told, and may not be readable any more.
    const broken = event.kind === "relation" && event.change === "broken" ? event.relationId : undefined;
    const standing = ids.filter((id) => id !== broken);
    return await Promise.all(standing.map(async (id) => await this.#readRelation(id, leader)));
  }

  async #readRelation(id: string, leader: Promise<boolean>): Promise<RelationRead> {
    const juju = this.#juju;
    const [remote, unitDatabag, applicationDatabag] = await Promise.all([
      readRemoteApplication(juju, id),
      juju.readUnitDatabag(id, juju.unit),
      leader.then(async (leads) =>
        leads ? await juju.readApplicationDatabag(id, juju.application) : undefined,
      ),
    ]);
    const { application, databag } = remote;
    const { requests, rejected, problems } = decodeRequests(databag);
    const { reports } = decodeReports(unitDatabag);
    return {
      view: { id, application, requests, rejected, problems, reports },
      unitDatabag,
      ...(applicationDatabag === undefined ? {} : { applicationDatabag }),
    };
  }

  /** Reads what the unit keeps; one that is being installed sets aside what a former unit kept. */
  async #begin(): Promise<UnitState> {
    const isInstall = this.#event.kind === "hook" && this.#event.name === "install";
    if (isInstall && !this.#hasBegun) await this.#state.beginIncarnation();
    this.#hasBegun = true;
    return await this.#readState();
  }

  async #readState(): Promise<UnitState> {
    const [live, liveProgress] = await Promise.all([this.#readLiveJournal(), this.#state.liveProgress()]);
    return { ...live, ...(liveProgress === undefined ? {} : { liveProgress }) };
  }

  async #readLiveJournal(): Promise<LiveJournal> {
    const { processes } = this.#machine;
    return await readLiveJournal(this.#state, async (identity) => await processes.isRunning(identity));
  }

  async #act(
    plan: ProviderPlan,
    view: ProviderView,
  ): Promise<{ readonly journalChanged: boolean; readonly status?: UnitStatus }> {
    if (plan.recover !== undefined) {
      await this.#recover(plan.recover, view);
      return { journalChanged: true };
    }
    if (plan.next === undefined) return { journalChanged: false };
    const standing = await this.#standing();
    if (!standing.ready) {
      return {
        journalChanged: false,
        status: { name: "waiting", message: `a job waits: ${standing.reason}` },
      };
    }
    const { fence, relation, request } = plan.next;
    await this.#state.append({ record: "started", fence, relation, request });
    await this.#start("run", fence, request);
    await this.#juju.log(
      "INFO",
      `Started ${request.type} job ${shownId(request.id)} of ${relation}, fence ${fence}.`,
    );
    return { journalChanged: true };
  }

  async #recover(entry: JournalEntry, view: ProviderView): Promise<void> {
    // From here on a worker that was slow to start finds itself called dead; one that was faster goes on.
    if (!(await this.#state.enterWorker(entry.fence, { nobody: true }))) {
      const { journal, running } = await this.#readLiveJournal();
      const phase = journal.entries.get(entry.fence)?.progress.phase;
      if (running.has(entry.fence) || (phase !== undefined && isEnd(phase))) return;
    }
    const standing = view.relations
      .find((relation) => relation.id === entry.relation)
      ?.requests.find((request) => request.id === entry.request.id);
    // The journal keeps no credentials; where the request still stands, cleaning up can use them.
    const request = standing === undefined ? entry.request : { ...entry.request, storage: standing.storage };
    await this.#start("recover", entry.fence, request);
    await this.#juju.log(
      "WARNING",
      `The worker of job ${shownId(entry.request.id)} is gone; cleaning up after it.`,
    );
  }

  async #start(task: WorkerInput["task"], fence: number, request: JobRequest): Promise<void> {
    const { startWorker } = await import("./worker-start.ts");
    const identity = await startWorker(
      this.#machine.processes,
      {
        task,
        fence,
        request,
        executor: reference(this.#options.executor),
        ...(this.#options.store === undefined ? {} : { store: reference(this.#options.store) }),
        environment: this.#environment,
        stateDirectory: this.#state.path,
        poke: pokeCommand(this.#juju.unit, this.#charmDirectory),
      },
      this.#state.workerOutputFile,
    );
    if (identity !== undefined) await this.#state.append({ record: "spawned", fence, process: identity });
  }

  async #standing(): Promise<Standing> {
    try {
      const { module, options } = this.#options.executor;
      const loaded: ExecutorModule = await import(String(module));
      const executor: Executor = loaded.createExecutor(options, this.#environment);
      return await executor.standing();
    } catch (error) {
      const reason = thrownText(error);
      await this.#juju.log("ERROR", `The executor cannot say whether it is ready: ${reason}`);
      return { ready: false, reason };
    }
  }

  async #publish(relations: readonly RelationRead[], plan: ProviderPlan): Promise<void> {
    const backups = await this.#state.keptBackups();
    await Promise.all(
      relations.flatMap((relation) => [
        this.#publishReports(relation, plan),
        this.#publishApplication(relation, backups),
      ]),
    );
  }

  async #publishReports({ view, unitDatabag }: RelationRead, plan: ProviderPlan): Promise<void> {
    const reports = plan.reports.get(view.id) ?? [];
    const before = new Map(view.reports.map((report) => [report.id, report.phase]));
    const ended = reports.filter(({ id, phase }) => isEnd(phase) && before.get(id) !== phase);
    for (const { id, type, phase, message, remedy } of ended.slice(0, maxLoggedEnds)) {
      const what = `${type} job ${shownId(id)} of ${view.id} ${phase}.`;
      const text = [what, message, remedy].filter(Boolean).join(" ");
      await this.#juju.log(phase === "succeeded" ? "INFO" : "ERROR", text);
    }
    const others = ended.length - maxLoggedEnds;
    if (others > 0)
      await this.#juju.log("ERROR", `${others} more jobs of ${view.id} ended: see their reports.`);
    const changes = changed(unitDatabag, { jobs: reports.length === 0 ? "" : encodeReports(reports) });
    if (changes !== undefined) await this.#juju.writeUnitDatabag(view.id, changes);
  }

  async #publishApplication(
    { view, applicationDatabag }: RelationRead,
    backups: readonly Backup[] | undefined,
  ): Promise<void> {
    if (applicationDatabag === undefined) return;
    const { problems } = view;
    const changes = changed(
      applicationDatabag,
      encodeProviderApplication({
        features,
        libVersion,
        problems,
        ...(backups === undefined ? {} : { backups }),
      }),
    );
    if (changes === undefined) return;
    if ("problems" in changes) {
      for (const problem of problems) {
        await this.#juju.log(
          "WARNING",
          `Unusable request from ${view.application} (${view.id}), ${problem.field}: ${problem.message} ${problem.remedy}`,
        );
      }
    }
    await this.#juju.writeApplicationDatabag(view.id, changes);
  }

  async #compact(view: ProviderView): Promise<void> {
    if (view.journal.length <= compactAbove) return;
    if (view.relations.some((relation) => relation.problems.length > 0)) return;
    const standing = new Set(
      view.relations.flatMap(({ id, requests, rejected }) =>
        [...requests, ...rejected].map((request) => jobKey(id, request.id)),
      ),
    );
    await this.#state.compact(compactJournal(view.journal, standing));
  }

  get #environment(): ExecutorEnvironment {
    const { unit, application, modelUuid } = this.#juju;
    return { unit, application, modelUuid, workDirectory: this.#state.executorDirectory };
  }

  get #charmDirectory(): string {
    return this.#options.charmDirectory ?? process.env["JUJU_CHARM_DIR"] ?? process.cwd();
  }
}

function reference(module: { readonly module: string | URL; readonly options?: unknown }): ModuleReference {
  const url = String(module.module);
  return { module: url.startsWith("/") ? new URL(`file://${url}`).href : url, options: module.options };
}

/** What of the wanted values is not what stands; undefined where nothing is. */
function changed(before: Databag, wanted: Databag): DatabagChanges | undefined {
  const changes = Object.entries(wanted).filter(([key, value]) => (before[key] ?? "") !== value);
  return changes.length === 0 ? undefined : Object.fromEntries(changes);
}
