/**
 * Hook tools that answer at once, and a script that calls them and does nothing else.
 *
 * @module
 */

/** One hook tool as a shell script that starts no process: it knows the answers to the calls that were recorded. */
export function toolScript(calls) {
  const answers = new Map(calls.map(({ args, stdout }) => [args.join(" "), stdout]));
  const cases = [...answers].map(([args, stdout]) => `${quoted(args)}) printf %s ${quoted(stdout)};;`);
  return `#!/bin/sh\ncase "$*" in\n${cases.join("\n")}\n*) echo "ERROR nobody asked for this: $*" >&2; exit 1;;\nesac\n`;
}

/**
 * A script that makes the same calls as a dispatch, side by side where it made them side by side, reads what they print,
 * and does nothing with it.
 */
export function emptyScript(calls) {
  const groups = [];
  let end = -Infinity;
  for (const { tool, args, startedMs, endedMs } of calls) {
    if (startedMs >= end) groups.push([]);
    groups.at(-1).push([tool, ...args]);
    end = Math.max(end, endedMs);
  }
  return `import { spawn } from "node:child_process";
import { once } from "node:events";

async function call([tool, ...args]) {
  const child = spawn(tool, args, { stdio: ["pipe", "pipe", "pipe"] });
  let said = "";
  child.stdout.on("data", (chunk) => (said += chunk));
  child.stdin.on("error", () => undefined);
  child.stdin.end("");
  const [code] = await once(child, "close");
  if (code !== 0) process.exitCode = 1;
  return said;
}

for (const group of ${JSON.stringify(groups)}) await Promise.all(group.map(call));
`;
}

function quoted(text) {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
