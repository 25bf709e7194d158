/**
 * Whether a database charm keeps jobs apart that must not run together.
 *
 * @module
 */
import { allCalls, isRequested, openCalls, providerUnits, usableRequest } from "../trace/circumstances.ts";
import type { Call, Story } from "../trace/story.ts";
import { visibly } from "../trace/visible.ts";
import { broken, holds, type Evidence, type Judge } from "./judge.ts";

/** A restore runs alone. */
export const alone: Judge = (story) => [...overlaps(story), ...waits(story)];

function overlaps(story: Story): readonly Evidence[] {
  return allCalls(story).flatMap((call) =>
    openCalls(story, call.from)
      // Of two that began in the same moment of the trace, one is the later.
      .filter((other) => other !== call && other.from < call.from)
      .flatMap((other) => {
        const rule = ruleOf(story, call.from, call.type, other.type);
        return rule === undefined
          ? []
          : [
              broken(
                rule,
                call.from,
                visibly`A ${call.type} began while a ${other.type} ran${where(other, call)}.`,
              ),
            ];
      }),
  );
}

function where(one: Call, other: Call): string {
  return one.unit === undefined || other.unit === undefined || one.unit === other.unit
    ? ""
    : visibly`, on ${other.unit} and ${one.unit}`;
}

/** A job that has to wait and does is what shows that there is a lock. */
function waits(story: Story): readonly Evidence[] {
  return story.settled.flatMap((index) => {
    const open = openCalls(story, index);
    const waiting = [...story.jobs.values()].filter(
      (job) => isRequested(job, index) && !job.calls.some((call) => call.from <= index),
    );
    return open.flatMap((call) =>
      waiting.flatMap((job) => {
        const type = usableRequest(job)?.job["job-type"] === "restore" ? "restore" : "backup";
        const rule = ruleOf(story, index, call.type, type);
        return rule === undefined ? [] : [holds(rule, index, job.id)];
      }),
    );
  });
}

function ruleOf(story: Story, index: number, one: Call["type"], other: Call["type"]): string | undefined {
  if (one === "backup" && other === "backup") return undefined;
  if (providerUnits(story, index) > 1) return "P-08";
  return one === other ? "P-05" : "P-07";
}
