import type { ActionHandler, Juju } from "juju-database-backup/juju";
import { repositoryActions, type PostgresqlOptions } from "juju-database-backup/postgresql";
import {
  providerActions,
  requiredStorage,
  type Provider,
  type RelatedStorage,
} from "juju-database-backup/provider";

/** The charm's actions, which use the storage that is related to it. */
export function actionsOf(
  { application }: Juju,
  provider: Provider,
  options: PostgresqlOptions,
  related: RelatedStorage,
  endpoint: string,
): Readonly<Record<string, ActionHandler>> {
  const storage = () => requiredStorage(related, { application, endpoint, role: "database" });
  return {
    ...providerActions(provider, storage),
    ...repositoryActions(options, provider.executorEnvironment, storage, async () =>
      provider.backsUpElsewhere(),
    ),
  };
}
