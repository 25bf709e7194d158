/**
 * The actions of a backup-manager charm.
 *
 * @module
 */
import { ConfigurationError, RequestError } from "../lib/errors.ts";
import { backupTypes, type Retention } from "../lib/job/request.ts";
import type { ActionHandler, ActionParameters } from "../lib/juju/action.ts";
import type { Clock } from "../lib/machine/machine.ts";
import { nodeMachine } from "../lib/machine/node-machine.ts";
import { shortened } from "../lib/printable.ts";
import { countOf } from "./history/ended-summary.ts";
import type { RestoreOptions } from "./job-options.ts";
import { describeJob } from "./job-story.ts";
import type { Requirer } from "./requirer.ts";
import { retentionWarning } from "./retention.ts";
import { newestRows, type ShownRows, type TableOptions } from "./shown-rows.ts";
import {
  backupsOfHistory,
  backupsTable,
  databasesTable,
  jobsTable,
  newestBackups,
  newestJobs,
  schedulesTable,
} from "./tables.ts";

/** An argument of Juju's tools holds 128 KiB. */
const longestJson = 100 * 1024;

/**
 * The handlers of all actions, by their names. Each returns at once: one that waited for a job could never see its end, since
 * no hook runs meanwhile.
 *
 * @param clock Default: that of the machine.
 * @example
 * ```ts
 * await runAction(juju, event.name, managerActions(requirer));
 * ```
 */
export function managerActions(
  requirer: Requirer,
  clock: Pick<Clock, "now"> = nodeMachine.clock,
): Readonly<Record<string, ActionHandler>> {
  return {
    "create-backup": async (given) => {
      const [database, retention] = [given.text("database"), retentionOf(given)];
      const id = await requirer.requestBackup({
        database,
        backupType: given.choice("type", backupTypes),
        compression: given.flag("compression"),
        startBefore: timeOf(given, "start-before"),
        retention,
      });
      const warning = retentionWarning(retention, await requirer.database(database));
      return { "job-id": id, ...(warning === undefined ? {} : { warning }) };
    },
    restore: async (given) => await restore(requirer, given),
    cancel: async (given) => {
      const id = given.text("job-id") ?? "";
      await requirer.cancel(id);
      return {
        "job-id": id,
        message: "The database was asked to stop the job; show-job tells what became of it.",
      };
    },
    "list-databases": async (given) => {
      const [databases, jobs] = [await requirer.databases(), await requirer.jobs()];
      if (!wantsJson(given)) return { databases: databasesTable(databases, jobs, clock.now()) };
      const shown = databases.map(({ application, relation, features, keys, problems }) => ({
        application,
        relation,
        features: [...features],
        keys,
        problems,
      }));
      return jsonOf("databases", newestRows(shown));
    },
    "list-backups": async (given) => {
      const { application, backups } = await requirer.database(given.text("database"));
      const known = backups ?? backupsOfHistory(await requirer.jobs(), application);
      const options = tableOptions(given);
      const note =
        backups === undefined
          ? [`${application} publishes no list of backups: these are from the manager's own history.`]
          : [];
      return wantsJson(given)
        ? {
            ...jsonOf("backups", newestBackups(known, options)),
            ...(note[0] === undefined ? {} : { note: note[0] }),
          }
        : { backups: [backupsTable(known, options), ...note].join("\n") };
    },
    "list-jobs": async (given) => {
      const name = given.text("database");
      const all = await requirer.jobs();
      const jobs =
        name === undefined
          ? all
          : all.filter(({ application, relation }) => application === name || relation === name);
      // A name that nobody bears must not look like one without jobs.
      if (jobs.length === 0 && name !== undefined) await requirer.database(name);
      const [options, summaries] = [tableOptions(given), await requirer.summaries()];
      if (!wantsJson(given)) return { jobs: jobsTable(jobs, options, summaries) };
      const counted = countOf(summaries);
      return {
        ...jsonOf("jobs", newestJobs(jobs, options)),
        ...(counted === 0 ? {} : { "only-counted": String(counted) }),
      };
    },
    "show-job": async (given) => {
      const job = await requirer.job(given.text("job-id") ?? "");
      return wantsJson(given) ? { job: JSON.stringify(job) } : describeJob(job, clock.now());
    },
    "clear-history": async (given) => {
      const before = timeOf(given, "before");
      const name = given.text("database");
      const cleared = await requirer.clearHistory({
        application: name,
        before: before === undefined ? undefined : new Date(before),
      });
      if (cleared === 0 && name !== undefined) await requirer.database(name);
      return { cleared: String(cleared) };
    },
    "add-schedule": async (given) => {
      const schedule = await requirer.addSchedule({
        name: given.text("name") ?? "",
        database: given.text("database"),
        cron: given.text("cron") ?? "",
        timezone: given.text("timezone") ?? "UTC",
        backupType: given.choice("type", backupTypes) ?? "full",
        compression: given.flag("compression") ?? true,
        ...optionalRetention(given),
      });
      return { schedule: schedule.name, schedules: schedulesTable([schedule]) };
    },
    "remove-schedule": async (given) => {
      await requirer.removeSchedule(given.text("name") ?? "");
      return { removed: given.text("name") ?? "" };
    },
    "pause-schedule": async (given) => {
      await requirer.pauseSchedule(given.text("name") ?? "", given.flag("resume") !== true);
      return { schedules: schedulesTable(await requirer.schedules()) };
    },
    "list-schedules": async (given) => {
      const schedules = await requirer.schedules();
      return wantsJson(given)
        ? jsonOf("schedules", newestRows(schedules))
        : { schedules: schedulesTable(schedules) };
    },
  };
}

