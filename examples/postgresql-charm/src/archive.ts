import type { Dispatch, UnitStatus } from "juju-database-backup/juju";
import type { PostgresqlOptions } from "juju-database-backup/postgresql";
import type { Provider, RelatedStorage } from "juju-database-backup/provider";
import { certify } from "./certificates.ts";

/**
 * Makes the unit a member of its cluster, and has the database archive to the storage that is related. Where there is neither
 * a storage nor TLS, nothing of it is loaded.
 */
export async function archive(
  { juju, event }: Dispatch,
  provider: Provider,
  options: PostgresqlOptions,
  related: RelatedStorage,
  storageEndpoint: string,
): Promise<UnitStatus | undefined> {
  const isRelated = related.complete || related.related;
  if (!isRelated && options.tls === undefined) return undefined;
  const { archiveToRelatedStorage, joinCluster } = await import("juju-database-backup/postgresql");
  const { executorEnvironment } = provider;
  const certified = await certify({ juju, event }, provider, options);
  const departing = event.kind === "relation" ? event.departingUnit : undefined;
  const cluster = departing === undefined ? { juju } : { juju, departing };
  const joined = await joinCluster(options, executorEnvironment, cluster);
  if (!isRelated) return certified ?? joined;
  const isJobUnderWay = await provider.isBusy();
  const dispatch = { juju, event, storageEndpoint, related, isJobUnderWay };
  const archiving = await archiveToRelatedStorage(options, executorEnvironment, dispatch);
  return certified ?? joined ?? archiving;
}
