import { expect, it } from "vitest";
import { parseMoment } from "../../provider/postgresql/restore-time.ts";
import { unreachableTarget } from "../../provider/postgresql/restore/unreachable-target.ts";

const line = (time: string): string =>
  `2026-11-21 18:00:00.000 UTC [1] LOG:  last completed transaction was at log time ${time}\n`;

it.each([
  ["2026-11-21 17:59:58.069726+00", "2026-11-21T17:59:58.069726Z"],
  ["2026-11-21 19:59:58.5+02", "2026-11-21T17:59:58.5Z"],
  ["2026-11-21 23:29:58+05:30", "2026-11-21T17:59:58Z"],
])("the last transaction's time, logged as %s, is told as a request can name it", (logged, told) => {
  const failure = unreachableTarget(`${line("2026-11-20 10:00:00+00")}${line(logged)}more`);
  expect(failure.message).toContain(`at ${told}.`);
  expect(failure.remedy).toContain(`before ${told},`);
  expect(parseMoment(told).kind).toBe("moment");
});

it.each(["", line("some day")])("a log without such a time is no obstacle", (log) => {
  expect(unreachableTarget(log).remedy).toBe(
    "Give an earlier restore-to-time, another restore-timeline, or latest.",
  );
});
