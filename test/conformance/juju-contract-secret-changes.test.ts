import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { SimulatedJuju, type SecretReport } from "../../lib/testing/index.ts";
import { startForTest, stopAndCheckForLeaks } from "./juju-contract/leaks.ts";
import {
  answer,
  ShellProbe,
  probeCharm,
  refusal,
  waitFor,
  type LineResult,
} from "./juju-contract/shell-probe.ts";

const unknown = "secret:9m4e2mr0ui3e8a215n4g";
const cluster = 0;
let juju: SimulatedJuju;
let probe: ShellProbe;
let backend: number;

async function deploy(version?: string): Promise<readonly [SimulatedJuju, ShellProbe, number]> {
  // A failed hook runs again when a test says so, and never by the clock.
  const options = { hookRetryDelayMs: 300_000, ...(version === undefined ? {} : { version }) };
  const started = await (version === undefined ? SimulatedJuju.start(options) : startForTest(options));
  await started.deploy({ charm: probeCharm, application: "alpha", units: 2 });
  await started.deploy({ charm: probeCharm, application: "beta", units: 2 });
  const relation = await started.integrate("alpha:backend", "beta:frontend");
  await started.settle();
  return [started, new ShellProbe(started), relation];
}

beforeAll(async () => {
  [juju, probe, backend] = await deploy();
});
afterAll(async () => stopAndCheckForLeaks(juju));

type Case = readonly [line: string, expected: LineResult];

/** Runs the lines of a table in one hook, and puts each with its answer. */
async function answers(unit: string, cases: readonly Case[]): Promise<readonly unknown[]> {
  const results = await probe.run(unit, ...cases.map(([line]) => line));
  return cases.map(([line], index) => [line, results[index]]);
}

/** Adds a secret in a hook of its own. */
async function add(unit: string, args: string): Promise<string> {
  return (await probe.output(unit, `secret-add ${args}`)).trim();
}

function secret(uri: string, of = juju): SecretReport {
  const found = of.secrets().find((each) => each.id === uri);
  if (found === undefined) throw new Error(`There is no ${uri}.`);
  return found;
}

/** Runs lines in an `update-status` hook whose commit is refused, and tells why; the hook counts as done then. */
async function refusedCommit(of: SimulatedJuju, unit: string, ...lines: readonly string[]): Promise<string> {
  const from = of.log().length;
  await new ShellProbe(of).run(unit, ...lines);
  await of.resolve(unit, { retry: false });
  await of.settle();
  return (
    of
      .log()
      .slice(from)
      .find((line) => line.level === "ERROR")?.message ?? ""
  );
}

describe("secret-set", () => {
  test("makes a new revision of new content, and none of the same content or of settings alone", async () => {
    const uri = await add("alpha/0", "key=1");
    await probe.output("alpha/0", `secret-set ${uri} key=1`);
    await probe.output(
      "alpha/0",
      `secret-set ${uri} --label named --description D --expire 2099-01-02T03:04:05Z`,
    );
    expect(secret(uri)).toMatchObject({ label: "named", description: "D" });
    expect(secret(uri).revisions).toEqual({
      1: { content: { key: "1" }, expires: new Date("2099-01-02T03:04:05Z") },
    });
    await probe.output("alpha/0", `secret-set ${uri} key=2`);
    expect(secret(uri).revisions[2]).toEqual({ content: { key: "2" } });
  });

  test("makes a new revision of the same content before Juju 3.6", async () => {
    const [old, inOld] = await deploy("3.5.7");
    const uri = (await inOld.output("alpha/0", "secret-add key=1")).trim();
    await inOld.output("alpha/0", `secret-set ${uri} key=1`);
    expect(Object.keys(secret(uri, old).revisions)).toEqual(["1", "2"]);
    await stopAndCheckForLeaks(old);
  });

  test("is the leader's for a secret of the application, and the owner's for one of a unit", async () => {
    const application = await add("alpha/0", "key=value");
    const unit = await add("alpha/0", "--owner unit key=value");
    const notLeader = refusal(1, "this unit is not the leader");
    const cases: readonly Case[] = [
      ["secret-set", refusal(2, "missing secret URI")],
      ["secret-set word key=value", refusal(2, 'secret URI "word" not valid')],
      [`secret-set ${application} key=other`, notLeader],
      [`secret-grant ${application} -r ${backend}`, notLeader],
      [`secret-revoke ${application} -r ${backend}`, notLeader],
      [`secret-remove ${application}`, notLeader],
      [`secret-grant ${unit} -r ${backend}`, refusal(1, `secret "${unit.slice(7)}" not found`)],
    ];
    expect(await answers("alpha/1", cases)).toEqual(cases);
    // Whose secret it is, Juju's tools do not know; the controller does.
    expect(await refusedCommit(juju, "alpha/1", `secret-set ${unit} key=other`)).toBe(
      "updating secrets: permission denied",
    );
    expect(await refusedCommit(juju, "alpha/0", `secret-set ${unknown} key=value`)).toBe(
      `updating secrets: secret "${unknown}" not found`,
    );
    expect(await refusedCommit(juju, "beta/0", `secret-remove ${application}`)).toBe(
      "removing secrets: permission denied",
    );
  });
});

