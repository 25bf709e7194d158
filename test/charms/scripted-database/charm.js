import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import { runCharm } from "juju-database-backup/juju";
import { Provider } from "juju-database-backup/provider";

await runCharm(async (dispatch) => {
  const { juju } = dispatch;
  const config = await juju.config();
  const provider = new Provider({
    ...dispatch,
    stateDirectory: config["state-directory"],
    executor:
      config["program"] === undefined
        ? {
            module: import.meta.resolve("juju-database-backup/testing/scripted-executor"),
            options: { directory: config["script-directory"] },
          }
        : {
            module: import.meta.resolve("juju-database-backup/testing/program-executor"),
            options: { program: config["program"] },
          },
    store: {
      module: import.meta.resolve("juju-database-backup/testing/directory-store"),
      options: { directory: config["store-directory"] },
    },
  });
  const { status } = await provider.reconcile();
  await juju.setStatus(status ?? { name: "active", message: "" });

  if (config["script-directory"] === undefined) return;
  // The hook fails after all was done: Juju drops what it wrote to databags and runs it again.
  const failOnce = join(config["script-directory"], "fail-once");
  if (existsSync(failOnce)) {
    rmSync(failOnce);
    process.exitCode = 1;
  }
});
