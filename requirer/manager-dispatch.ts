/**
 * One dispatch of a backup manager: what it reads, once, and what its leader writes, within the time that it surely leads.
 *
 * @module
 */
import { RequestError } from "../lib/errors.ts";
import type { Dispatch } from "../lib/juju/dispatch.ts";
import { LeaderWindow } from "../lib/juju/leader-window.ts";
import type { Clock } from "../lib/machine/machine.ts";
import { Turns } from "../lib/turns.ts";
import { logEnds } from "./end-log.ts";
import { newlyEnded } from "./history/job-book.ts";
import { ManagerDraft } from "./manager-draft.ts";
import { readManager, writeManager, type ManagerEndpoints, type ManagerView } from "./manager-databags.ts";

/** What came of a change that only the leader can make. */
export type Changed<Result> =
  { readonly leads: true; readonly result: Result } | { readonly leads: false; readonly view: ManagerView };

/** A dispatch. Reads and changes take turns, each with what the one before left. */
export class ManagerDispatch {
  readonly #endpoints: ManagerEndpoints;
  readonly #clock: Clock;
  readonly #window: LeaderWindow;
  readonly #atEnd: Dispatch["atEnd"] | undefined;
  readonly #turns = new Turns();
  #leads: Promise<boolean> | undefined;

  /** @param atEnd Where to leave the check that the dispatch kept within the leader's time. */
  constructor(endpoints: ManagerEndpoints, clock: Clock, atEnd: Dispatch["atEnd"] | undefined) {
    this.#endpoints = endpoints;
    this.#clock = clock;
    this.#window = new LeaderWindow(endpoints.juju, clock);
    this.#atEnd = atEnd;
  }

  /** Everything as it stands. */
  async view(): Promise<ManagerView> {
    return await this.#turns.take(async () => await this.#read());
  }

  /** Lets the leader change something, and writes it. */
  async ifLeading<Result>(change: (draft: ManagerDraft) => Promise<Result>): Promise<Changed<Result>> {
    return await this.#turns.take(async () => {
      const view = await this.#read();
      if (!view.isLeader) return { leads: false, view };
      const draft = new ManagerDraft(this.#endpoints.juju, view);
      const result = await change(draft);
      await this.#settle(draft);
      return { leads: true, result };
    });
  }

  /** Lets the leader change something, and writes it. @throws RequestError `not-leader` on any other unit. */
  async whileLeading<Result>(change: (draft: ManagerDraft) => Promise<Result>): Promise<Result> {
    const changed = await this.ifLeading(change);
    if (changed.leads) return changed.result;
    const { unit, application } = this.#endpoints.juju;
    throw new RequestError("not-leader", `${unit} does not lead, so it cannot write requests.`, {
      remedy: `Run it on the leader: juju run ${application}/leader ….`,
    });
  }

  async #read(): Promise<ManagerView> {
    // Juju answers what it answered before, so the time to write counts from the first answer.
    this.#leads ??= this.#window.open();
    return await readManager(this.#endpoints, this.#leads);
  }

  async #settle(draft: ManagerDraft): Promise<void> {
    const { view } = draft;
    const record = await draft.settled(this.#endpoints, this.#clock.now());
    this.#window.require();
    if (view.peers !== undefined) await logEnds(this.#endpoints.juju, newlyEnded(view.kept, record.history));
    if (await writeManager(this.#endpoints, view, record)) this.#atEnd?.(() => this.#window.require());
  }
}
