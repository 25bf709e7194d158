/**
 * The ids of relations as people and hook tools write them.
 *
 * @module
 */
import { ConfigurationError } from "../../errors.ts";

/** Reads `3` or `database-backup:3`. @throws ConfigurationError where it is neither. */
export function relationId(relation: number | string): number {
  if (typeof relation === "number") return relation;
  const id = Number(relation.slice(relation.lastIndexOf(":") + 1));
  if (Number.isInteger(id)) return id;
  throw new ConfigurationError(`"${relation}" is no relation id`, {
    remedy: "Write 3 or database-backup:3.",
  });
}
