import { describe, expect, test } from "vitest";
import { actionRelation } from "../../provider/coordination/peer-records.ts";
import { queueOf, reasonToWait, type Wait, type WaitingJob } from "../../provider/coordination/wait.ts";
import { backup, grantOf, relation, restore } from "./coordination-views.ts";

const other = "database-backup:2";

function waiting(id: string, wait: Wait, of: string = relation): WaitingJob {
  return { relation: of, application: "manager", request: backup(id), wait };
}
const forGranted = (isGone: boolean, of: string = relation): Wait => ({
  kind: "for-granted",
  grant: grantOf(restore("first"), { unit: "db/1", relation: of }),
  isGone,
});
const forEarlier = (of: string): Wait => ({
  kind: "for-earlier",
  job: { relation: of, request: restore("first") },
});

describe("why a job waits", () => {
  test.each<[Wait, string]>([
    [forGranted(false), "waits for the restore first on db/1"],
    [forGranted(false, other), "waits for the restore of another manager on db/1"],
    [forGranted(false, actionRelation), "waits for the restore of the database's own action on db/1"],
    [
      forGranted(true),
      "waits for the restore first: db/1, which has it, is gone without a word; run release-grant on the leader, fence=5",
    ],
    [forEarlier(relation), "waits for its turn after the restore first"],
    [forEarlier(other), "waits for its turn after the restore of another manager"],
    [
      { kind: "no-unit", refusals: ["db/0: it starts", "db/1: is a replica"] },
      "no unit can take it: db/0: it starts; db/1: is a replica",
    ],
  ])("%j", (wait, reason) => {
    expect(reasonToWait(waiting("job", wait), relation)).toBe(reason);
  });

  test("is on one line, however the other job is called", () => {
    const wait: Wait = {
      kind: "for-earlier",
      job: { relation, request: backup(`${"x".repeat(5000)}\n\u001B[31m`) },
    };
    const reason = reasonToWait(waiting("job", wait), relation);
    expect(reason).not.toMatch(/[\p{Cc}]/u);
    expect(reason.length).toBeLessThan(400);
  });
});

describe("the queue of a relation", () => {
  const all = [
    waiting("a", forGranted(false)),
    waiting("secret-name", forEarlier(relation), other),
    waiting("b", forEarlier(other)),
    waiting("c", { kind: "no-unit", refusals: [] }),
  ];

  test("has its own jobs alone, with their places among all", () => {
    expect(
      queueOf(all, relation).map(({ jobId, position, waitingFor }) => [jobId, position, waitingFor]),
    ).toEqual([
      ["a", 1, "first"],
      ["b", 3, "another manager's"],
      ["c", 4, undefined],
    ]);
    expect(queueOf(all, "database-backup:3")).toEqual([]);
  });

  test("tells no manager what another one's jobs are called", () => {
    expect(JSON.stringify(queueOf(all, other))).not.toContain("first");
    expect(JSON.stringify(queueOf(all, relation))).not.toContain("secret-name");
    expect("waitingFor" in (queueOf(all, relation)[2] ?? {})).toBe(false);
  });
});
