/**
 * Every path through the charts of the peer relation, of a storage that is no longer related, and of a restore's end, over the
 * real decisions, compared with the tables of the reference.
 */
import { expect, test } from "vitest";
import type { WalkEnd } from "../../provider/postgresql/checks/chart.ts";
import {
  credentialsGoneChart,
  walkCredentialsGone,
  type CredentialsGoneFacts,
  type CredentialsGonePort,
} from "../../provider/postgresql/checks/credentials-gone-checks.ts";
import {
  peerChangedChart,
  peerDepartedChart,
  walkPeerChanged,
  walkPeerDeparted,
  type ClusterPort,
  type PeerChangedFacts,
  type PeerDepartedFacts,
} from "../../provider/postgresql/checks/peer-relation-checks.ts";
import {
  decideRestoreEnd,
  restoreEndChecks,
  type RestoreEndFacts,
} from "../../provider/postgresql/checks/restore-end-checks.ts";
import { Choices, chosenFacts, chosenPort, everyPath, failing, type Variants } from "./chart-paths.ts";
import { tableOf } from "./pages.ts";

const page = "docs/reference/postgresql.md";
const member = {
  state: "running",
  isPrimary: true,
  locked: true,
  timeline: 2,
  serverVersion: 150_020,
  systemId: "77",
};
const members: PeerChangedFacts["member"][] = [
  undefined,
  { ...member, locked: false },
  { ...member, state: "starting" },
  { ...member, isPrimary: false, state: "streaming" },
];

/** A chart, and all that may come up on it. */
interface Walked<Facts, Port> {
  readonly table: string;
  readonly chart: readonly { readonly name: string; readonly chart?: string }[];
  readonly walk: (facts: Facts, port: Port, note: (name: string) => void) => Promise<WalkEnd>;
  readonly variants: Variants<Facts>;
  readonly deeds: readonly (keyof Port & string)[];
  readonly cannotFail?: readonly (keyof Port & string)[];
  /** What must hold of every path, by the facts that were asked for and the deeds that were done. */
  readonly holds: (asked: ReadonlyMap<PropertyKey, unknown>, done: readonly string[]) => boolean;
}

/** Walks every path, and compares where it leaves the straight way with what the reference says. */
async function expectDocumented<Facts extends object, Port>(walked: Walked<Facts, Port>): Promise<void> {
  const { table, chart, walk, variants, deeds, cannotFail = [], holds } = walked;
  const order = chart.map(({ name }) => name);
  const leaves = new Map(order.map((name) => [name, new Set<string>()]));
  const choices = new Choices();
  let settled = 0;
  do {
    const { facts, asked } = chosenFacts(choices, variants);
    const { port, done } = chosenPort<Port>(choices, deeds, cannotFail);
    const path: string[] = [];
    const end = await walk(facts, port, (name) => path.push(name));
    const places = path.map((name) => order.indexOf(name));
    expect(places).toEqual([...new Set(places)].toSorted((a, b) => a - b));
    for (const [index, place] of places.entries()) {
      const next = places[index + 1];
      if (next !== undefined && next !== place + 1)
        leaves.get(order[place] ?? "")?.add(`goes on at ${order[next] ?? ""}`);
    }
    const last = path.at(-1) ?? "";
    if (end.kind === "settled" && last === order.at(-1)) settled += 1;
    else leaves.get(last)?.add(end.kind);
    expect(holds(asked, done)).toBe(true);
  } while (choices.next());
  expect(settled).toBeGreaterThan(0);
  const rows = tableOf(page, table).slice(1);
  const documented = rows.map(([name = "", , , outcome = ""]) => {
    const isNone = outcome === "" || outcome.startsWith("not here");
    return [name.replaceAll("`", ""), isNone ? [] : outcome.replaceAll("`", "").split(", ").toSorted()];
  });
  expect([...leaves].map(([name, kinds]) => [name, [...kinds].toSorted()])).toEqual(documented);
  expect(rows.map(([, box = ""]) => box)).toEqual(chart.map((box) => box.chart ?? ""));
}

