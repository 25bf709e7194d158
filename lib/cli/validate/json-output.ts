/**
 * Problems for programs: one JSON object for all inputs.
 *
 * @module
 */
import type { CheckedInput, MakeOutput } from "./output.ts";

/** Prints one object at the end: `files`, with their problems or why they could not be read, `errors` and `warnings`. */
export const jsonOutput: MakeOutput = (terminal) => {
  const inputs: CheckedInput[] = [];
  return {
    input(checked) {
      inputs.push(checked);
    },
    end() {
      const count = (kind: "errors" | "warnings"): number =>
        inputs.reduce((sum, { result }) => sum + ("unreadable" in result ? 0 : result.counts[kind]), 0);
      const said = { errors: count("errors"), warnings: count("warnings"), files: inputs.map(fileOf) };
      terminal.out(JSON.stringify(said, undefined, 2));
    },
  };
};

function fileOf({ name, result }: CheckedInput): object {
  if ("unreadable" in result) {
    const { unreadable, remedy, place } = result;
    return { file: name, unreadable: { message: unreadable, remedy, ...place } };
  }
  const { problems, counts, unlisted } = result;
  return { file: name, ...counts, unlisted, problems };
}
