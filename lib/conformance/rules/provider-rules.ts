/**
 * The rules for database charms.
 *
 * @module
 */
import type { Rule } from "./rule.ts";

const detected = "New jobs are detected, and a backup or a restore is run for each, by its type.";
const concurrency =
  "Backups may run side by side where the database can do that; of restores one at a time runs.";
const locking = "A lock keeps jobs apart that must not run together, such as a backup and a restore.";
const status = "The field status says where the current or the most recently completed job stands.";
const upload = "A backup puts its artefacts and its log into the storage that its job brings.";
const download = "A restore takes the artefacts of a backup from the storage that its job brings.";
const place = "The unit that runs or ran a job records its status in that unit's own databag.";
const direction = "The provider gives back the configuration of a job, and its results.";
const wire =
  "Databags are written by other versions and by people: what one of them gets wrong is no reason to stop.";
const juju =
  "Juju repeats, merges, interrupts and loses hooks; the databags are what counts, in each of them.";
const model = "Units come and go, leaders change, and machines start anew, while jobs run.";

/** The rules for database charms, in the order of the interface's text. */
export const providerRules: readonly Rule[] = [
  {
    id: "P-01",
    holds: "A new job is detected and taken up.",
    section: "Behavior, Provider",
    because: detected,
    scenarios: ["one-of-each"],
    remedy: "Read the key jobs of the requirer's application databag in every hook, and begin what is new.",
  },
  {
    id: "P-02",
    holds: "A backup is run for a job of type backup, and a restore for one of type restore.",
    section: "Behavior, Provider",
    because: detected,
    scenarios: ["one-of-each"],
    remedy: "Choose what to run by job-type.",
  },
  {
    id: "P-03",
    holds: "A job is run once, and nothing is run that nobody requested.",
    section: "Behavior, Provider",
    because: detected,
    scenarios: ["one-of-each"],
    remedy: "Note on the unit's disk that a job was begun, before it is begun, and look there first.",
  },
  {
    id: "P-04",
    holds: "A job that is added beside ended ones is detected too.",
    section: "Behavior, Provider",
    because: detected,
    scenarios: ["one-of-each"],
    remedy: "Compare the whole list with what was run already, by job-id.",
  },
  {
    id: "P-05",
    holds: "Two restores never run at the same time.",
    section: "Behavior, Provider",
    because: concurrency,
    scenarios: ["two-restores"],
    remedy: "Begin no restore while another runs.",
  },
  {
    id: "P-06",
    holds: "A backup that is requested while another runs is run as well, beside it or after it.",
    section: "Behavior, Provider",
    because: concurrency,
    scenarios: ["two-storages"],
    remedy: "Look for waiting jobs again when a job has ended.",
  },
  {
    id: "P-07",
    holds: "A backup and a restore never run at the same time.",
    section: "Behavior, Provider",
    because: locking,
    scenarios: ["backup-and-restore"],
    remedy: "Begin no restore while anything runs, and nothing while a restore runs.",
  },
  {
    id: "P-08",
    holds: "With several units too, a restore never runs beside another job.",
    section: "Behavior, Provider",
    because: locking,
    scenarios: ["several-units"],
    remedy: "Let one unit decide, over a peer relation, which unit may run which job.",
  },
  {
    id: "P-09",
    holds: "A job that had to wait for another is run when that has ended.",
    section: "Behavior, Provider",
    because: locking,
    scenarios: ["backup-and-restore"],
    remedy: "Look for waiting jobs again when a job has ended.",
  },
  {
    id: "P-10",
    holds: "With several units, one of them runs a job and the others leave it alone.",
    section: "Behavior, Provider",
    because: locking,
    scenarios: ["several-units"],
    remedy: "Let one unit decide, over a peer relation, which unit runs which job.",
  },
  {
    id: "P-11",
    holds: "While a job runs, its status is running.",
    section: "Behavior, Provider",
    because: status,
    scenarios: ["one-of-each"],
    remedy: "Run jobs outside hooks: what a hook writes is seen by others only when the hook has ended.",
  },
  {
    id: "P-12",
    holds: "The status of a job that has succeeded is success, and of no other.",
    section: "Behavior, Provider",
    because: status,
    scenarios: ["one-of-each"],
    remedy: "Write the status when the result is there, and dispatch the charm then.",
  },
  {
    id: "P-13",
    holds: "The status of a job that has failed is error.",
    section: "Behavior, Provider",
    because: status,
    scenarios: ["failure"],
    remedy: "Look at the exit code of what was run.",
  },
  {
    id: "P-14",
    holds: "The report of the most recently completed job stays while its request stands.",
    section: "Behavior, Provider",
    because: status,
    scenarios: ["one-of-each"],
    remedy: "Write the reports of ended jobs in every hook, not just in the one that saw the end.",
  },
  {
    id: "P-15",
    holds: "An end that was reported is never taken back or changed.",
    section: "Behavior, Provider",
    because: status,
    scenarios: ["one-of-each"],
    remedy: "Keep the end of a job, and let nothing that comes later change it.",
  },
  {
    id: "P-16",
    holds: "A backup goes to the storage of its own job.",
    section: "Behavior, Provider",
    because: upload,
    scenarios: ["two-storages"],
    remedy: "Take the storage from the job that is run, not from another one or from elsewhere.",
  },
  {
    id: "P-17",
    holds: "The report of a backup that succeeded names its artefact-path.",
    section: "Behavior, Provider",
    because: upload,
    scenarios: ["one-of-each"],
    remedy: "Write artefact-path: without it nobody can ask for this backup to be restored.",
  },
  {
    id: "P-18",
    holds: "A restore reads from the storage of its own job.",
    section: "Behavior, Provider",
    because: download,
    scenarios: ["two-storages"],
    remedy: "Take the storage from the job that is run, not from another one or from elsewhere.",
  },
  {
    id: "P-19",
    holds: "A restore restores the artefact that its job names.",
    section: "Behavior, Provider",
    because: download,
    scenarios: ["one-of-each"],
    remedy: "Give artefact-path to what restores.",
  },
  {
    id: "P-20",
    holds: "Reports are in the databags of units, and obey the provider's schema.",
    section: "Relation Data, Provider",
    because: place,
    scenarios: ["one-of-each"],
    remedy: "Check the databag with juju-database-backup validate --side provider.",
  },
  {
    id: "P-21",
    holds: "The unit that runs a job is the one that reports it.",
    section: "Relation Data, Provider",
    because: place,
    scenarios: ["several-units"],
    remedy: "Write the report on the unit that runs the job.",
  },
  {
    id: "P-22",
    holds: "A report repeats what its request says; keys of the storage may be left empty.",
    section: "Direction",
    because: direction,
    scenarios: ["one-of-each"],
    remedy: "Copy job-type, job-config, storage-interface and storage-config from the request.",
  },
  {
    id: "P-23",
    holds: "A request with fields that version 0 does not know is run.",
    section: "Robustness",
    because: wire,
    scenarios: ["unknown-fields"],
    remedy: "Leave fields alone that are not known.",
  },
  {
    id: "P-24",
    holds: "Malformed jobs neither fail a hook nor keep the others in the list from being run.",
    section: "Robustness",
    because: wire,
    scenarios: ["malformed-jobs"],
    remedy: "Read each job by itself, and report those that cannot be used with status error.",
  },
  {
    id: "P-25",
    holds: "A list of jobs that cannot be read fails no hook, and the next one that can is acted upon.",
    section: "Robustness",
    because: wire,
    scenarios: ["unreadable-jobs"],
    remedy: "Treat jobs that are no JSON list as no change, and say so in the unit status.",
  },
  {
    id: "P-26",
    holds: "Hooks that come again run nothing again.",
    section: "Robustness",
    because: juju,
    scenarios: ["one-of-each"],
    remedy: "Decide by what was run already, not by which hook it is.",
  },
  {
    id: "P-27",
    holds: "Jobs that one hook tells of together are all run.",
    section: "Robustness",
    because: juju,
    scenarios: ["coalesced", "two-restores"],
    remedy: "Read the whole list in each hook.",
  },
  {
    id: "P-28",
    holds: "A job whose hook was lost is taken up in the next hook, whichever that is.",
    section: "Robustness",
    because: juju,
    scenarios: ["lost-event"],
    remedy: "Read the requests in every hook, in update-status too.",
  },
  {
    id: "P-29",
    holds: "A hook that is killed or runs twice loses no job and runs none twice.",
    section: "Robustness",
    because: juju,
    scenarios: ["interrupted-hooks"],
    remedy: "Note on the unit's disk what was begun: databags that a killed hook wrote are dropped.",
  },
  {
    id: "P-30",
    holds: "A change of the leader loses no job and runs none twice.",
    section: "Robustness",
    because: model,
    scenarios: ["leader-change"],
    remedy: "Keep what the leader knows of jobs in the peer relation, and run is-leader in each hook.",
  },
  {
    id: "P-31",
    holds: "Jobs go on when a unit leaves that runs none, and new ones are taken up.",
    section: "Robustness",
    because: model,
    scenarios: ["unit-leaves"],
    remedy: "Count as units only those that are there.",
  },
  {
    id: "P-32",
    holds: "A relation that is removed while a job runs fails no hook.",
    section: "Robustness",
    because: model,
    scenarios: ["relation-removed"],
    remedy: "Expect the relation to be gone when the result of a job comes.",
  },
  {
    id: "P-33",
    holds: "No hook fails.",
    section: "Robustness",
    because: juju,
    scenarios: ["one-of-each"],
    remedy: "Read the charm's traceback in its log.",
  },
  {
    id: "P-34",
    holds: "Every hook ends.",
    section: "Robustness",
    because: juju,
    scenarios: ["one-of-each"],
    remedy: "Wait for nothing in a hook that takes longer than a few seconds.",
  },
  {
    id: "P-35",
    holds:
      "A job whose processes are killed is reported as an error or run again, and later jobs are taken up.",
    section: "Robustness",
    because: model,
    scenarios: ["machine-restart"],
    remedy: "Note which process runs a job, and look in each hook whether it is still there.",
  },
];
