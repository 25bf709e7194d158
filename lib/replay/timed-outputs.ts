/**
 * Takes apart a text in which outputs follow one another, each after a line with its time.
 *
 * @module
 */

/** An output with its time. */
export interface TimedOutput {
  /** RFC 3339; empty where no line tells it. */
  readonly at: string;
  readonly text: string;
}

/** A line that holds a time and nothing else, but for what makes it a comment or a beginning in YAML. */
const timeLine = /^(?:---\s*)?(?:#\s*)?(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:?\d\d))\s*$/;

/**
 * Takes a text apart.
 *
 * @param at The time of what stands before the first line with a time.
 */
export function timedOutputs(text: string, at = ""): readonly TimedOutput[] {
  const outputs: TimedOutput[] = [];
  let current = at;
  let lines: string[] = [];
  const finish = (): void => {
    if (lines.some((line) => line.trim() !== "" && line.trim() !== "---")) {
      outputs.push({ at: current, text: lines.join("\n") });
    }
    lines = [];
  };
  for (const line of text.split(/\r?\n/)) {
    const time = timeLine.exec(line)?.[1];
    if (time === undefined) {
      lines.push(line);
      continue;
    }
    finish();
    current = time;
  }
  finish();
  return outputs;
}

/** The time in a file's name, for example `2026-01-31T18:00:00Z.yaml`; empty where it has none. */
export function timeInName(file: string): string {
  const found = /(\d{4}-\d\d-\d\dT\d\d)[:.-]?(\d\d)[:.-]?(\d\d)(?:\.\d+)?Z/.exec(file);
  return found === null ? "" : `${found[1] ?? ""}:${found[2] ?? ""}:${found[3] ?? ""}Z`;
}