test("the reference has every way through peer-relation-changed", async () => {
  await expectDocumented<PeerChangedFacts, ClusterPort>({
    table: "peer-relation-changed",
    chart: peerChangedChart,
    walk: walkPeerChanged,
    variants: {
      member: members,
      isLeader: [true, false],
      unlisted: [[], ["pg-2"]],
      isSynchronousFitting: [true, false],
      unready: [[], ["pg-1"]],
      isListed: [true, false],
    },
    deeds: ["countMembers", "keepMembers", "publishEndpoints"],
    cannotFail: ["keepMembers", "publishEndpoints"],
    holds: (asked, done) =>
      (!done.includes("countMembers") || asked.get("isLeader") === true) &&
      (!done.includes("keepMembers") || asked.get("isListed") === true),
  });
});

test("the reference has every way through peer-relation-departed", async () => {
  await expectDocumented<PeerDepartedFacts, ClusterPort>({
    table: "peer-relation-departed",
    chart: peerDepartedChart,
    walk: walkPeerDeparted,
    variants: { member: members, isLeader: [true, false], isOwnDeparture: [false, true] },
    deeds: ["countMembers", "keepMembers", "publishEndpoints"],
    cannotFail: ["keepMembers", "publishEndpoints"],
    holds: (asked, done) =>
      done.length === 0 || (asked.get("isLeader") === true && asked.get("isOwnDeparture") === false),
  });
});

test("the reference has every way through credentials-gone", async () => {
  const deeds = ["withdrawWish", "takeBackWord", "forgetFinding"] as const;
  await expectDocumented<CredentialsGoneFacts, CredentialsGonePort>({
    table: "credentials-gone",
    chart: credentialsGoneChart,
    walk: walkCredentialsGone,
    variants: {
      isRelated: [false, true],
      isLeader: [true, false],
      isAskedFor: [true, false],
      hasSaid: [true, false],
      hasFound: [true, false],
    },
    deeds,
    cannotFail: deeds,
    holds: (asked, done) =>
      (done.length === 0 || asked.get("isRelated") === false) &&
      done.includes("withdrawWish") ===
        (asked.get("isRelated") === false &&
          asked.get("isLeader") === true &&
          asked.get("isAskedFor") === true),
  });
});

test("the reference has every end of every path to a restore's end", () => {
  const left = { timeline: 1, lsn: "0/1", reason: "reached consistency" };
  const lastSegment = "000000020000000000000007";
  const proof = { inRecovery: false, timeline: 2, left, lastSegment };
  const ends = new Map<string, Set<string>>(restoreEndChecks.map(({ name }) => [name, new Set()]));
  let proven = 0;
  const variants: Variants<RestoreEndFacts> = {
    isCancelled: [false, true],
    member: [...members, member],
    serviceFailure: [undefined, failing("restore-target-unreachable"), failing("restore-bootstrap-failed")],
    isCopying: [true, false],
    quietMs: [1, 3],
    quietLimitMs: [2],
    proof: [undefined, proof, { ...proof, inRecovery: true }, { ...proof, timeline: 1 }],
    goal: [
      { timeline: 1, target: { kind: "backup" } },
      { timeline: 1, target: { kind: "latest" }, lastSegment: "000000010000000000000008" },
    ],
  };
  everyPath(variants, (facts) => {
    const path: string[] = [];
    const end = decideRestoreEnd(facts, (name) => path.push(name));
    expect(path).toEqual(restoreEndChecks.slice(0, path.length).map(({ name }) => name));
    if (end.kind === "proven" && facts.member === member) proven += 1;
    else ends.get(path.at(-1) ?? "")?.add(end.kind === "failed" ? end.failure.code : end.kind);
  });
  expect(proven).toBeGreaterThan(0);
  const rows = tableOf(page, "restore-end").slice(1);
  expect(
    rows
      .filter(([, , , outcome = ""]) => !outcome.startsWith("not here"))
      .map(([name = "", , , outcome = ""]) => [
        name.replaceAll("`", ""),
        [...outcome.matchAll(/`([a-z][a-z-]*)`/g)].map(([, code = ""]) => code),
      ]),
  ).toEqual([...ends].map(([name, codes]) => [name, [...codes].toSorted()]));
  expect(rows.slice(0, restoreEndChecks.length).map(([, box = ""]) => box)).toEqual(
    restoreEndChecks.map(({ chart = "" }) => chart),
  );
});
