import { runAction, type Dispatch } from "juju-database-backup/juju";
import { Provider } from "juju-database-backup/provider";
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
  if (event.kind === "action") {
    await runAction(juju, event.name, {
      "release-grant": async (given) => {
        const confirm = given.text("confirm");
        const { state, message } = await provider.releaseGrant({
          fence: given.integer("fence") ?? 0,
          ...(confirm === undefined ? {} : { confirm }),
        });
        return { state, message };
      },
    });
    return;
  }
  const { status } = await provider.reconcile();
  await juju.setStatus(status ?? { name: "active", message: "" });
}
