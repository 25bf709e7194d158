/**
 * Prints what was measured for people, with the goals.
 *
 * @module
 */

/** Which figures have a goal, and where they are. */
const goals = [
  ["hook", "idle.ratio", 1.25],
  ["validate", "loadMs", 3],
  ["detect", "exponent", 1.1],
  ["detect", "parseRatio", 5],
  ["coordination", "units1.hooks", 11],
  ["coordination", "units3.hooks", 21],
  ["coordination", "units9.hooks", 51],
  ["coordination", "units1.idle", 0],
  ["coordination", "units3.idle", 0],
  ["coordination", "units9.idle", 0],
  ["latency", "dispatches", 3],
  ["command", "startMoreMs", 20],
  ["command", "exponent", 1.1],
  ["history", "successBytes", 256],
  ["history", "failureBytes", 512],
  ["history", "bytes", 262_144],
  ["history", "exponent", 1.1],
  ["history", "dispatch.ratio", 1.5],
  ["backup", "overSeconds", 4],
  ["backup", "workerMB", 100],
  ["restore", "overSeconds", 6],
  ["restore", "workerMB", 100],
  ["throughput", "lossPercent", 10],
];

/** Prints one line for each figure. */
export function printTable(results) {
  const rows = Object.entries(results).flatMap(([part, figures]) =>
    flattened(figures).map(([name, value]) => [part, name, String(value), verdict(part, name, value)]),
  );
  const table = [["part", "figure", "value", "goal"], ...rows];
  const widths = table[0].map((_, column) => Math.max(...table.map((row) => row[column].length)));
  for (const row of table) {
    console.log(
      row
        .map((cell, column) => cell.padEnd(widths[column]))
        .join("  ")
        .trimEnd(),
    );
  }
}

function flattened(figures, prefix = "") {
  return Object.entries(figures).flatMap(([name, value]) =>
    typeof value === "object" ? flattened(value, `${prefix}${name}.`) : [[`${prefix}${name}`, value]],
  );
}

function verdict(part, name, value) {
  const [, , limit] = goals.find((goal) => goal[0] === part && goal[1] === name) ?? [];
  if (limit === undefined) return "";
  return `at most ${limit}: ${value <= limit ? "held" : "missed"}`;
}
