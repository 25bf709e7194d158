import { fc, test as property } from "@fast-check/vitest";
import { describe, expect, test } from "vitest";
import { ConfigurationError, PeerDatabagError } from "../../lib/errors.ts";
import { decodeSchedules, encodeSchedules } from "../../requirer/schedules/schedules-databag.ts";
import { maxSchedules, type Schedule, type ScheduleSettings } from "../../requirer/schedules/schedule.ts";
import { dueOf, newSchedule, nextTime } from "../../requirer/schedules/schedule-times.ts";

const settings: ScheduleSettings = {
  name: "nightly",
  database: "postgresql",
  cron: "30 2 * * *",
  timezone: "Europe/Berlin",
  backupType: "full",
  compression: true,
};
const at = (time: string): Date => new Date(time);

function scheduleOf(more: Partial<Schedule> = {}): Schedule {
  return { ...newSchedule(settings, at("2026-01-01T00:00:00Z")), ...more };
}

/** The times that a schedule comes in a span, as a manager finds them that looks every five minutes. */
function timesBetween(schedule: Schedule, start: string, end: string): readonly string[] {
  const times: string[] = [];
  let known = { ...schedule, since: start };
  for (let now = Date.parse(start); now <= Date.parse(end); now += 300_000) {
    const due = dueOf(known, new Date(now));
    if (due === undefined) continue;
    expect(due.older).toBe(0);
    times.push(due.slot);
    known = { ...known, since: due.slot };
  }
  return times;
}

describe("a schedule", () => {
  test("comes first at its next time", () => {
    const schedule = newSchedule(settings, at("2026-01-01T10:00:00Z"));
    expect(dueOf(schedule, at("2026-01-02T01:29:59Z"))).toBeUndefined();
    expect(dueOf(schedule, at("2026-01-02T01:30:00Z"))).toEqual({
      slot: "2026-01-02T01:30:00.000Z",
      older: 0,
    });
    expect(nextTime(schedule, at("2026-01-01T10:00:00Z"))).toEqual(at("2026-01-02T01:30:00Z"));
  });

  test("is made up for once after an outage, and counts the others", () => {
    const due = dueOf(scheduleOf(), at("2026-01-11T10:00:00Z"));
    expect(due).toEqual({ slot: "2026-01-11T01:30:00.000Z", older: 10 });
  });

  test("is made up for by its newest time however long the outage was", () => {
    const minutely = scheduleOf({ cron: "* * * * *", since: "2020-01-01T00:00:00.000Z" });
    expect(dueOf(minutely, at("2026-01-11T10:00:30Z"))).toEqual({
      slot: "2026-01-11T10:00:00.000Z",
      older: 1_000,
    });
  });

  test("asks for nothing while it is paused", () => {
    expect(dueOf(scheduleOf({ paused: true }), at("2026-02-01T00:00:00Z"))).toBeUndefined();
  });

  test("comes once in the night in which its time does not exist", () => {
    const times = timesBetween(scheduleOf(), "2026-03-28T00:00:00Z", "2026-03-30T12:00:00Z");
    expect(times).toHaveLength(3);
    expect(new Set(times.map((time) => time.slice(0, 10))).size).toBe(3);
  });

  test("comes once in the night in which its time comes twice", () => {
    const times = timesBetween(scheduleOf(), "2026-10-24T00:00:00Z", "2026-10-26T12:00:00Z");
    expect(times).toHaveLength(3);
    expect(new Set(times.map((time) => time.slice(0, 10))).size).toBe(3);
  });

  property.prop([
    fc.date({ min: at("2026-01-01T00:00:00Z"), max: at("2027-01-01T00:00:00Z"), noInvalidDate: true }),
  ])("never comes twice for one time", (now) => {
    const due = dueOf(scheduleOf(), now);
    if (due === undefined) return;
    expect(Date.parse(due.slot)).toBeLessThanOrEqual(now.getTime());
    expect(dueOf(scheduleOf({ since: due.slot }), now)).toBeUndefined();
  });

  test.each<readonly [Partial<ScheduleSettings>, RegExp]>([
    [{ cron: "every night" }, /"every night" does not say when: expected five fields/],
    [{ cron: "0 2 * * * *" }, /expected five fields/],
    [{ cron: "61 2 * * *" }, /a field is none that cron knows/],
    [{ cron: "0 2 30 2 *" }, /never come/],
    [{ timezone: "Europe/Atlantis" }, /no time zone "Europe\/Atlantis"/],
    [{ timezone: "" }, /no time zone ""/],
    [{ name: "" }, /"" is no name/],
    [{ name: "Nightly Full" }, /"Nightly Full" is no name/],
    [{ name: "n".repeat(33) }, /is no name/],
    [{ database: "d".repeat(65) }, /too long/],
  ])("with %j is refused, with what to do", (more, message) => {
    const add = (): unknown => newSchedule({ ...settings, ...more }, at("2026-01-01T00:00:00Z"));
    expect(add).toThrow(ConfigurationError);
    expect(add).toThrow(
      expect.objectContaining({
        message: expect.stringMatching(message),
        remedy: expect.stringMatching(/\.$/),
      }),
    );
  });
});

describe("schedules in their databag", () => {
  test("come back as they were", () => {
    const schedules = [
      scheduleOf(),
      scheduleOf({
        name: "weekly",
        backupType: "incremental",
        compression: false,
        retention: { days: 30 },
        paused: true,
        missed: 3,
      }),
      scheduleOf({ name: "monthly", retention: { full: 4 } }),
    ];
    expect(decodeSchedules(encodeSchedules(schedules))).toEqual(schedules);
    expect(encodeSchedules([])).toEqual({ schedules: "" });
    expect(decodeSchedules({})).toEqual([]);
  });

  test("leave the history its room", () => {
    const most = scheduleOf({
      name: "n".repeat(32),
      database: "d".repeat(64),
      cron: "1".repeat(60),
      timezone: "z".repeat(48),
      backupType: "incremental",
      retention: { full: Number.MAX_SAFE_INTEGER },
      paused: true,
      missed: Number.MAX_SAFE_INTEGER,
    });
    const { schedules } = encodeSchedules(Array.from({ length: maxSchedules }, () => most));
    expect(Buffer.byteLength(schedules)).toBeLessThanOrEqual(15 * 1024);
  });

  test.each(["{", "{}", "[1]", '[{"name": "a"}]'])("that are %s are not taken for none", (schedules) => {
    expect(() => decodeSchedules({ schedules })).toThrow(PeerDatabagError);
  });
});
