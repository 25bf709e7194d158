import { fc, test } from "@fast-check/vitest";
import { describe, expect, it } from "vitest";
import { rejectTime } from "../../provider/postgresql/checks/restore-checks.ts";
import { parseMoment, postgresqlTime, rfc3339 } from "../../provider/postgresql/restore-time.ts";

describe("a moment", () => {
  it.each([
    ["2026-01-31T09:30:00Z", "2026-01-31T09:30:00Z"],
    ["2026-01-31 09:30:00z", "2026-01-31T09:30:00Z"],
    ["2026-01-31T09:30:00+02:00", "2026-01-31T07:30:00Z"],
    ["2026-01-31T23:30:00-01:30", "2026-02-01T01:00:00Z"],
    ["2026-01-31T09:30:00.5Z", "2026-01-31T09:30:00.5Z"],
    ["2026-01-31T09:30:00.123456789Z", "2026-01-31T09:30:00.123456Z"],
    ["2024-02-29T00:00:00Z", "2024-02-29T00:00:00Z"],
  ])("is read from %s", (text, expected) => {
    const parsed = parseMoment(text);
    expect(parsed.kind === "moment" ? rfc3339(parsed.moment) : parsed.kind).toBe(expected);
  });

  it.each([
    "",
    "yesterday",
    "2026-02-29T00:00:00Z",
    "2026-13-01T00:00:00Z",
    "2026-01-31T24:00:00Z",
    "2026-01-31T09:30:60Z",
    "2026-01-31T09:30:00+24:00",
    "2026-01-31T09:30Z",
    "2026-01-31T09:30:00+0200",
  ])("is not read from %j", (text) => {
    expect(parseMoment(text)).toEqual({ kind: "invalid" });
  });

  it("needs an offset", () => {
    expect(parseMoment("2026-01-31 09:30:00")).toMatchObject({ kind: "no-offset" });
  });

  it("is given to PostgreSQL in UTC with microseconds", () => {
    expect(postgresqlTime(1_500_000)).toBe("1970-01-01 00:00:01.500000+00");
  });
});

describe("a request's time", () => {
  const now = Date.parse("2026-01-31T09:30:00Z") * 1000;

  it.each([
    ["latest", undefined],
    [undefined, undefined],
    ["2026-01-31T09:30:00Z", undefined],
    ["2026-01-31T09:30:00.000001Z", "restore-time-in-future"],
    ["2026-01-31T09:30:00", "restore-time-without-offset"],
    ["tomorrow", "restore-time-invalid"],
  ])("%s is judged", (text, code) => {
    expect(rejectTime(text, now)?.code).toBe(code);
  });

  it("without an offset is answered with both readings", () => {
    expect(rejectTime("2026-01-31T09:00:00", now)?.message).toContain("2026-01-31T09:00:00Z");
  });
});

test.prop([fc.integer({ min: 0, max: 4_102_444_800_000_000 })])(
  "written and read is the same moment",
  (moment) => {
    expect(parseMoment(rfc3339(moment))).toEqual({ kind: "moment", moment });
    expect(parseMoment(postgresqlTime(moment).replace("+00", "+00:00"))).toEqual({ kind: "moment", moment });
  },
);

test.prop([fc.string()])("no text makes the reader throw", (text) => {
  expect(["moment", "no-offset", "invalid"]).toContain(parseMoment(text).kind);
});
