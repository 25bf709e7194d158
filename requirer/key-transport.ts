/**
 * How the keys of a storage travel to a database: as a Juju secret, or in plain text as version 0 of the interface has them.
 *
 * @module
 */
import type { Juju } from "../lib/juju/juju.ts";
import type { Database } from "./database.ts";

/** How keys travel. */
export type KeyTransport = "secret" | "plain text";

/** A related database, with how keys travel to it. */
export interface ListedDatabase extends Database {
  readonly keys: KeyTransport;
}

/**
 * How keys travel to a database: as a secret to one that lists `secret-extra`, in plain text to any other.
 *
 * Across models Juju lets only the side that offers the relation grant a secret, and refuses all that a hook wrote which
 * tries to from the other side. Before 3.6.2 Juju does not tell of the model: then the grant is tried.
 *
 * @see https://documentation.ubuntu.com/juju/3.6/reference/hook-command/list-of-hook-commands/secret-grant/
 */
export async function keyTransportTo(
  juju: Juju,
  { relation, application, features }: Database,
): Promise<KeyTransport> {
  if (!features.has("secret-extra")) return "plain text";
  const model = await juju.relationModel(relation);
  const isElsewhere = model !== undefined && model !== juju.modelUuid;
  return isElsewhere && !isConsumersName(application) ? "plain text" : "secret";
}

/** What Juju calls an application on the side that offers the relation, which is not told its name. */
export function isConsumersName(application: string): boolean {
  return /^remote-(?:[0-9a-f]{32}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/.test(application);
}
