/**
 * Which endpoints Juju would relate, and why not the others.
 *
 * @module
 * @see https://documentation.ubuntu.com/juju/3.6/reference/relation/
 */
import { ConfigurationError } from "../../errors.ts";
import type { Relation, RelationEnd } from "./relation.ts";

/**
 * Checks that two ends can be related.
 *
 * @param relationsOf The relations that an end has already.
 * @throws ConfigurationError where Juju would refuse to.
 */
export function requireRelatable(
  ends: readonly [RelationEnd, RelationEnd],
  relationsOf: (end: RelationEnd) => readonly Relation[],
): void {
  const [a, b] = ends;
  const refuse = (why: string, remedy: string): never => {
    throw new ConfigurationError(`"${nameOf(a)}" and "${nameOf(b)}" cannot be related: ${why}`, { remedy });
  };
  if (a.application === b.application)
    refuse("an application cannot be related to itself", "Name two applications.");
  if (a.endpoint.role === "peer" || b.endpoint.role === "peer") {
    refuse("a peer endpoint has its relation from the start", "Name endpoints under provides and requires.");
  }
  if (a.endpoint.role === b.endpoint.role)
    refuse(`both are a ${a.endpoint.role}`, "Relate a requirer to a provider.");
  if (a.endpoint.interface !== b.endpoint.interface) {
    refuse(
      `their interfaces are "${a.endpoint.interface}" and "${b.endpoint.interface}"`,
      "Relate endpoints of the same interface.",
    );
  }
  if (relationsOf(a).some((relation) => relation.endOf(b.application)?.endpoint.name === b.endpoint.name)) {
    refuse("they are already", "Remove the relation first.");
  }
  for (const end of ends) {
    const { limit } = end.endpoint;
    if (limit !== undefined && relationsOf(end).length >= limit) {
      refuse(`${nameOf(end)} has a limit of ${limit}`, "Remove another relation first.");
    }
  }
}

function nameOf({ application, endpoint }: RelationEnd): string {
  return `${application}:${endpoint.name}`;
}
