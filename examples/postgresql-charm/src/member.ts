import type { Dispatch, UnitStatus } from "juju-database-backup/juju";
import type { PostgresqlOptions } from "juju-database-backup/postgresql";
import type { Provider, RelatedStorage } from "juju-database-backup/provider";
import { certify } from "./certificates.ts";
import { DatabaseEndpoint } from "./database.ts";
import { keepPasswords } from "./passwords.ts";

/**
 * Makes the unit a member of its cluster, serves the database's clients, and has the database archive to the storage that is
 * related. Where there is nobody and nothing of that, none of it is loaded.
 */
export async function settleMember(
  dispatch: Dispatch,
  provider: Provider,
  options: PostgresqlOptions,
  related: RelatedStorage,
  storageEndpoint: string,
): Promise<UnitStatus | undefined> {
  const { juju, event } = dispatch;
  const { executorEnvironment } = provider;
  const change = event.kind === "relation" ? event : undefined;
  const [[peers], clients] = await Promise.all([
    juju.relationIds("database-peers"),
    juju.relationIds("database"),
  ]);
  const others = peers === undefined ? [] : await juju.relationUnits(peers);
  const certified = await certify({ juju, event }, provider, options);
  await keepPasswords(dispatch, provider, options, await juju.config());
  const database = new DatabaseEndpoint(dispatch);
  await database.settle(provider, options);
  const isStorage = related.complete || related.related || change?.endpoint === storageEndpoint;
  const isMember = others.length > 0 || change?.departingUnit !== undefined || options.tls !== undefined;
  if (!isStorage && !isMember && clients.length === 0) return certified;
  const { archiveToRelatedStorage, joinCluster } = await import("juju-database-backup/postgresql");
  const isJobUnderWay = await provider.isBusy();
  const joined = await joinCluster(options, executorEnvironment, {
    juju,
    isJobUnderWay,
    publish: async (endpoints) => database.publish(endpoints),
    ...(change?.departingUnit === undefined ? {} : { departing: change.departingUnit }),
  });
  if (!isStorage) return certified ?? joined;
  const archiving = await archiveToRelatedStorage(options, executorEnvironment, {
    juju,
    event,
    storageEndpoint,
    related,
    isJobUnderWay,
  });
  return certified ?? joined ?? archiving;
}
