import { runAction, type Dispatch } from "juju-database-backup/juju";
import { managerActions, Requirer } from "juju-database-backup/requirer";

/** One dispatch of the charm. */
export async function charm(dispatch: Dispatch): Promise<void> {
  const { juju, event, machine } = dispatch;
  const requirer = new Requirer(dispatch);
  if (event.kind === "action") await runAction(juju, event.name, managerActions(requirer, machine.clock));
  await juju.setStatus(await requirer.reconcile());
}
