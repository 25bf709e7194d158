/**
 * The scenarios for backup managers. The kit is the database, the storage and the admin.
 *
 * @module
 */
import type { RequirerScenario } from "./scenario.ts";

/** Where the kit says that a backup is. */
const artefact = "/kit/first/backup/artefact-of-the-kit/";
const success = { status: "success", "artefact-path": artefact };
const running = { status: "running" };
const failure = { status: "error", message: "the disk of the database is on fire" };

/** The scenarios, in the order in which they are played. */
export const requirerScenarios: readonly RequirerScenario[] = [
  {
    name: "backup-and-restore",
    summary: "A backup runs and succeeds, a restore fails, and hooks come again that say nothing new.",
    async play(part) {
      const backup = await part.requestBackup();
      await part.report([{ of: backup, ...running }]);
      await part.stage.settle();
      await part.look(backup);
      await part.report([{ of: backup, ...success }]);
      await part.stage.settle();
      await part.look(backup);
      const restore = await part.requestRestore(artefact);
      await part.report([
        { of: backup, ...success },
        { of: restore, ...running },
      ]);
      await part.stage.settle();
      await part.report([
        { of: backup, ...success },
        { of: restore, ...failure },
      ]);
      await part.stage.settle();
      await part.look(backup, restore);
      await part.stage.repeatEvents();
    },
  },
  {
    name: "storage-changes",
    summary: "A backup is requested, the storage becomes another one, and a second backup is requested.",
    async play(part) {
      await part.requestBackup();
      await part.giveStorage("second");
      await part.requestBackup();
    },
  },
  {
    name: "history",
    summary:
      "Two backups succeed, of which the provider reports the newer alone; with a third running the history is cleared.",
    async play(part) {
      const first = await part.requestBackup();
      await part.report([{ of: first, ...success }]);
      await part.stage.settle();
      const second = await part.requestBackup();
      await part.report([{ of: second, ...success }]);
      await part.stage.settle();
      await part.look(first, second);
      const third = await part.requestBackup();
      await part.report([
        { of: second, ...success },
        { of: third, ...running },
      ]);
      await part.stage.settle();
      await part.clear();
      await part.look(first, second, third);
    },
  },
  {
    name: "relation-removed",
    summary: "A backup succeeds, and the relation is removed.",
    async play(part) {
      const backup = await part.requestBackup();
      await part.report([{ of: backup, ...success }]);
      await part.stage.settle();
      await part.stage.removeRelation();
      await part.stage.settle();
      await part.look(backup);
    },
  },
  {
    name: "unknown-fields",
    summary: "A report and the provider's other databags have fields that the interface does not know.",
    async play(part) {
      const backup = await part.requestBackup();
      await part.report([{ of: backup, ...success, "kit-extra": { deep: [1, null] } }]);
      const { juju, relation, other } = part.stage;
      await juju.writeDatabag(relation, other, { "kit-extra": "no JSON" });
      await part.stage.settle();
      await part.look(backup);
    },
  },
  {
    name: "malformed-reports",
    summary:
      "Beside a good report stand a number, one without an id, and one with a status that nobody knows.",
    async play(part) {
      const backup = await part.requestBackup();
      await part.report([
        7,
        { status: "success" },
        { "job-id": "job-odd", status: "odd" },
        { of: backup, ...success },
      ]);
      await part.stage.settle();
      await part.look(backup);
    },
  },
  {
    name: "unreadable-reports",
    summary: "The reports are no JSON, and then they are good.",
    async play(part) {
      const backup = await part.requestBackup();
      await part.writeReports('[{"job-id": "job-odd",}]');
      await part.stage.settle();
      await part.report([{ of: backup, ...success }]);
      await part.stage.settle();
      await part.look(backup);
    },
  },
  {
    name: "foreign-report",
    summary: "Beside a good report stands that of a job which nobody requested.",
    async play(part) {
      const backup = await part.requestBackup();
      const storage = { bucket: "elsewhere", "access-key": "", "secret-key": "" };
      const foreign = {
        "job-id": "job-foreign",
        "job-type": "backup",
        "storage-interface": "s3",
        "storage-config": storage,
      };
      await part.report([
        { ...foreign, ...failure },
        { of: backup, ...success },
      ]);
      await part.stage.settle();
      await part.look(backup);
    },
  },
  {
    name: "coalesced",
    summary: "A backup begins and succeeds so quickly that one hook tells of both.",
    async play(part) {
      const backup = await part.requestBackup();
      await part.report([{ of: backup, ...running }]);
      await part.report([{ of: backup, ...success }]);
      await part.stage.settle();
      await part.look(backup);
    },
  },
  {
    name: "lost-event",
    summary: "The hook that would tell of a success is lost; others come.",
    async play(part) {
      const backup = await part.requestBackup();
      await part.stage.loseHooks(async () => await part.report([{ of: backup, ...success }]));
      await part.stage.settle("more");
      await part.look(backup);
    },
  },
  {
    name: "interrupted-hooks",
    summary: "The hook that tells of a beginning runs twice; the one that tells of the success is killed.",
    async play(part) {
      const backup = await part.requestBackup();
      await part.stage.repeatHook(async () => await part.report([{ of: backup, ...running }]));
      await part.stage.settle();
      await part.stage.dropHook(async () => await part.report([{ of: backup, ...success }]));
      await part.stage.settle();
      await part.look(backup);
    },
  },
  {
    name: "leader-change",
    summary:
      "Two units; the leader changes while a backup runs; the new one is asked for it, and for another backup.",
    units: 2,
    async play(part) {
      const first = await part.requestBackup();
      await part.report([{ of: first, ...running }]);
      await part.stage.settle();
      await part.stage.changeLeader();
      await part.stage.settle();
      await part.report([{ of: first, ...success }]);
      await part.stage.settle();
      await part.look(first);
      const second = await part.requestBackup();
      await part.report([
        { of: first, ...success },
        { of: second, ...success },
      ]);
      await part.stage.settle();
      await part.look(first, second);
    },
  },
  {
    name: "unit-leaves",
    summary:
      "The provider's unit that has reported a success leaves at once: its departure is all that one hears.",
    otherUnits: 2,
    async play(part) {
      const backup = await part.requestBackup();
      const unit = `${part.stage.other}/1`;
      await part.report([{ of: backup, ...running }], unit);
      await part.stage.settle();
      await part.stage.loseHooks(async () => {
        await part.report([{ of: backup, ...success }], unit);
        await part.stage.juju.removeUnit(unit);
      });
      await part.stage.settle();
      await part.look(backup);
    },
  },
];
