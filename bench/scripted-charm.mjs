/**
 * A database charm with the scripted executor, as a charm's author would write and bundle it.
 *
 * @module
 */
import { currentDispatch } from "juju-database-backup/juju";
import { Provider } from "juju-database-backup/provider";

const dispatch = currentDispatch();
const config = await dispatch.juju.config();
const provider = new Provider({
  ...dispatch,
  stateDirectory: config["state-directory"],
  executor: {
    module: new URL("./executor.js", import.meta.url),
    options: { directory: config["script-directory"] },
  },
  store: {
    module: new URL("./store.js", import.meta.url),
    options: { directory: config["store-directory"] },
  },
});
const { status } = await provider.reconcile();
await dispatch.juju.setStatus(status ?? { name: "active", message: "" });
