import type { Dispatch, UnitStatus } from "juju-database-backup/juju";
import type { PostgresqlOptions } from "juju-database-backup/postgresql";
import type { Provider, RelatedStorage } from "juju-database-backup/provider";

/**
 * Makes the unit a member of its cluster, serves the database's clients, and has the database archive to the storage that is
 * related. An action loads nothing of it.
 */
export async function archive(
  dispatch: Dispatch,
  provider: Provider,
  options: PostgresqlOptions,
  related: RelatedStorage,
  storageEndpoint: string,
): Promise<UnitStatus | undefined> {
  const { juju, event } = dispatch;
  const { executorEnvironment } = provider;
  const [{ archiveToRelatedStorage, joinCluster }, { DatabaseEndpoint }, { keepPasswords }] =
    await Promise.all([
      import("juju-database-backup/postgresql"),
      import("./database.ts"),
      import("./passwords.ts"),
    ]);
  await keepPasswords(dispatch, provider, options, await juju.config());
  const database = new DatabaseEndpoint(dispatch);
  await database.settle(provider, options);
  const departing = event.kind === "relation" ? event.departingUnit : undefined;
  const isJobUnderWay = await provider.isBusy();
  const joined = await joinCluster(options, executorEnvironment, {
    juju,
    isJobUnderWay,
    publish: async (endpoints) => database.publish(endpoints),
    ...(departing === undefined ? {} : { departing }),
  });
  const archiving = await archiveToRelatedStorage(options, executorEnvironment, {
    juju,
    event,
    storageEndpoint,
    related,
    isJobUnderWay,
  });
  return joined ?? archiving;
}