describe("secret-remove", () => {
  test("removes one revision, or all of them", async () => {
    const uri = await add("alpha/0", "key=1");
    await probe.output("alpha/0", `secret-set ${uri} key=2`);
    const wrong: readonly Case[] = [
      ["secret-remove", refusal(2, "missing secret URI")],
      [
        `secret-remove ${uri} --revision one`,
        refusal(
          2,
          'invalid value "one" for option --revision: strconv.ParseInt: parsing "one": invalid syntax',
        ),
      ],
    ];
    expect(await answers("alpha/0", wrong)).toEqual(wrong);
    await probe.output("alpha/0", `secret-remove ${uri} --revision 1`);
    expect(Object.keys(secret(uri).revisions)).toEqual(["2"]);
    await probe.output("alpha/0", `secret-remove ${uri}`);
    expect(juju.secrets().map((each) => each.id)).not.toContain(uri);
  });

  test("of the last revision removes the secret", async () => {
    const uri = await add("alpha/0", "key=1");
    await probe.output("alpha/0", `secret-remove ${uri} --revision 1`);
    expect(juju.secrets().map((each) => each.id)).not.toContain(uri);
  });

  test("and secret-set of the same secret in one hook: the last one counts", async () => {
    const uri = await add("alpha/0", "key=1");
    await probe.run("alpha/0", `secret-set ${uri} key=2`, `secret-remove ${uri} --revision 9`);
    expect(Object.keys(secret(uri).revisions)).toEqual(["1"]);
    await probe.run("alpha/0", `secret-remove ${uri}`, `secret-set ${uri} key=2`);
    expect(Object.keys(secret(uri).revisions)).toEqual(["1", "2"]);
  });
});

describe("secret-grant and secret-revoke", () => {
  const denied = refusal(1, "permission denied");

  test("let the other application read, and take that back", async () => {
    const uri = await add("alpha/0", "key=value");
    const read = `secret-get ${uri} key`;
    await probe.output("alpha/0", `secret-grant ${uri} -r backend:${backend}`);
    expect(await probe.run("beta/1", read)).toEqual([answer("value\n")]);
    expect(secret(uri).grants).toEqual({ beta: backend });
    // Once more is no mistake, and neither is a unit of an application that has it already.
    await probe.output(
      "alpha/0",
      `secret-grant ${uri} --relation ${backend}; secret-grant ${uri} -r ${backend} --unit beta/0`,
    );
    expect(secret(uri).grants).toEqual({ beta: backend });
    await probe.output("alpha/0", `secret-revoke ${uri} --app beta`);
    expect(await probe.run("beta/1", read)).toEqual([denied]);
  });

  test("let one unit read", async () => {
    const uri = await add("alpha/0", "--owner unit key=value");
    const read = `secret-get ${uri} key`;
    await probe.output("alpha/0", `secret-grant ${uri} -r ${backend} --unit beta/0`);
    expect(await probe.run("beta/0", read)).toEqual([answer("value\n")]);
    expect(await probe.run("beta/1", read)).toEqual([denied]);
    expect(await probe.run("alpha/1", read)).toEqual([denied]);
    const whole: readonly Case[] = [
      [
        `secret-grant ${uri} -r ${backend}`,
        refusal(
          1,
          "any unit level grants need to be revoked before granting access to the corresponding application",
        ),
      ],
      [`secret-revoke ${uri} --unit beta/0`, answer("")],
      [`secret-grant ${uri} -r ${backend}`, answer("")],
    ];
    expect(await answers("alpha/0", whole)).toEqual(whole);
    expect(secret(uri).grants).toEqual({ beta: backend });
  });

  test("refuse what names no relation, no unit of it, or no secret", async () => {
    const uri = await add("alpha/0", "key=value");
    const cases: readonly Case[] = [
      ["secret-grant", refusal(2, "missing secret URI")],
      [`secret-grant ${uri}`, refusal(2, "no relation id specified")],
      [`secret-grant ${uri} -r 99`, refusal(2, 'invalid value "99" for option -r: relation not found')],
      [`secret-grant ${uri} -r ${backend} --unit beta`, refusal(2, 'unit "beta" not valid')],
      [
        `secret-grant ${uri} -r ${backend} --unit alpha/1`,
        refusal(2, 'cannot specify unit "alpha/1" in relation to application "beta"'),
      ],
      [`secret-grant ${uri} -r ${backend} x`, refusal(2, 'unrecognized args: ["x"]')],
      [`secret-grant ${unknown} -r ${backend}`, refusal(1, `secret "${unknown.slice(7)}" not found`)],
      [`secret-revoke ${uri}`, refusal(2, "missing relation or application or unit")],
      [`secret-revoke ${uri} --app b_c`, refusal(2, 'application "b_c" not valid')],
      [
        `secret-revoke ${uri} --app beta --unit beta/0`,
        refusal(2, "specify only one of application or unit"),
      ],
      [`secret-revoke ${uri} --app beta -r ${backend}`, refusal(2, "do not specify both relation and app")],
    ];
    expect(await answers("alpha/0", cases)).toEqual(cases);
  });

  test("bind the right to one relation, and it ends with that relation", async () => {
    await juju.deploy({ charm: probeCharm, application: "gamma" });
    const extra = await juju.integrate("alpha:backend", "gamma:frontend");
    await juju.settle();
    const uri = await add("alpha/0", "key=value");
    const read = `secret-get ${uri} key`;
    await probe.output("alpha/0", `secret-grant ${uri} -r ${extra}`);
    expect(await probe.run("gamma/0", read)).toEqual([answer("value\n")]);
    await juju.removeRelation("alpha:backend", "gamma:frontend");
    await juju.settle();
    expect(secret(uri).grants).toEqual({});
    expect(await probe.run("gamma/0", read)).toEqual([denied]);
  });
});

