import { runAction, type Dispatch } from "juju-database-backup/juju";
import { Provider, providerActions } from "juju-database-backup/provider";
import { postgresqlOptions } from "./options.ts";

/** One dispatch of the charm. */
export async function charm(dispatch: Dispatch): Promise<void> {
  const { juju, event } = dispatch;
  const config = await juju.config();
  const provider = new Provider({
    ...dispatch,
    stateDirectory: String(config["state-directory"]),
    executor: {
      module: new URL("./executor.js", import.meta.url),
      options: postgresqlOptions(config),
    },
  });
  if (event.kind === "action") return await runAction(juju, event.name, providerActions(provider));
  const { status } = await provider.reconcile();
  await juju.setStatus(status ?? { name: "active", message: "" });
}
