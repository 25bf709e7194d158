/**
 * Hook tools that note each call, and what they noted.
 *
 * @module
 */
import { readFile, readdir } from "node:fs/promises";
import { join } from "node:path";

/** A tool, by any name, that notes its call in a folder and hands it on to the next tool of its name on PATH. */
export function recordingTool(folder) {
  return `#!/bin/sh
call='${folder}'/calls/$$
mkdir -p "$call"
date +%s%N > "$call/started"
printf '%s' "\${0##*/}" > "$call/tool"
for each in "$@"; do printf '%s\\0' "$each"; done > "$call/args"
PATH=\${PATH#*:}
"\${0##*/}" "$@" > "$call/stdout"
code=$?
cat "$call/stdout"
date +%s%N > "$call/ended"
exit $code
`;
}

/** The calls, in the order in which they began, and the environment of the process that made them. */
export async function readRecording(folder) {
  const environment = await readFile(join(folder, "environment"), "utf8");
  const calls = [];
  for (const name of await readdir(join(folder, "calls"))) {
    const read = async (file) => await readFile(join(folder, "calls", name, file), "utf8");
    calls.push({
      tool: await read("tool"),
      args: (await read("args")).split("\0").slice(0, -1),
      stdout: await read("stdout"),
      startedMs: Number(await read("started")) / 1e6,
      endedMs: Number(await read("ended")) / 1e6,
    });
  }
  return {
    calls: calls.toSorted((a, b) => a.startedMs - b.startedMs),
    env: Object.fromEntries(
      environment
        .split("\0")
        .filter((line) => line.includes("="))
        .map((line) => [line.slice(0, line.indexOf("=")), line.slice(line.indexOf("=") + 1)]),
    ),
  };
}
