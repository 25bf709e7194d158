import { runAction, type Dispatch } from "juju-database-backup/juju";
import { Provider, readS3Storage, usableStorageOf } from "juju-database-backup/provider";
import { settleMember } from "./member.ts";
import { tlsAddress } from "./certificates.ts";
import { postgresqlOptions } from "./options.ts";

const endpoint = "s3-parameters";

/** One dispatch of the charm. */
export async function charm(dispatch: Dispatch): Promise<void> {
  const { juju, event } = dispatch;
  const [config, related] = await Promise.all([juju.config(), readS3Storage(juju, endpoint, event)]);
  const options = postgresqlOptions(config, await tlsAddress(juju, config));
  const provider = new Provider({
    ...dispatch,
    stateDirectory: String(config["state-directory"]),
    executor: { module: new URL("./executor.js", import.meta.url), options },
    archiveStorage: usableStorageOf(related),
  });
  if (event.kind === "action") {
    const { actionsOf } = await import("./actions.ts");
    return await runAction(juju, event.name, actionsOf(juju, provider, options, related, endpoint));
  }
  const standing = await settleMember(dispatch, provider, options, related, endpoint);
  const { status } = await provider.reconcile();
  await juju.setStatus(status ?? standing ?? { name: "active", message: "" });
}
