/**
 * Reads the journal together with which of its open jobs are being worked on.
 *
 * @module
 */
import type { ProcessIdentity } from "../../lib/machine/machine.ts";
import { grantId } from "../coordination/peer-records.ts";
import { outcomeOf, type JournalEntry, type JournalState } from "./journal.ts";
import type { StateDirectory } from "./state-directory.ts";

/** What the journal says, and who is at work. */
export interface LiveJournal {
  readonly journal: JournalState;
  /** The grants, by {@link grantId}, whose process runs. An open job that is not among them has lost its process without a result. */
  readonly running: ReadonlySet<string>;
  /** The grants whose process another one sees to the end of. */
  readonly stopping: ReadonlySet<string>;
}

type State = Pick<StateDirectory, "open" | "workerEntry">;
type IsRunning = (identity: ProcessIdentity) => Promise<boolean>;

/**
 * Reads the journal and looks for the processes of its open jobs.
 *
 * A worker writes down its job's end and then goes. So where one is found gone, only a journal that was read after that
 * tells whether it left a result.
 *
 * @throws JournalError
 */
export async function readLiveJournal(state: State, isRunning: IsRunning): Promise<LiveJournal> {
  const before = await state.open();
  const open = [...before.entries.values()].filter((entry) => outcomeOf(entry) === undefined);
  const found = await Promise.all(open.map(async (entry) => await isWorkedOn(entry, state, isRunning)));
  const running = new Set(open.filter((_, index) => found[index]).map(grantId));
  const journal = running.size === open.length ? before : await state.open();
  const stoppers = await Promise.all(
    open.map(async ({ stopper }) => stopper !== undefined && (await isRunning(stopper))),
  );
  return { journal, running, stopping: new Set(open.filter((_, index) => stoppers[index]).map(grantId)) };
}

/** The journal may not know a worker whose hook died between starting it and writing it down; its entry does. */
async function isWorkedOn(entry: JournalEntry, state: State, isRunning: IsRunning): Promise<boolean> {
  if (entry.process !== undefined && (await isRunning(entry.process))) return true;
  const entered = await state.workerEntry(grantId(entry));
  return entered !== undefined && "process" in entered && (await isRunning(entered.process));
}
