import { runAction, type Dispatch } from "juju-database-backup/juju";
import { backupTypes, backupsTable, describeJob, jobsTable, Requirer } from "juju-database-backup/requirer";

/** One dispatch of the charm. */
export async function charm(dispatch: Dispatch): Promise<void> {
  const { juju, event } = dispatch;
  const requirer = new Requirer(dispatch);
  if (event.kind === "action") {
    await runAction(juju, event.name, {
      "create-backup": async (given) => ({
        "job-id": await requirer.requestBackup({
          database: given.text("database"),
          backupType: given.choice("type", backupTypes),
          compression: given.flag("compression"),
        }),
      }),
      restore: async (given) => ({
        "job-id": await requirer.requestRestore({
          database: given.text("database"),
          backupId: given.text("backup-id"),
          restoreToTime: given.text("restore-to-time"),
          restoreTimeline: given.integer("restore-timeline"),
        }),
      }),
      "list-backups": async (given) => ({
        backups: backupsTable((await requirer.database(given.text("database"))).backups),
      }),
      "list-jobs": async () => ({ jobs: jobsTable(await requirer.jobs()) }),
      "show-job": async (given) => describeJob(await requirer.job(given.text("job-id") ?? "")),
    });
  }
  await juju.setStatus(await requirer.reconcile());
}