describe("a secret goes with its owner", () => {
  test("unit or application", async () => {
    await juju.deploy({ charm: probeCharm, application: "delta", units: 2 });
    await juju.settle();
    const unit = await add("delta/1", "--owner unit key=value");
    const application = await add("delta/0", "key=value");
    await probe.output("delta/1", `secret-get ${application}`);
    await juju.removeUnit("delta/1");
    await juju.settle();
    expect(juju.secrets().map((each) => each.id)).not.toContain(unit);
    expect(secret(application).consumers).toEqual({});
    await juju.removeApplication("delta");
    await juju.settle();
    expect(juju.secrets().map((each) => each.id)).not.toContain(application);
  });
});

describe("what a hook hands over", () => {
  /** Adds a secret of the unit and writes to the application's databag, and is deposed before the end. */
  async function deposed(of: SimulatedJuju, within: ShellProbe, relation: number): Promise<void> {
    await within.on(
      "alpha/0",
      "update-status",
      `secret-add --owner unit --label left-behind key=value\nrelation-set -r ${relation} --app named=yes\n${waitFor("wrote", "deposed")}`,
    );
    await of.updateStatus("alpha/0");
    await within.reached("alpha/0", "wrote");
    await of.setLeader("alpha/1");
    await within.release("alpha/0", "deposed");
    await of.settle({ allowErrors: true });
  }

  test("keeps its secrets though its databags were refused, up to Juju 3.6", async () => {
    const [three, inThree, relation] = await deploy("3.6.11");
    await deposed(three, inThree, relation);
    expect(three.databag(relation, "alpha")).toEqual({});
    expect(three.secrets().map(({ owner, label }) => [owner, label])).toEqual([["alpha/0", "left-behind"]]);
    // So the hook that runs again meets what it left behind.
    await three.resolve("alpha/0");
    await three.settle({ allowErrors: true });
    const why = 'creating secrets: secret with label "left-behind" already exists';
    expect(three.log()).toContainEqual(expect.objectContaining({ message: why }));
    await stopAndCheckForLeaks(three);
  });

  test("is taken over as a whole or not at all, from Juju 4 on", async () => {
    const [four, inFour, relation] = await deploy("4.0.1");
    await deposed(four, inFour, relation);
    expect(four.databag(relation, "alpha")).toEqual({});
    expect(four.secrets()).toEqual([]);
    await stopAndCheckForLeaks(four);
  });

  test("names secrets of the application only while the unit leads", async () => {
    await probe.on(
      "alpha/0",
      "update-status",
      `secret-add --label app-owned key=value\nrelation-set -r ${backend} lost=yes\n${waitFor("added", "replaced")}`,
    );
    await juju.updateStatus("alpha/0");
    await probe.reached("alpha/0", "added");
    await juju.setLeader("alpha/1");
    await probe.release("alpha/0", "replaced");
    await juju.settle({ allowErrors: true });
    expect(juju.log()).toContainEqual(
      expect.objectContaining({ message: 'creating secrets: "alpha/0" is not leader of "alpha"' }),
    );
    expect(juju.databag(backend, "alpha/0")).not.toHaveProperty("lost");
    await juju.resolve("alpha/0", { retry: false });
    await juju.setLeader("alpha/0");
    await juju.settle();
  });

  test("stops at the kind of change of which one is refused: the kinds before it stay, up to Juju 3.6", async () => {
    await add("alpha/0", "--label taken key=value");
    const lines = [
      "secret-add --label before key=value",
      "secret-add --owner unit --label taken key=value",
      `relation-set -r ${cluster} lost=yes`,
    ];
    const why = 'creating secrets: secret with label "taken" already exists';
    expect(await refusedCommit(juju, "alpha/0", ...lines)).toBe(why);
    expect(juju.secrets().map(({ label }) => label)).toContain("before");
    expect(juju.databag(cluster, "alpha/0")).not.toHaveProperty("lost");
    const [four, inFour] = await deploy("4.0.1");
    await inFour.output("alpha/0", "secret-add --label taken key=value");
    expect(await refusedCommit(four, "alpha/0", ...lines)).toBe(why);
    expect(four.secrets().map(({ label }) => label)).toEqual(["taken"]);
    await stopAndCheckForLeaks(four);
  });
});
