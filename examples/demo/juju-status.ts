/**
 * The model as `juju status` prints it.
 *
 * @module
 */
import type { ModelReport } from "juju-database-backup/testing";

/** Renders the table of units, as `juju status` does: the leader bears a star. */
export function statusTable(report: ModelReport): string {
  const rows = Object.values(report.applications).flatMap((application) =>
    Object.entries(application.units).map(([name, unit]) => [
      `${name}${unit.leader ? "*" : ""}`,
      unit.workload.name,
      unit.agent.name,
      unit.workload.message,
    ]),
  );
  const header = ["Unit", "Workload", "Agent", "Message"];
  const widths = header.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)),
  );
  return [header, ...rows]
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}
