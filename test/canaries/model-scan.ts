/**
 * Looks for marked credentials in a model of the simulated Juju.
 *
 * @module
 */
import type { SimulatedJuju } from "../../lib/testing/index.ts";
import type { CanaryScan } from "./scan.ts";

/** What a model shows its admin. */
export type ModelView = Pick<SimulatedJuju, "status" | "hooksRun" | "log" | "databag">;

/** Where version 0 of the interfaces has keys in plain text: in whose databag, and under which key. */
export type PlainTextPlace = (owner: string, key: string) => boolean;

const endOfRelations = 100;

/** Looks at everything in a model that its admin can see: databags, statuses, log and hooks. */
export function scanModel(scan: CanaryScan, juju: ModelView, isPlainText: PlainTextPlace): void {
  const status = juju.status();
  scan.value("status", status);
  scan.value("hooks", juju.hooksRun());
  for (const { unit, level, message } of juju.log()) scan.text(`log of ${unit}, ${level}`, message);
  const owners = Object.entries(status.applications).flatMap(([name, { units }]) => [
    name,
    ...Object.keys(units),
  ]);
  for (let relation = 0; relation < endOfRelations; relation += 1) {
    for (const owner of owners) {
      for (const [key, value] of Object.entries(databag(juju, relation, owner))) {
        if (!isPlainText(owner, key)) scan.text(`databag of ${owner} in relation ${relation}, ${key}`, value);
      }
    }
  }
}

function databag(juju: ModelView, relation: number, owner: string): Readonly<Record<string, string>> {
  try {
    return juju.databag(relation, owner);
  } catch {
    // There is no such relation, or it is not this owner's.
    return {};
  }
}
