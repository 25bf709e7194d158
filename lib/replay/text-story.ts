/**
 * The story of a relation for people.
 *
 * @module
 */
import { shortened, shownId } from "../printable.ts";
import type { Told } from "../conformance/trace/narration.ts";
import type { Replay } from "./replay.ts";

const longestLine = 400;

/** The lines of a story. */
export function textStory({ relation, provider, requirer, jobs, others, broken }: Replay): readonly string[] {
  const [first, ...later] = broken;
  return [
    `Relation ${relation}: ${requirer ?? "an unknown requirer"} asks ${provider ?? "an unknown provider"}`,
    ...(others.length === 0 ? [] : ["", ...timeline(others)]),
    ...jobs.flatMap(({ id, type, status, timeline: told, next }) => [
      "",
      `Job ${shownId(id)}, ${type}: ${status}`,
      ...timeline(told),
      `  Next: ${next}`,
    ]),
    "",
    ...(first === undefined
      ? ["No rule was seen to be broken."]
      : [
          `First broken: ${first.rule.id} at ${time(first.at)}: ${first.what}`,
          `  The rule: ${first.rule.holds}`,
          `  ${first.rule.remedy}`,
        ]),
    ...later.map(({ rule, at, what }) => `Then broken: ${rule.id} at ${time(at)}: ${what}`),
  ].map((line) => shortened(line, longestLine));
}

function timeline(told: readonly Told[]): readonly string[] {
  return told.map(({ at, line }) => `  ${time(at)}  ${line}`);
}

function time(at: string): string {
  return at === "" ? "at some time" : at;
}
