import { fc, test } from "@fast-check/vitest";
import { describe, expect, it } from "vitest";
import { endpointsOf } from "../../provider/postgresql/cluster/endpoints.ts";
import type { MemberRecord } from "../../provider/postgresql/cluster/member-record.ts";
import {
  synchronousChange,
  synchronousNodeCount,
} from "../../provider/postgresql/cluster/synchronous-settings.ts";
import { parseCluster, type ClusterMember } from "../../provider/postgresql/patroni/cluster-view.ts";

const unitOf = (member: string, refusesClients?: true): MemberRecord => ({
  member,
  configFile: "/c",
  dataDirectory: "/d",
  socketDirectory: "/s",
  port: 5432,
  user: "postgres",
  ...(refusesClients === undefined ? {} : { refusesClients }),
});
const answer = [
  { name: "b", role: "leader", state: "running", host: "10.0.0.2", port: 5432 },
  { name: "c", role: "replica", state: "streaming", host: "10.0.0.3", port: 5432 },
  { name: "a", role: "sync_standby", state: "running", host: "fd00::1", port: 6432 },
];
const members = parseCluster({ members: answer });
const units = ["a", "b", "c"].map((name) => unitOf(name));

describe("where clients connect to", () => {
  it("is the primary, and the replicas for reading", () => {
    expect(endpointsOf(members, units, 150_007)).toEqual({
      endpoints: "10.0.0.2:5432",
      readOnlyEndpoints: "10.0.0.3:5432,[fd00::1]:6432",
      version: "15.7",
    });
  });

  it.each([
    ["lets no clients in", members, [unitOf("a", true), unitOf("b"), unitOf("c")]],
    ["belongs to a unit that goes", members, [unitOf("b"), unitOf("c")]],
    [
      "does not keep up",
      parseCluster({ members: answer.with(2, { ...answer[2]!, state: "starting" }) }),
      units,
    ],
    [
      "bears the tag noloadbalance",
      parseCluster({
        members: answer.with(2, Object.assign({}, answer[2]!, { tags: { noloadbalance: true } })),
      }),
      units,
    ],
  ])("is no replica that %s", (_, seen, known) => {
    expect(endpointsOf(seen, known, undefined)?.readOnlyEndpoints).toBe("10.0.0.3:5432");
  });

  it("is the primary for reading too, where no replica is left, also while it makes a backup", () => {
    expect(endpointsOf(members, [unitOf("b", true)], undefined)?.readOnlyEndpoints).toBe("10.0.0.2:5432");
  });

  it.each([
    ["there is no leader", parseCluster({ members: answer.slice(1) })],
    [
      "it takes no writes",
      parseCluster({ members: answer.with(0, { ...answer[0]!, role: "standby_leader" }) }),
    ],
    ["Patroni does not know where it is", parseCluster({ members: [{ name: "b", role: "leader" }] })],
  ])("is not said while %s", (_, seen) => {
    expect(endpointsOf(seen, units, undefined)).toBeUndefined();
  });

  const member = fc.record<ClusterMember>({
    name: fc.constantFrom("a", "b", "c", "d"),
    role: fc.constantFrom("leader", "replica", "sync_standby"),
    state: fc.constantFrom("running", "streaming", "starting", "stopped"),
    timeline: fc.constant(1),
    tags: fc.constant({}),
    address: fc.option(fc.record({ host: fc.domain(), port: fc.integer({ min: 1, max: 65_535 }) }), {
      nil: undefined,
    }),
  });

  test.prop([fc.uniqueArray(member, { selector: ({ name }) => name }), fc.subarray(units)])(
    "is told in one order, and never is a member that cannot be used",
    (seen, known) => {
      // Patroni knows one leader at a time.
      fc.pre(seen.filter(({ role }) => role === "leader").length < 2);
      const told = endpointsOf(seen, known, undefined);
      expect(endpointsOf(seen.toReversed(), known.toReversed(), undefined)?.readOnlyEndpoints).toBe(
        told?.readOnlyEndpoints,
      );
      const bad = seen.filter(({ state, role }) => role !== "leader" && /starting|stopped/.test(state));
      for (const { address } of bad.filter((each) => each.address !== undefined))
        expect(told?.readOnlyEndpoints.split(",") ?? []).not.toContain(`${address?.host}:${address?.port}`);
    },
  );
});

describe("for how many replicas a transaction waits", () => {
  const wish = fc.oneof(
    fc.constantFrom("all" as const, "majority" as const),
    fc.integer({ min: 1, max: 20 }),
  );

  it.each([
    ["all", 1, 1],
    ["all", 3, 2],
    ["majority", 2, 1],
    ["majority", 3, 1],
    ["majority", 5, 2],
    [2, 2, 1],
    [2, 5, 2],
  ] as const)("%s of %i units: %i", (wanted, count, replicas) => {
    expect(synchronousNodeCount(wanted, count)).toBe(replicas);
  });

  test.prop([wish, fc.integer({ min: 1, max: 50 })])(
    "is at least one, and no more than there are",
    (w, n) => {
      const count = synchronousNodeCount(w, n);
      expect(count).toBeGreaterThanOrEqual(1);
      expect(count).toBeLessThanOrEqual(Math.max(1, n - 1));
      if (w === "majority") expect(count + 1).toBeGreaterThan(Math.floor(n / 2));
    },
  );

  test.prop([
    fc.record({
      synchronous_mode: fc.constantFrom(true, false, "on", "quorum", undefined, null),
      synchronous_node_count: fc.constantFrom(undefined, 1, 2, 3),
    }),
    fc.option(wish, { nil: undefined }),
    fc.integer({ min: 1, max: 5 }),
  ])("is changed once, only where the mode is on and something is wished", (config, wanted, count) => {
    const change = synchronousChange(config, wanted, count);
    const isOn = config.synchronous_mode !== false && (config.synchronous_mode ?? undefined) !== undefined;
    if (!isOn || wanted === undefined) expect(change).toBeUndefined();
    expect(synchronousChange({ ...config, ...change }, wanted, count)).toBeUndefined();
    if (isOn && wanted !== undefined)
      expect({ ...config, ...change }.synchronous_node_count ?? 1).toBe(synchronousNodeCount(wanted, count));
  });
});
