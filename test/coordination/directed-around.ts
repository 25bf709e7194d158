/**
 * Schedules that show what a charm does that does what none should.
 */
import { leader } from "./directed-parts.ts";
import type { DirectedSchedule } from "./directed.ts";
import type { Director } from "./director.ts";

const story = "A job is requested and ends.";

async function play(director: Director): Promise<void> {
  await director.request("job-1", "backup");
}

/** One for each variant that has something around the shipped code, in their order. */
export const schedulesOfAround: readonly DirectedSchedule[] = [
  {
    variant: "reports every end as a success",
    breaks: ["success"],
    story: "A job fails.",
    play: async (director) => {
      director.world.board.fates.set("job-1", "fails");
      await play(director);
    },
  },
  { variant: "reports a job as failed that another unit runs", breaks: ["end"], story, play },
  {
    variant: "tells each manager of all jobs",
    breaks: ["own"],
    story: "One of two managers requests a job, and it ends.",
    options: { managers: 2 },
    play,
  },
  { variant: "writes to a neighbour's databag", breaks: ["writer"], story, play },
  { variant: "writes the leader's databag though another unit leads", breaks: ["writer"], story, play },
  { variant: "echoes the keys in its reports", breaks: ["credential"], story, play },
  { variant: "names a key in its status", breaks: ["credential"], story, play },
  { variant: "names a key in its log", breaks: ["credential"], story, play },
  { variant: "keeps a key on its disk", breaks: ["credential"], story, play },
  {
    variant: "gives a key to a command as an argument",
    breaks: ["credential"],
    story,
    play: async (director) => {
      director.stopAt("processes.leave");
      await play(director);
      await director.hooks(leader);
      await director.finish(leader);
    },
  },
  { variant: "reports the time of each hook", breaks: ["rest"], story, play },
];
