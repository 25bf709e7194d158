/**
 * The story of relations for programs.
 *
 * @module
 */
import type { Told } from "../conformance/trace/narration.ts";
import type { Replay } from "./replay.ts";

/** Stories as JSON: for each relation its jobs with their timelines, and the rules that were broken, first things first. */
export function jsonStories(replays: readonly Replay[]): string {
  const relations = replays.map(({ relation, provider, requirer, jobs, others, broken }) => ({
    relation,
    provider,
    requirer,
    jobs: jobs.map(({ id, type, status, timeline, next }) => ({
      "job-id": id,
      "job-type": type,
      status,
      timeline: timeline.map(moment),
      next,
    })),
    others: others.map(moment),
    broken: broken.map(({ rule, at, what }) => ({ rule: rule.id, at, what, remedy: rule.remedy })),
  }));
  return JSON.stringify({ relations }, undefined, 2);
}

function moment({ at, line }: Told): { readonly at: string; readonly what: string } {
  return { at, what: line };
}
