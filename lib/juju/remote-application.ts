/**
 * The application on the other side of a relation.
 *
 * @module
 */
import type { Databag, Juju } from "./juju.ts";

/** Who is on the other side of a relation, and what that says as a whole. */
export interface RemoteApplication {
  readonly application: string;
  readonly databag: Databag;
}

/** Asks who is on the other side of a relation, and then for its databag. */
export async function readRemoteApplication(juju: Juju, relation: string): Promise<RemoteApplication> {
  const application = await juju.relationApplication(relation);
  return { application, databag: await juju.readApplicationDatabag(relation, application) };
}
