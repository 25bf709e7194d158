import type { Dispatch, UnitStatus } from "juju-database-backup/juju";
import {
  archiveToRelatedStorage,
  joinCluster,
  type ClusterEndpoints,
  type PostgresqlOptions,
} from "juju-database-backup/postgresql";
import type { Provider, RelatedStorage } from "juju-database-backup/provider";

/** Makes the unit a member of its cluster, and has the database archive to the storage that is related. */
export async function archive(
  { juju, event }: Dispatch,
  provider: Provider,
  options: PostgresqlOptions,
  related: RelatedStorage,
  storageEndpoint: string,
  publish: (endpoints: ClusterEndpoints) => Promise<void>,
): Promise<UnitStatus | undefined> {
  const { executorEnvironment } = provider;
  const departing = event.kind === "relation" ? event.departingUnit : undefined;
  const isJobUnderWay = await provider.isBusy();
  const joined = await joinCluster(options, executorEnvironment, {
    juju,
    isJobUnderWay,
    publish,
    ...(departing === undefined ? {} : { departing }),
  });
  const dispatch = { juju, event, storageEndpoint, related, isJobUnderWay };
  const archiving = await archiveToRelatedStorage(options, executorEnvironment, dispatch);
  return joined ?? archiving;
}
