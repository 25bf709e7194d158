/**
 * What differs from the shipped code by one function each. Every one of them has to be found out.
 */
import {
  leaks,
  reporting,
  reportsOthers,
  tellsEverybody,
  writingTo,
  afterwards,
  type Around,
} from "./around.ts";
import type { Rules } from "../../provider/coordination/rules.ts";

/** What differs from the shipped code by one function: a rule of the protocol, or what is around it. */
export interface Variant {
  /** The rule, in the words of docs/explanation/coordination.md. */
  readonly name: string;
  readonly rules?: Partial<Rules>;
  readonly around?: Around;
  /**
   * The first schedule by chance that finds it out: their seeds are 1, 2 and so on. It is another one after each change of
   * what chance decides. Default: none of the first 1,500 does.
   */
  readonly foundAfter?: number;
}

/** Grows with every hook of a unit that writes when it was dispatched. */
let ticks = 0;

/** One for each rule, and those that show that each invariant is looked for. */
export const variants: readonly Variant[] = [
  { name: "no done record", rules: { notesEnd: () => false }, foundAfter: 1 },
  {
    name: "a fence that does not only grow",
    rules: { nextFence: () => 1 },
    foundAfter: 2,
  },
  { name: "no journal before the start", rules: { journalsBeforeStart: () => false } },
  { name: "acts on a grant that is not committed", rules: { actsOnGrantOf: () => true }, foundAfter: 1 },
  { name: "does not decline", rules: { declines: () => false } },
  {
    name: "reads the databags of members alone",
    rules: { unitsToRead: (members) => members },
    foundAfter: 155,
  },
  { name: "does not carry a release over", rules: { carriesOver: () => false }, foundAfter: 190 },
  { name: "is the same unit after an install", rules: { beginsIncarnation: () => false } },
  { name: "speaks after it left", rules: { isSilent: () => false } },
  { name: "gone is who is not listed", rules: { isGone: (unit, _expected, listed) => !listed.has(unit) } },
  { name: "frees without revoking", rules: { isFreed: () => true }, foundAfter: 455 },
  { name: "does not repeat the ends of who is gone", rules: { repeatsEndOf: () => false }, foundAfter: 11 },
  { name: "no window for a leader", rules: { isWithinWindow: () => true } },
  { name: "writes as the leader before all else is done", rules: { writesLast: () => false } },
  { name: "takes what it cannot read for nothing", rules: { failsOnUnreadable: () => false } },
  { name: "a grant for whoever bears the name", rules: { isForMe: () => true }, foundAfter: 39 },
  { name: "enters itself over another", rules: { entersOnce: () => false } },
  { name: "claims wherever it is", rules: { fitsClaim: () => true } },
  { name: "revokes wherever it is", rules: { revokesAt: () => true } },
  { name: "a broken hook speaks for the relation", rules: { readsRelationOf: () => true } },
  { name: "leaves without cleaning up", rules: { recoversBeforeLeaving: () => false }, foundAfter: 344 },
  { name: "reports of another life of the application", rules: { isOfThisLife: () => true } },
  { name: "an action's job holds up everybody", rules: { holdsUp: () => true } },
  {
    name: "reports every end as a success",
    around: reporting((jobs) =>
      jobs
        .replace('"phase":"failed"', '"phase":"succeeded"')
        .replace('"status":"error"', '"status":"success"'),
    ),
    foundAfter: 3,
  },
  { name: "reports a job as failed that another unit runs", around: reportsOthers, foundAfter: 1 },
  { name: "tells each manager of all jobs", around: tellsEverybody, foundAfter: 4 },
  {
    name: "writes to a neighbour's databag",
    around: writingTo((unit) => (unit === "database/1" ? "database/0" : undefined)),
    foundAfter: 1,
  },
  {
    name: "writes the leader's databag though another unit leads",
    around: writingTo((unit) => (unit === "database/1" ? "database" : undefined)),
    foundAfter: 1,
  },
  { name: "echoes the keys in its reports", around: leaks.databag, foundAfter: 1 },
  { name: "names a key in its status", around: leaks.status, foundAfter: 1 },
  { name: "names a key in its log", around: leaks.log, foundAfter: 1 },
  { name: "keeps a key on its disk", around: leaks.disk, foundAfter: 1 },
  { name: "gives a key to a command as an argument", around: leaks.argument, foundAfter: 1 },
  {
    name: "reports the time of each hook",
    around: afterwards(async ({ juju }) => {
      for (const peers of await juju.relationIds("database-backup-peers"))
        await juju.writeUnitDatabag(peers, { at: String((ticks += 1)) });
    }),
    foundAfter: 1,
  },
];
