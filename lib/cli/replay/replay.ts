/**
 * The verb `replay`: tells the story of what was collected from a live model.
 *
 * @module
 */
import { decodeTrace, looksLikeTrace } from "../../conformance/trace/trace-text.ts";
import { jsonStories } from "../../replay/json-story.ts";
import { replay as replayRelation } from "../../replay/replay.ts";
import { relationTraces, type RelationTrace, type Snapshot } from "../../replay/snapshots.ts";
import { textStory } from "../../replay/text-story.ts";
import { timedOutputs, timeInName } from "../../replay/timed-outputs.ts";
import { readChoice, verbOf } from "../arguments.ts";
import { readDocument } from "../document/read-document.ts";
import { inputName, readInputText, type Unreadable } from "../input-text.ts";
import type { Terminal, Verb } from "../verb.ts";

const command = "juju-database-backup replay";
const formats = ["text", "json"] as const;

const help = `Usage: ${command} [options] [<file> ...]

Tells the story of a relation of the interface database_backup: a timeline of each job across both sides, what should
happen next, and which rule broke first. No line shows a credential.

A file holds outputs of juju show-unit, as YAML or JSON, each after a line with its time, for example
2026-01-31T18:00:00Z; or one output, with the time in the file's name. The units of both sides belong in it: each shows
what the other side wrote. A trace of juju-database-backup conformance will do, too. Without a file, or for -, standard
input is read.

Options:
      --endpoint  The endpoint of either side. Default: found out by its name and by the databags.
      --format    ${formats.join(", ")}. Default: text.
  -h, --help      Show this.

Exit codes: 0 no rule was seen to be broken, 1 one was, 2 something could not be read.`;

const options = {
  endpoint: { type: "string" },
  format: { type: "string" },
} as const;

/** Tells the story of what was collected. */
export const replay: Verb = verbOf(command, help, options, async ({ values, positionals }, terminal) => {
  const format = readChoice("--format", values.format, formats) ?? "text";
  const snapshots: Snapshot[] = [];
  const traces: RelationTrace[] = [];
  for (const file of positionals.length === 0 ? ["-"] : positionals) {
    const read = await readFile(file, terminal);
    if ("unreadable" in read) {
      const { line, column } = read.place ?? {};
      const place = line === undefined ? "" : ` At line ${line}, column ${column ?? 1}.`;
      terminal.err(`${inputName(file)}: ${read.unreadable}${place} ${read.remedy}`);
      return 2;
    }
    if ("trace" in read) traces.push(read);
    else snapshots.push(...read.snapshots);
  }
  const ordered = snapshots.toSorted((a, b) => compareTimes(a.at, b.at));
  const stories = [...traces, ...relationTraces(ordered, values.endpoint)].map(replayRelation);
  if (stories.length === 0) {
    terminal.err("There is no relation of the interface in it. Name the endpoint with --endpoint.");
    return 2;
  }
  if (format === "json") terminal.out(jsonStories(stories));
  else for (const [index, story] of stories.entries()) printStory(story, index, terminal);
  return stories.some(({ broken }) => broken.length > 0) ? 1 : 0;
});

function printStory(story: ReturnType<typeof replayRelation>, index: number, terminal: Terminal): void {
  if (index > 0) terminal.out("");
  for (const line of textStory(story)) terminal.out(line);
}

async function readFile(
  file: string,
  terminal: Terminal,
): Promise<RelationTrace | { readonly snapshots: readonly Snapshot[] } | Unreadable> {
  const read = await readInputText(file, terminal);
  if ("unreadable" in read) return read;
  if (looksLikeTrace(read.text)) {
    const trace = decodeTrace(read.text);
    if ("faultyLine" in trace) {
      return {
        unreadable: `no trace: line ${trace.faultyLine} is no entry of one.`,
        remedy: "Give a trace as juju-database-backup conformance --traces writes it.",
      };
    }
    return { relation: inputName(file), trace };
  }
  const snapshots: Snapshot[] = [];
  for (const { at, text } of timedOutputs(read.text, timeInName(file))) {
    const document = await readDocument(text);
    if ("unreadable" in document) {
      const where = at === "" ? "" : `what follows ${at} is `;
      return { ...document, unreadable: `${where}${document.unreadable}` };
    }
    snapshots.push({ at, value: document.value });
  }
  return { snapshots };
}

/** Outputs without a time stay where they are. */
function compareTimes(a: string, b: string): number {
  const difference = Date.parse(a) - Date.parse(b);
  return Number.isNaN(difference) ? 0 : difference;
}
