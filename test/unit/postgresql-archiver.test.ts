/**
 * An archiver that stands still for ever: how that is told from one that will go on.
 */
import { fc } from "@fast-check/vitest";
import { expect, it } from "vitest";
import { rejectArchiver } from "../../provider/postgresql/checks/archiver-check.ts";

const hex = (number: number, digits: number): string =>
  number.toString(16).toUpperCase().padStart(digits, "0");

it("only a whole segment of an earlier timeline is what archiving does not get over", () => {
  const timelines = fc.integer({ min: 1, max: 0x7fffffff });
  const kinds = fc.constantFrom("", ".partial", ".history", ".00000028.backup");
  fc.assert(
    fc.property(timelines, timelines, fc.nat(0xff), kinds, (timeline, of, place, kind) => {
      const file = kind === ".history" ? `${hex(of, 8)}${kind}` : `${hex(of, 8)}${hex(place, 16)}${kind}`;
      const code = rejectArchiver({ failing: file, timeline })?.code;
      expect(code).toBe(kind === "" && of < timeline ? "archiving-stuck" : undefined);
    }),
  );
  expect(rejectArchiver({ failing: undefined, timeline: 2 })).toBeUndefined();
});

it("the remedy names the files", () => {
  const failing = "000000010000000000000005";
  expect(rejectArchiver({ failing, timeline: 2 })?.remedy).toContain(
    `rename pg_wal/archive_status/${failing}.ready on the primary to ${failing}.done, then make a full backup`,
  );
});
