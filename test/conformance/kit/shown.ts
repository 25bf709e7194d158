/**
 * What an admin would have collected with `juju show-unit` while a trace was recorded.
 *
 * @module
 */
import type { Databags, Party, Trace } from "../../../lib/conformance/trace/trace.ts";

/** The outputs, each after a line with its time. */
export function shownUnits(trace: Trace): string {
  return trace
    .filter((entry): entry is Databags => entry.kind === "databags")
    .map((entry) => `${entry.at}\n${JSON.stringify(shown(entry))}\n`)
    .join("");
}

function shown({ provider, requirer }: Databags): Record<string, unknown> {
  return { ...unitsOf(provider, requirer), ...unitsOf(requirer, provider) };
}

function unitsOf(own: Party | undefined, other: Party | undefined): Record<string, unknown> {
  if (own === undefined || other === undefined) return {};
  const inScope = (data: unknown): unknown => ({ "in-scope": true, data });
  return Object.fromEntries(
    Object.entries(own.units).map(([unit, data]) => [
      unit,
      {
        leader: unit.endsWith("/0"),
        "relation-info": [
          {
            "relation-id": 3,
            endpoint: "database-backup",
            "related-endpoint": "database-backup",
            "application-data": other.data,
            "local-unit": inScope(data),
            "related-units": Object.fromEntries(
              Object.entries(other.units).map(([name, databag]) => [name, inScope(databag)]),
            ),
          },
        ],
      },
    ]),
  );
}
