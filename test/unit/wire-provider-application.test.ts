import { fc } from "@fast-check/vitest";
import { describe, expect, test } from "vitest";
import { printable } from "../../lib/printable.ts";
import { validateProviderApplicationDatabag } from "../../lib/wire/generated/validators.js";
import {
  decodeProviderApplication,
  encodeProviderApplication,
  features,
  maxPublishedBackups,
} from "../../lib/wire/index.ts";
import { backup, text } from "./wire-arbitraries.ts";

/** What is meant for an admin comes back fit for a terminal. */
const shown = text.map(printable);
const problem = fc.record({ field: shown, message: shown, remedy: shown });
const application = fc.record({
  features: fc.subarray([...features]),
  libVersion: fc.tuple(fc.nat(), fc.nat()).map((parts) => parts.join(".")),
  problems: fc.array(problem, { maxLength: 3 }),
  queue: fc.array(
    fc.record(
      { jobId: text, position: fc.integer({ min: 1 }), reason: fc.constant("It waits."), waitingFor: text },
      { requiredKeys: ["jobId", "position", "reason"] },
    ),
    { maxLength: 3 },
  ),
  backups: fc.option(fc.array(backup, { maxLength: 5 }), { nil: undefined }),
});

const published = {
  "backup-id": "20261120-020000F",
  type: "full",
  "finished-at": "2026-11-20T02:14:09Z",
  "size-bytes": 1,
  timeline: 1,
  "artefact-path": "/p/backup/s/20261120-020000F/",
};

describe("the provider's application databag", () => {
  test("comes back as it was sent", () => {
    fc.assert(
      fc.property(application, (sent) => {
        const decoded = decodeProviderApplication(encodeProviderApplication(sent));
        expect([...decoded.features]).toEqual(sent.features);
        expect(decoded.libVersion).toBe(sent.libVersion);
        expect(decoded.problems).toEqual(sent.problems);
        expect(decoded.queue).toEqual(sent.queue);
        expect(decoded.backupsPublished).toBe(sent.backups !== undefined);
        expect(new Set(decoded.backups)).toEqual(new Set(sent.backups));
      }),
    );
  });

  test("is valid as it is sent", () => {
    fc.assert(
      fc.property(application, (sent) => {
        const databag = encodeProviderApplication(sent);
        const decoded = Object.fromEntries(
          Object.entries(databag)
            .filter(([, value]) => value !== "")
            .map(([key, value]) => [key, key === "lib-version" ? value : (JSON.parse(value) as unknown)]),
        );
        expect(validateProviderApplicationDatabag(decoded)).toBe(true);
      }),
    );
  });

  test("keys that have nothing to say are taken away", () => {
    expect(encodeProviderApplication({ features: [], libVersion: "0.1", problems: [] })).toEqual({
      features: "[]",
      "lib-version": "0.1",
      queue: "",
      problems: "",
      backups: "",
    });
  });

  test("holds the newest hundred backups, the newest first", () => {
    const backups = Array.from({ length: 150 }, (_, index) => ({
      id: `b${index}`,
      type: "full" as const,
      finishedAt: new Date(Date.UTC(2026, 0, 1 + index)).toISOString(),
      sizeBytes: 0,
      timeline: 1,
      artefactPath: "",
    }));
    const databag = encodeProviderApplication({ features: [], libVersion: "0.1", problems: [], backups });
    const decoded = decodeProviderApplication(databag).backups;
    expect(decoded).toHaveLength(maxPublishedBackups);
    expect(decoded[0]?.id).toBe("b149");
    expect(decoded.at(-1)?.id).toBe("b50");
  });

  test("is empty where the provider knows version 0 alone", () => {
    expect(decodeProviderApplication({ anything: "else" })).toEqual({
      features: new Set(),
      problems: [],
      queue: [],
      backups: [],
      backupsPublished: false,
    });
  });

  test("tells no backups from none published", () => {
    expect(decodeProviderApplication({ backups: "[]" })).toMatchObject({
      backups: [],
      backupsPublished: true,
    });
  });

  test("keeps features that this version does not know", () => {
    const decoded = decodeProviderApplication({ features: '["cancel","teleport"]' });
    expect(decoded.features).toEqual(new Set(["cancel", "teleport"]));
    expect(decoded.problems).toEqual([]);
  });

  test.each([
    [{ features: "[1]" }, "features[0] is 1; expected the name of a feature."],
    [{ features: '["No name"]' }, 'features[0] is "No name"; expected the name of a feature.'],
    [
      { features: "cancel" },
      "features is not JSON: at line 1, column 1, a value was expected, but something else stands here.",
    ],
    [{ features: "{}" }, "features holds an object; expected a list."],
    [{ "lib-version": "one" }, 'lib-version is "one"; expected MAJOR.MINOR.'],
    [{ backups: "{" }, "backups is not JSON: at line 1, column 2, it ends before { is closed."],
    [{ backups: '["b"]' }, "backups[0] is a string; expected an object."],
    [
      { backups: JSON.stringify([{ ...published, type: "half" }]) },
      'backups[0].type is "half"; expected "full", "differential" or "incremental".',
    ],
    [{ queue: "7" }, "queue holds a number; expected a list."],
    [
      { queue: '[{"job-id": "a", "position": 0, "reason": "It waits."}]' },
      "queue[0].position is 0; expected a whole number of at least 1.",
    ],
    [
      { problems: '[{"field": "jobs", "message": "m"}]' },
      "problems[0].remedy is missing; expected a string.",
    ],
  ])("%j has a problem", (databag, message) => {
    const decoded = decodeProviderApplication(databag);
    expect(decoded.problems.map((found) => found.message)).toEqual([message]);
    expect(decoded.features.size + decoded.backups.length + decoded.queue.length).toBe(0);
    expect(decoded).not.toHaveProperty("libVersion");
  });

  test("keeps the waiting jobs beside a bad one, with reasons that fit", () => {
    const waiting = { "job-id": "a", position: 1, reason: "r".repeat(5_000), "waiting-for": "" };
    const [kept, ...others] = decodeProviderApplication({ queue: JSON.stringify([{}, waiting]) }).queue;
    expect(kept).toEqual({ jobId: "a", position: 1, reason: `${"r".repeat(999)}…` });
    expect(others).toEqual([]);
  });

  test("keeps the good backups beside a bad one", () => {
    const databag = { backups: JSON.stringify([{}, published]) };
    expect(decodeProviderApplication(databag).backups.map(({ id }) => id)).toEqual(["20261120-020000F"]);
  });
});
