import type { UnitStatus } from "juju-database-backup/juju";
import type { ArchivingDispatch, PostgresqlOptions } from "juju-database-backup/postgresql";
import type { ExecutorEnvironment } from "juju-database-backup/provider";

/** Has the database archive to the storage that is related, if there is one; else nothing of it is loaded. */
export async function archive(
  options: PostgresqlOptions,
  environment: ExecutorEnvironment,
  dispatch: ArchivingDispatch,
): Promise<UnitStatus | undefined> {
  const { related } = dispatch;
  if (!related.complete && !related.related) return undefined;
  const { archiveToRelatedStorage } = await import("juju-database-backup/postgresql");
  return await archiveToRelatedStorage(options, environment, dispatch);
}
