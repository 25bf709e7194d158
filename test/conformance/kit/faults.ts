/**
 * Charms that break a rule on purpose: the fault of the charm in Python, and what else it breaks in the scenarios of that
 * rule.
 *
 * @module
 */

/** A fault, by the rule that it is made to break. */
export interface Fault {
  readonly rule: string;
  /** The value of the charm's option `fault`. */
  readonly fault: string;
  /** Other rules that are broken along, in the same scenarios. */
  readonly also?: readonly string[];
  /** Tried by npm test too, and not by npm run test:full alone. */
  readonly always?: true;
}

/** The faults of the charm in test/charms/foreign-database. */
export const databaseFaults: readonly Fault[] = [
  { rule: "P-01", fault: "ignores-jobs" },
  { rule: "P-02", fault: "always-backs-up" },
  { rule: "P-03", fault: "runs-twice", also: ["P-05", "P-11"] },
  { rule: "P-04", fault: "ignores-later-jobs" },
  { rule: "P-05", fault: "restores-together" },
  { rule: "P-06", fault: "drops-waiting-backups" },
  { rule: "P-07", fault: "no-lock" },
  { rule: "P-08", fault: "locks-one-unit" },
  { rule: "P-09", fault: "drops-waiting-jobs" },
  { rule: "P-10", fault: "every-unit-runs", also: ["P-08"] },
  { rule: "P-11", fault: "never-running" },
  { rule: "P-12", fault: "success-at-once", also: ["P-11", "P-17"] },
  { rule: "P-12", fault: "hides-success" },
  { rule: "P-13", fault: "hides-failure", also: ["P-12"] },
  { rule: "P-14", fault: "forgets-reports" },
  { rule: "P-15", fault: "takes-back-ends", also: ["P-12"] },
  { rule: "P-16", fault: "own-storage-for-backups" },
  { rule: "P-17", fault: "no-artefact" },
  { rule: "P-18", fault: "own-storage-for-restores" },
  { rule: "P-19", fault: "restores-the-latest" },
  { rule: "P-20", fault: "invalid-report", also: ["P-11", "P-12"] },
  { rule: "P-20", fault: "reports-in-application", also: ["P-21"] },
  { rule: "P-21", fault: "another-unit-reports" },
  { rule: "P-22", fault: "reports-another-bucket", always: true },
  { rule: "P-23", fault: "refuses-unknown-fields" },
  { rule: "P-24", fault: "ignores-all-beside-malformed" },
  { rule: "P-24", fault: "fails-on-malformed" },
  { rule: "P-25", fault: "fails-on-no-json", always: true },
  { rule: "P-26", fault: "repeats-in-update-status", also: ["P-15"] },
  { rule: "P-27", fault: "takes-the-last" },
  { rule: "P-28", fault: "acts-on-changes-alone" },
  { rule: "P-29", fault: "notes-in-databag", also: ["P-11"] },
  { rule: "P-30", fault: "leader-runs" },
  { rule: "P-31", fault: "waits-for-all-units" },
  { rule: "P-32", fault: "fails-when-removed" },
  { rule: "P-33", fault: "fails", also: ["P-11"] },
  { rule: "P-34", fault: "never-returns", always: true },
  { rule: "P-35", fault: "trusts-its-notes" },
];

/** The faults of the charm in test/charms/foreign-manager. */
export const managerFaults: readonly Fault[] = [
  { rule: "R-01", fault: "requests-in-unit-databag" },
  { rule: "R-02", fault: "invalid-request" },
  { rule: "R-03", fault: "always-backs-up" },
  { rule: "R-03", fault: "forgets-the-artefact" },
  { rule: "R-04", fault: "one-id-for-all", also: ["R-01"] },
  { rule: "R-05", fault: "leaves-out-the-path" },
  { rule: "R-06", fault: "keeps-the-first-storage" },
  { rule: "R-06", fault: "rewrites-storages" },
  { rule: "R-07", fault: "hides-success" },
  { rule: "R-08", fault: "hides-messages" },
  { rule: "R-09", fault: "lists-ended-jobs-alone" },
  { rule: "R-10", fault: "forgets-what-is-not-reported" },
  { rule: "R-11", fault: "forgets-with-the-relation" },
  { rule: "R-12", fault: "clears-nothing" },
  { rule: "R-13", fault: "clears-everything" },
  { rule: "R-14", fault: "refuses-unknown-fields" },
  { rule: "R-15", fault: "fails-on-malformed" },
  { rule: "R-15", fault: "ignores-all-beside-malformed" },
  { rule: "R-16", fault: "fails-on-no-json" },
  { rule: "R-17", fault: "stops-at-a-foreign-report", always: true },
  { rule: "R-18", fault: "requests-in-update-status" },
  { rule: "R-19", fault: "wants-to-have-seen-it-run" },
  { rule: "R-20", fault: "reads-on-changes-alone" },
  { rule: "R-21", fault: "notes-on-disk-first" },
  { rule: "R-22", fault: "history-on-disk" },
  { rule: "R-23", fault: "ignores-last-words" },
  { rule: "R-24", fault: "fails", also: ["R-07", "R-09", "R-19"] },
  { rule: "R-25", fault: "never-returns" },
];