/** Says what a restore would do; does it where the admin repeats which database is meant. */
async function restore(
  requirer: Requirer,
  given: ActionParameters,
): Promise<Readonly<Record<string, string>>> {
  const options: RestoreOptions = {
    database: given.text("database"),
    backupId: given.text("backup-id"),
    restoreToTime: given.text("restore-to-time"),
    restoreTimeline: given.integer("restore-timeline"),
    discardOldData: given.flag("discard-old-data"),
    startBefore: timeOf(given, "start-before"),
  };
  const { application, restores, loses, warnings } = await requirer.planRestore(options);
  const confirmed = given.text("confirm");
  if (confirmed === application) return { "job-id": await requirer.requestRestore(options) };
  if (confirmed !== undefined) {
    throw new RequestError(
      "request-invalid",
      `confirm=${shortened(confirmed, 64)} does not name the database that would be restored.`,
      {
        remedy: `Run it again with confirm=${application} if ${application} is what you mean.`,
      },
    );
  }
  return {
    restores,
    loses,
    ...(warnings.length === 0 ? {} : { warnings: warnings.join("\n") }),
    next: `Nothing was done. Run it again with confirm=${application} to restore.`,
  };
}

function wantsJson(given: ActionParameters): boolean {
  return given.text("format") === "json";
}

/** A listing in JSON, as much of it as an action's result holds, with how many older ones are left out. */
function jsonOf(key: string, { rows, leftOut }: ShownRows<unknown>): Readonly<Record<string, string>> {
  let shown = rows;
  let json = JSON.stringify(shown);
  while (json.length > longestJson && shown.length > 1) {
    shown = shown.slice(Math.ceil(shown.length / 2));
    json = JSON.stringify(shown);
  }
  const left = leftOut + rows.length - shown.length;
  return { [key]: json, ...(left === 0 ? {} : { "left-out": String(left) }) };
}

function tableOptions(given: ActionParameters): TableOptions {
  return { limit: given.integer("limit"), since: timeOf(given, "since"), before: timeOf(given, "before") };
}

function timeOf(given: ActionParameters, name: string): string | undefined {
  const text = given.text(name);
  if (text === undefined) return undefined;
  const isTime =
    /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)$/i.test(text) &&
    !Number.isNaN(Date.parse(text));
  if (isTime) return new Date(text).toISOString();
  throw new ConfigurationError(`${name}=${shortened(text, 60)} is no time.`, {
    remedy: `Give it with its offset, for example ${name}=2026-01-31T18:00:00Z.`,
  });
}

function retentionOf(given: ActionParameters): Retention | undefined {
  const full = given.integer("keep-full");
  const days = given.integer("keep-days");
  if (full !== undefined && days !== undefined) {
    throw new ConfigurationError("keep-full and keep-days are both given.", { remedy: "Give one of them." });
  }
  const count = full ?? days;
  if (count !== undefined && count < 1) {
    throw new ConfigurationError("There is no keeping of less than one.", {
      remedy: "Give a number of at least 1, or none to keep everything.",
    });
  }
  if (full !== undefined) return { full };
  return days === undefined ? undefined : { days };
}

function optionalRetention(given: ActionParameters): { readonly retention?: Retention } {
  const retention = retentionOf(given);
  return retention === undefined ? {} : { retention };
}
