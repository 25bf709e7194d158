import { HookTools } from "juju-database-backup/juju";
import { Provider } from "juju-database-backup/provider";
import { postgresqlOptions } from "./options.ts";

const juju = new HookTools();
const config = await juju.config();
const provider = new Provider({
  juju,
  stateDirectory: String(config["state-directory"]),
  executor: {
    module: import.meta.resolve("juju-database-backup/postgresql"),
    options: postgresqlOptions(config),
  },
});
const { status } = await provider.reconcile();
await juju.setStatus(status ?? { name: "active", message: "" });
