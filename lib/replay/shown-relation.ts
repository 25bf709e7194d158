/**
 * The databags of a relation in the output of `juju show-unit`, with whose they are.
 *
 * Of a unit's relations it shows the application databag of the other side, the databags of the other side's units, and
 * the unit's own.
 *
 * @see https://documentation.ubuntu.com/juju/3.6/reference/juju-cli/list-of-juju-cli-commands/show-unit/
 *
 * @module
 */
import type { Databag } from "../juju/juju.ts";
import { isObject } from "../wire/list-value.ts";

/** A relation as one of its units shows it. */
export interface ShownRelation {
  /** Its id in the model. */
  readonly id: string;
  /** The unit that was shown. */
  readonly unit: string;
  readonly leads: boolean;
  readonly endpoint: string;
  readonly relatedEndpoint: string;
  /** The unit's own databag. */
  readonly own: Databag;
  /** The databag of the other side's application. */
  readonly otherApplication: Databag;
  /** The databags of the other side's units. */
  readonly otherUnits: ReadonlyMap<string, Databag>;
}

/** Reads all relations of all units that a value shows. Empty where it is nothing like `juju show-unit`. */
export function shownRelations(value: unknown): readonly ShownRelation[] {
  if (!isObject(value)) return [];
  return Object.entries(value).flatMap(([unit, shown]) => {
    const relations = isObject(shown) ? shown["relation-info"] : undefined;
    if (!isObject(shown) || !Array.isArray(relations)) return [];
    return relations
      .filter(isObject)
      .map((relation) => readRelation(unit, shown["leader"] === true, relation));
  });
}

function readRelation(
  unit: string,
  leads: boolean,
  relation: Readonly<Record<string, unknown>>,
): ShownRelation {
  const units = relation["related-units"];
  return {
    id: textOf(relation["relation-id"]),
    unit,
    leads,
    endpoint: textOf(relation["endpoint"]),
    relatedEndpoint: textOf(relation["related-endpoint"]),
    own: dataOf(relation["local-unit"]),
    otherApplication: databag(relation["application-data"]),
    otherUnits: new Map(
      isObject(units) ? Object.entries(units).map(([name, other]) => [name, dataOf(other)] as const) : [],
    ),
  };
}

function textOf(value: unknown): string {
  return typeof value === "string" || typeof value === "number" ? String(value) : "";
}

function dataOf(unit: unknown): Databag {
  return isObject(unit) ? databag(unit["data"]) : {};
}

/** A value that is not a string stands for its JSON, as which it is in the databag. */
function databag(data: unknown): Databag {
  if (!isObject(data)) return {};
  return Object.fromEntries(
    Object.entries(data).map(([key, value]) => [
      key,
      typeof value === "string" ? value : JSON.stringify(value),
    ]),
  );
}

/** The application of a unit. */
export function applicationOf(unit: string): string {
  return unit.split("/")[0] ?? unit;
}
