/**
 * The rules that databags are held to, and where they come from.
 *
 * @module
 */

/** Whether what breaks a rule breaks the interface, or what the interface leaves open. */
export type Severity = "error" | "warning";

interface Rule {
  readonly severity: Severity;
  /** What it says, for the documentation. */
  readonly meaning: string;
}

/** The name of a rule, as machine-readable output bears it. */
export type RuleName =
  | "json"
  | "schema"
  | "wrong-databag"
  | "show-unit"
  | "job-id-empty"
  | "job-id-repeated"
  | "restore-target"
  | "credentials-missing"
  | "day-unknown"
  | "error-message"
  | "phase-and-status"
  | "credentials-echoed"
  | "misspelt"
  | "repeated-key"
  | "other-side"
  | "nothing-checked";

/** Every rule. */
export const rules: Readonly<Record<RuleName, Rule>> = {
  json: { severity: "error", meaning: "A value that holds JSON is JSON." },
  schema: { severity: "error", meaning: "A value obeys the schema of its side, extensions included." },
  "wrong-databag": {
    severity: "error",
    meaning: "Requests are in the application databag, reports in the databag of the unit that ran the job.",
  },
  "show-unit": {
    severity: "error",
    meaning: "What stands around the databags in the output of `juju show-unit` is named as Juju names it.",
  },
  "job-id-empty": { severity: "warning", meaning: "A job id is not empty." },
  "job-id-repeated": { severity: "warning", meaning: "A job id is the id of one job." },
  "restore-target": { severity: "warning", meaning: "A restore names a backup, a time, or both." },
  "credentials-missing": {
    severity: "warning",
    meaning: "A request has the keys of its storage, or names a Juju secret with them.",
  },
  "day-unknown": { severity: "warning", meaning: "A time is on a day of the calendar." },
  "error-message": {
    severity: "warning",
    meaning: "A report of an error says in its message what happened.",
  },
  "phase-and-status": { severity: "warning", meaning: "The phase of a report fits its status." },
  "credentials-echoed": { severity: "warning", meaning: "A report does not repeat the keys of its request." },
  misspelt: { severity: "warning", meaning: "A name that nobody knows is not nearly that of a field." },
  "repeated-key": { severity: "warning", meaning: "A name stands once in an object." },
  "other-side": { severity: "warning", meaning: "Jobs have no fields that only the other side writes." },
  "nothing-checked": { severity: "warning", meaning: "There is something of the interface to check." },
};

/** The sections of the interfaces that say what holds, and the pages of this package for what they leave open. */
export const sections = {
  provider: "database_backup v0, Relation Data, Provider",
  requirer: "database_backup v0, Relation Data, Requirer",
  providerBehaviour: "database_backup v0, Behavior, Provider",
  requirerBehaviour: "database_backup v0, Behavior, Requirer",
  relationData: "database_backup v0, Relation Data",
  s3: "s3 v0, Relation Data, Provider",
  requestExtensions: "juju-database-backup, The wire, Requests",
  reportExtensions: "juju-database-backup, The wire, Reports",
  application: "juju-database-backup, The wire, The provider as a whole",
  security: "juju-database-backup, Security",
  json: "RFC 8259, section 4",
} as const;
