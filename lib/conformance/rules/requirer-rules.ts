/**
 * The rules for backup managers.
 *
 * @module
 */
import type { Rule } from "./rule.ts";

const place = "Jobs are requested in the databag of the requirer's application.";
const storage = "Each job is given the storage that it is to use.";
const relay = "The admin learns how completed jobs ended.";
const history = "Completed and running jobs are remembered, and the completed ones can be cleared.";
const wire =
  "Databags are written by other versions and by people: what one of them gets wrong is no reason to stop.";
const juju =
  "Juju repeats, merges, interrupts and loses hooks; the databags are what counts, in each of them.";
const model = "Units come and go, and leaders change, while jobs run.";

/** The rules for backup managers, in the order of the interface's text. */
export const requirerRules: readonly Rule[] = [
  {
    id: "R-01",
    holds: "What an admin asks for stands as a job in the application's databag.",
    section: "Relation Data, Requirer",
    because: place,
    scenarios: ["backup-and-restore"],
    remedy: "Write the key jobs with relation-set --app, on the leader.",
  },
  {
    id: "R-02",
    holds: "Requests obey the requirer's schema.",
    section: "Relation Data, Requirer",
    because: place,
    scenarios: ["backup-and-restore"],
    remedy: "Check the databag with juju-database-backup validate --side requirer.",
  },
  {
    id: "R-03",
    holds: "A job has the type that the admin asked for, and a restore names the artefact.",
    section: "Relation Data, Requirer",
    because: place,
    scenarios: ["backup-and-restore"],
    remedy: "Set job-type by the action, and artefact-path for a restore.",
  },
  {
    id: "R-04",
    holds: "Every job has an id of its own.",
    section: "Relation Data, Requirer",
    because: place,
    scenarios: ["backup-and-restore"],
    remedy: "Make ids that cannot come twice, such as UUIDs.",
  },
  {
    id: "R-05",
    holds: "A job carries the storage that the backup manager was given.",
    section: "Behavior, Requirer",
    because: storage,
    scenarios: ["backup-and-restore"],
    remedy: "Copy all fields of the storage into storage-config.",
  },
  {
    id: "R-06",
    holds: "When the storage changes, later jobs carry the new one and earlier ones keep theirs.",
    section: "Behavior, Requirer",
    because: storage,
    scenarios: ["storage-changes"],
    remedy: "Read the storage when a job is requested, and leave the requests alone that stand.",
  },
  {
    id: "R-07",
    holds: "The admin is told of a job's success.",
    section: "Behavior, Requirer",
    because: relay,
    scenarios: ["backup-and-restore"],
    remedy: "Let an action show the status that the provider reports.",
  },
  {
    id: "R-08",
    holds: "The admin is told of a job's failure, with its message.",
    section: "Behavior, Requirer",
    because: relay,
    scenarios: ["backup-and-restore"],
    remedy: "Let an action show the status and the message that the provider reports.",
  },
  {
    id: "R-09",
    holds: "A job that runs is listed as running.",
    section: "Behavior, Requirer",
    because: history,
    scenarios: ["backup-and-restore"],
    remedy: "List jobs that have not ended, too.",
  },
  {
    id: "R-10",
    holds: "A completed job stays in the history when the provider reports newer ones alone.",
    section: "Behavior, Requirer",
    because: history,
    scenarios: ["history"],
    remedy: "Keep ends in a place of the requirer's own, such as a peer relation.",
  },
  {
    id: "R-11",
    holds: "A completed job stays in the history when the relation is removed.",
    section: "Behavior, Requirer",
    because: history,
    scenarios: ["relation-removed"],
    remedy: "Keep ends in a place of the requirer's own, such as a peer relation.",
  },
  {
    id: "R-12",
    holds: "Clearing the history removes completed jobs from it.",
    section: "Behavior, Requirer",
    because: history,
    scenarios: ["history"],
    remedy: "Have an action that clears the history.",
  },
  {
    id: "R-13",
    holds: "Clearing the history leaves jobs alone that have not ended.",
    section: "Behavior, Requirer",
    because: history,
    scenarios: ["history"],
    remedy: "Clear jobs that have ended, and no others.",
  },
  {
    id: "R-14",
    holds: "A report with fields that version 0 does not know is relayed.",
    section: "Robustness",
    because: wire,
    scenarios: ["unknown-fields"],
    remedy: "Leave fields alone that are not known.",
  },
  {
    id: "R-15",
    holds: "Malformed reports neither fail a hook nor hide the others in the list.",
    section: "Robustness",
    because: wire,
    scenarios: ["malformed-reports"],
    remedy: "Read each report by itself, and leave out those that cannot be used.",
  },
  {
    id: "R-16",
    holds: "Reports that cannot be read fail no hook, and the next ones that can are relayed.",
    section: "Robustness",
    because: wire,
    scenarios: ["unreadable-reports"],
    remedy: "Treat jobs that are no JSON list as no change, and say so in the unit status.",
  },
  {
    id: "R-17",
    holds: "The report of a job that was never requested hides no other.",
    section: "Robustness",
    because: wire,
    scenarios: ["foreign-report"],
    remedy: "Match reports to requests by job-id.",
  },
  {
    id: "R-18",
    holds: "One wish of an admin becomes one job; hooks that come again request nothing.",
    section: "Robustness",
    because: juju,
    scenarios: ["backup-and-restore"],
    remedy: "Request jobs in actions alone, and read before you write.",
  },
  {
    id: "R-19",
    holds: "A job that begins and ends between two hooks is relayed.",
    section: "Robustness",
    because: juju,
    scenarios: ["coalesced"],
    remedy: "Go by what stands in the databag, not by what was seen before.",
  },
  {
    id: "R-20",
    holds: "A report whose hook was lost is relayed all the same.",
    section: "Robustness",
    because: juju,
    scenarios: ["lost-event"],
    remedy: "Read the reports in every hook and action.",
  },
  {
    id: "R-21",
    holds: "A hook that is killed or runs twice loses no result and requests nothing.",
    section: "Robustness",
    because: juju,
    scenarios: ["interrupted-hooks"],
    remedy: "Write what can be written twice, and write it in one hook.",
  },
  {
    id: "R-22",
    holds: "After a change of the leader the new one knows all jobs, and requests more.",
    section: "Robustness",
    because: model,
    scenarios: ["leader-change"],
    remedy: "Keep nothing of jobs on the disk of one unit.",
  },
  {
    id: "R-23",
    holds: "What a provider's unit reported last is relayed though the unit has left.",
    section: "Robustness",
    because: model,
    scenarios: ["unit-leaves"],
    remedy: "Read the databag of the departing unit in its departed hook.",
  },
  {
    id: "R-24",
    holds: "No hook fails.",
    section: "Robustness",
    because: juju,
    scenarios: ["backup-and-restore"],
    remedy: "Read the charm's traceback in its log.",
  },
  {
    id: "R-25",
    holds: "Every hook ends.",
    section: "Robustness",
    because: juju,
    scenarios: ["backup-and-restore"],
    remedy: "Wait for nothing in a hook that takes longer than a few seconds.",
  },
];
