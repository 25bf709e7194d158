import { runAction, type Dispatch } from "juju-database-backup/juju";
import {
  Provider,
  providerActions,
  readS3Storage,
  requestS3Secrets,
  requiredStorage,
  usableStorageOf,
} from "juju-database-backup/provider";
import { postgresqlOptions } from "./options.ts";

const storageEndpoint = "s3-parameters";

/** One dispatch of the charm. */
export async function charm(dispatch: Dispatch): Promise<void> {
  const { juju, event } = dispatch;
  const [config, related] = await Promise.all([juju.config(), readS3Storage(juju, storageEndpoint, event)]);
  const options = postgresqlOptions(config);
  const provider = new Provider({
    ...dispatch,
    stateDirectory: String(config["state-directory"]),
    executor: { module: new URL("./executor.js", import.meta.url), options },
    archiveStorage: usableStorageOf(related),
  });
  if (event.kind === "action") {
    const storage = () =>
      requiredStorage(related, {
        application: juju.application,
        endpoint: storageEndpoint,
        role: "database",
      });
    const { repositoryActions } = await import("juju-database-backup/postgresql");
    const actions = {
      ...providerActions(provider, storage),
      ...repositoryActions(options, provider.executorEnvironment, storage),
    };
    return await runAction(juju, event.name, actions);
  }
  await requestS3Secrets(juju, storageEndpoint, event);
  const { status } = await provider.reconcile();
  await juju.setStatus(status ?? { name: "active", message: "" });
}
