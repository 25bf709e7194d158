/**
 * The relation of an endpoint that takes one.
 *
 * @module
 */
import type { JujuEvent } from "./event.ts";
import type { Juju } from "./juju.ts";

/**
 * The first relation of an endpoint, but for the one that breaks, which Juju lists until its hook has ended.
 *
 * @param event Why the charm was dispatched.
 */
export async function standingRelation(
  juju: Juju,
  endpoint: string,
  event: JujuEvent | undefined,
): Promise<string | undefined> {
  const broken = event?.kind === "relation" && event.change === "broken" ? event.relationId : undefined;
  return (await juju.relationIds(endpoint)).find((relation) => relation !== broken);
}
