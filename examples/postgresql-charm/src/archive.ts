import type { Dispatch, UnitStatus } from "juju-database-backup/juju";
import type { PostgresqlOptions } from "juju-database-backup/postgresql";
import type { Provider, RelatedStorage } from "juju-database-backup/provider";

/** Has the database archive to the storage that is related, if there is one; else nothing of it is loaded. */
export async function archive(
  { juju, event }: Dispatch,
  provider: Provider,
  options: PostgresqlOptions,
  related: RelatedStorage,
  storageEndpoint: string,
): Promise<UnitStatus | undefined> {
  if (!related.complete && !related.related) return undefined;
  const { archiveToRelatedStorage } = await import("juju-database-backup/postgresql");
  const isJobUnderWay = await provider.isBusy();
  const dispatch = { juju, event, storageEndpoint, related, isJobUnderWay };
  return await archiveToRelatedStorage(options, provider.executorEnvironment, dispatch);
}
