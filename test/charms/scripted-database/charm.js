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
  const isTold = (what) => isToldOnce(config["script-directory"], what);
  if (isTold("die-before-writes")) process.kill(process.pid, "SIGKILL");
  const { status } = await provider.reconcile();
  await juju.setStatus(status ?? { name: "active", message: "" });

  if (isTold("die-after-writes")) process.kill(process.pid, "SIGKILL");
  // The hook fails after all was done: Juju drops what it wrote to databags and runs it again.
  if (isTold("fail-once")) process.exitCode = 1;
});

/** Whether a file of that name was there: it is gone then, for this dispatch and all others. */
function isToldOnce(directory, what) {
  if (directory === undefined || !existsSync(join(directory, what))) return false;
  rmSync(join(directory, what), { force: true });
  return true;
}
