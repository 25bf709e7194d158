/**
 * The databags in the output of `juju show-unit`.
 *
 * Of a unit's relations it shows the application databag of the other side, the databags of the other side's units, and
 * the unit's own. The own application's databag is shown by a unit of the other side.
 *
 * @see https://documentation.ubuntu.com/juju/3.6/reference/juju-cli/list-of-juju-cli-commands/show-unit/
 *
 * @module
 */
import { isObject, type JsonObject } from "../../wire/list-value.ts";
import { kindOf } from "../../wire/received.ts";
import type { Path } from "../document/document.ts";
import { FoundDatabag, type DatabagKind } from "./databag.ts";
import { looksLike } from "./misspelt.ts";

/** A relation of a unit. */
export interface ShownRelation {
  readonly endpoint: string | undefined;
  readonly relatedEndpoint: string | undefined;
  readonly databags: readonly FoundDatabag[];
}

/** Something around the databags that is not as Juju writes it. */
export interface ShapeFault {
  readonly path: Path;
  readonly part: "key" | "value";
  /** As the end of a sentence that begins with the path. */
  readonly message: string;
  readonly remedy: string;
  readonly expected: string;
}

/** What `juju show-unit` shows. */
export interface ShownUnits {
  readonly relations: readonly ShownRelation[];
  readonly faults: readonly ShapeFault[];
}

const relationInfo = "relation-info";
const relationKeys = [
  "relation-id",
  "endpoint",
  "cross-model",
  "related-endpoint",
  "application-data",
  "local-unit",
  "related-units",
];
const unitKeys = ["in-scope", "data"];

/** Reads what `juju show-unit` shows; undefined where a value is nothing like it. */
export function readShownUnits(value: JsonObject): ShownUnits | undefined {
  const reading = new Reading();
  const units: readonly (readonly [Path, JsonObject])[] = hasRelations(value)
    ? [[[], value]]
    : Object.entries(value).flatMap(([name, unit]) =>
        isObject(unit) && hasRelations(unit) ? [[[name], unit] as const] : [],
      );
  if (units.length === 0) return undefined;
  for (const [path, unit] of units) reading.readUnit(unit, path);
  return reading;
}

function hasRelations(unit: JsonObject): boolean {
  const name = Object.keys(unit).find((key) => looksLike(key, [relationInfo]) !== undefined);
  const relations = name === undefined ? undefined : unit[name];
  return Array.isArray(relations) && relations.every((relation) => isObject(relation));
}

class Reading implements ShownUnits {
  readonly relations: ShownRelation[] = [];
  readonly faults: ShapeFault[] = [];

  readUnit(unit: JsonObject, path: Path): void {
    const { [relationInfo]: relations } = this.#named(unit, path, [relationInfo]);
    if (!Array.isArray(relations?.value)) return;
    for (const [index, relation] of relations.value.entries()) {
      if (isObject(relation)) this.#readRelation(relation, [...relations.path, index]);
    }
  }

  #readRelation(relation: JsonObject, path: Path): void {
    const named = this.#named(relation, path, relationKeys);
    const databags = [
      ...this.#databag(named["application-data"], "application"),
      ...this.#unitData(named["local-unit"]),
    ];
    const related = named["related-units"];
    if (isObject(related?.value)) {
      for (const [name, unit] of Object.entries(related.value)) {
        databags.push(...this.#unitData({ value: unit, path: [...related.path, name] }));
      }
    }
    this.relations.push({
      endpoint: textOf(named["endpoint"]?.value),
      relatedEndpoint: textOf(named["related-endpoint"]?.value),
      databags,
    });
  }

  #unitData(unit: Located | undefined): readonly FoundDatabag[] {
    if (unit === undefined || !isObject(unit.value)) return [];
    return this.#databag(this.#named(unit.value, unit.path, unitKeys)["data"], "unit");
  }

  #databag(data: Located | undefined, kind: DatabagKind): readonly FoundDatabag[] {
    if (data === undefined || data.value === null || data.value === undefined) return [];
    if (isObject(data.value)) return [new FoundDatabag(data.value, data.path, kind)];
    const expected = "the keys of a databag";
    const message = `is ${kindOf(data.value)}; expected ${expected}.`;
    const remedy = "Give the output of juju show-unit as it is.";
    this.faults.push({ path: data.path, part: "value", message, remedy, expected });
    return [];
  }

  /** The fields of an object by the names that Juju gives them. A misspelt one is told, and taken for what is meant. */
  #named(object: JsonObject, path: Path, names: readonly string[]): Readonly<Record<string, Located>> {
    const found: Record<string, Located> = {};
    const absent = names.filter((name) => !Object.hasOwn(object, name));
    for (const [key, value] of Object.entries(object)) {
      const inner = [...path, key];
      const meant = names.includes(key) ? key : looksLike(key, absent);
      if (meant === undefined) continue;
      found[meant] = { value, path: inner };
      if (meant === key) continue;
      this.faults.push({
        path: inner,
        part: "key",
        message: `is nothing that juju show-unit writes; expected ${meant}.`,
        remedy: `Rename it to ${meant}; it was read as that.`,
        expected: meant,
      });
    }
    return found;
  }
}

interface Located {
  readonly value: unknown;
  readonly path: Path;
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}
