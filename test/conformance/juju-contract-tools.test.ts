import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { SimulatedJuju } from "../../lib/testing/index.ts";
import { startForTest, stopAndCheckForLeaks } from "./juju-contract/leaks.ts";
import { answer, ShellProbe, probeCharm, refusal, type LineResult } from "./juju-contract/shell-probe.ts";

const cluster = 0;
let juju: SimulatedJuju;
let probe: ShellProbe;
let backend: number;

beforeAll(async () => {
  juju = await SimulatedJuju.start();
  probe = new ShellProbe(juju);
  await juju.deploy({ charm: probeCharm, application: "alpha", units: 2 });
  await juju.deploy({ charm: probeCharm, application: "beta", units: 2 });
  backend = await juju.integrate("alpha:backend", "beta:frontend");
  await juju.settle();
  await juju.writeDatabag(backend, "beta/0", { plain: "text", odd: "<a & b>\n\u2028é", number: "01" });
  await juju.writeDatabag(backend, "beta", { shared: "yes" });
  await juju.writeDatabag(backend, "alpha", { own: "app" });
  await juju.writeDatabag(cluster, "alpha", { peer: "app" });
  await juju.settle();
});
afterAll(async () => stopAndCheckForLeaks(juju));

type Case = readonly [line: string, expected: LineResult];

function linesOf(cases: readonly Case[]): readonly string[] {
  return cases.map(([line]) => line);
}

function paired(cases: readonly Case[], results: readonly LineResult[]): readonly unknown[] {
  return cases.map(([line], index) => [line, results[index]]);
}

/** Runs the lines of a table in one hook, and puts each with its answer. */
async function answers(unit: string, cases: readonly Case[]): Promise<readonly unknown[]> {
  return paired(cases, await probe.run(unit, ...linesOf(cases)));
}

async function changeBeta(): Promise<void> {
  await juju.writeDatabag(backend, "beta/0", { tick: String(performance.now()) });
}

/** The same in the hook about a change of beta/0. */
async function answersInChanged(cases: readonly Case[]): Promise<readonly unknown[]> {
  return paired(cases, await probe.inHook("alpha/0", "backend-relation-changed", changeBeta, linesOf(cases)));
}

describe("every tool", () => {
  test("reads flags as gnuflag does", async () => {
    const ids = answer(`["backend:${backend}"]\n`);
    const cases: readonly Case[] = [
      ["relation-ids backend --format json", ids],
      ["relation-ids --format=json backend", ids],
      ["relation-ids --format json -- backend", ids],
      ["relation-ids --nonsense", refusal(2, "option provided but not defined: --nonsense")],
      ["relation-ids -x", refusal(2, "option provided but not defined: -x")],
      ["relation-ids --format", refusal(2, "option needs an argument: --format")],
      [
        "relation-ids --format xml",
        refusal(2, 'invalid value "xml" for option --format: unknown format "xml"'),
      ],
      ["relation-ids backend more", refusal(2, 'unrecognized args: ["more"]')],
      [`relation-list -r${backend}`, answer("beta/0\nbeta/1\n")],
      [`relation-list -r ${backend} --app=true`, answer("beta\n")],
      [`relation-list -r ${backend} --app=False`, answer("beta/0\nbeta/1\n")],
      [
        `relation-list -r ${backend} --app=maybe`,
        refusal(
          2,
          'invalid boolean value "maybe" for option --app: strconv.ParseBool: parsing "maybe": invalid syntax',
        ),
      ],
    ];
    expect(await answers("alpha/0", cases)).toEqual(cases);
  });

  test("writes its output to a file on request, and helps", async () => {
    const [written, help, missing] = await probe.run(
      "alpha/0",
      'cd "$place"; relation-ids backend -o out.txt; cat out.txt',
      "relation-get --help",
      `relation-set -r ${backend} --file absent.json`,
    );
    expect(written).toEqual(answer(`backend:${backend}\n`));
    expect(help).toMatchObject({ code: 0, stderr: "", stdout: expect.stringContaining("relation-get") });
    expect(missing).toEqual(refusal(1, "open absent.json: no such file or directory"));
  });

  test("refuses a context that is not the running one", async () => {
    const [missing, stale, unknown, dead] = await probe.run(
      "alpha/0",
      "env -u JUJU_CONTEXT_ID is-leader",
      'echo "$JUJU_CONTEXT_ID"; JUJU_CONTEXT_ID=old is-leader',
      `mkdir -p "$place/tools"; ln -sf "$(command -v is-leader)" "$place/tools/no-tool"; "$place/tools/no-tool"`,
      "JUJU_AGENT_SOCKET_ADDRESS=/nowhere is-leader",
    );
    expect(missing).toEqual(refusal(1, "JUJU_CONTEXT_ID not set"));
    expect(stale?.code).toBe(1);
    expect(stale?.stderr).toBe(
      `ERROR bad request: expected context id "${stale?.stdout.trim() ?? ""}", got "old"\n`,
    );
    expect(unknown).toEqual(refusal(1, "bad request: unknown hook command: no-tool"));
    expect(dead).toEqual(refusal(1, "dial unix /nowhere: connect: no such file or directory"));
  });

  test("refuses a process that outlived its hook", async () => {
    await probe.on(
      "alpha/0",
      "update-status",
      'setsid /bin/bash -c \'until [ -e "$0/over" ]; do sleep 0.01; done; is-leader 2>"$0/said"; touch "$0/tried"\' "$place" >/dev/null 2>&1 </dev/null &',
    );
    await juju.updateStatus("alpha/0");
    await juju.settle();
    await probe.release("alpha/0", "over");
    await probe.reached("alpha/0", "tried");
    expect(await readFile(join(probe.place("alpha/0"), "said"), "utf8")).toMatch(
      /^ERROR dial unix .*: connect: no such file or directory\n$/u,
    );
  });
});

describe("relation-ids and relation-list", () => {
  test("list what the unit has joined", async () => {
    const cases: readonly Case[] = [
      ["relation-ids cluster", answer(`cluster:${cluster}\n`)],
      ["relation-ids extra", answer("")],
      ["relation-ids extra --format=json", answer("[]\n")],
      ["relation-ids nonsense --format=json", answer("[]\n")],
      ["relation-ids", refusal(2, "no endpoint name specified")],
      [`relation-list -r backend:${backend} --format=json`, answer('["beta/0","beta/1"]\n')],
      [`relation-list -r ignored:${backend} --app --format=json`, answer('"beta"\n')],
      [`relation-list -r ${cluster}`, answer("alpha/1\n")],
      ["relation-list", refusal(2, "no relation id specified")],
      ["relation-list -r one", refusal(2, 'invalid value "one" for option -r: invalid relation id')],
      [
        "relation-list -r backend:99",
        refusal(2, 'invalid value "backend:99" for option -r: relation not found'),
      ],
      [
        "relation-list --relation backend:99",
        refusal(2, 'invalid value "backend:99" for option --relation: relation not found'),
      ],
    ];
    expect(await answers("alpha/0", cases)).toEqual(cases);
    const inHook: readonly Case[] = [
      ["relation-ids", answer(`backend:${backend}\n`)],
      ["relation-list", answer("beta/0\nbeta/1\n")],
    ];
    expect(await answersInChanged(inHook)).toEqual(inHook);
  });
});

describe("relation-get", () => {
  test("prints values and whole databags in each format", async () => {
    const map = `{"egress-subnets":"10.0.0.3/32","ingress-address":"10.0.0.3","number":"01","odd":"\\u003ca \\u0026 b\\u003e\\n\\u2028é","plain":"text","private-address":"10.0.0.3"}\n`;
    const cases: readonly Case[] = [
      [`relation-get -r ${backend} plain beta/0`, answer("text\n")],
      [`relation-get -r ${backend} plain beta/0 --format=json`, answer('"text"\n')],
      [`relation-get -r ${backend} --format=yaml number beta/0`, answer('"01"\n')],
      [`relation-get -r ${backend} --format=json - beta/0 | sed 's/,"tick":"[^"]*"//'`, answer(map)],
      [`relation-get -r ${backend} --format=yaml --app - beta`, answer('shared: "yes"\n')],
      [`relation-get -r ${backend} --app - beta/1`, answer('shared: "yes"\n')],
      [`relation-get -r ${backend} absent beta/0`, answer("")],
      [`relation-get -r ${backend} absent beta/0 --format=json`, answer("null\n")],
      [`relation-get -r ${cluster} --app absent alpha --format=json`, answer("null\n")],
    ];
    expect(await answers("alpha/0", cases)).toEqual(cases);
    const inHook: readonly Case[] = [
      ["relation-get plain", answer("text\n")],
      ["relation-get --app shared", answer("yes\n")],
      ["relation-get --app shared beta", answer("yes\n")],
      ["relation-get plain beta/1", answer("")],
    ];
    expect(await answersInChanged(inHook)).toEqual(inHook);
    const changeApplication = (): Promise<void> => juju.writeDatabag(backend, "beta", { more: "1" });
    expect(
      await probe.inHook("alpha/0", "backend-relation-changed", changeApplication, ["relation-get more"]),
    ).toEqual([answer("1\n")]);
  });

  test("refuses what is not there to be read", async () => {
    const cases: readonly Case[] = [
      ["relation-get", refusal(2, "no relation id specified")],
      [`relation-get -r ${backend}`, refusal(2, "no unit or application specified")],
      [`relation-get -r ${backend} - beta`, refusal(2, 'expected unit name, got application name "beta"')],
      [`relation-get -r ${backend} - beta//0`, refusal(2, 'invalid unit name "beta//0"')],
      [`relation-get -r ${backend} - beta/0 x`, refusal(2, 'unrecognized args: ["x"]')],
      [`relation-get -r ${backend} - other/0`, refusal(1, "permission denied")],
      [`relation-get -r ${backend} --app - other`, refusal(1, "permission denied")],
      [
        `relation-get -r ${backend} - beta/9`,
        refusal(
          1,
          'cannot read settings for unit "beta/9" in relation "beta:frontend alpha:backend": unit "beta/9": settings not found',
        ),
      ],
    ];
    expect(await answers("alpha/0", cases)).toEqual(cases);
  });
});

describe("who may read and write which databag", () => {
  test("as the leader", async () => {
    const cases: readonly Case[] = [
      [`relation-get -r ${backend} ingress-address alpha/0`, answer("10.0.0.1\n")],
      [`relation-get -r ${cluster} ingress-address alpha/1`, answer("10.0.0.2\n")],
      [`relation-get -r ${backend} ingress-address beta/0`, answer("10.0.0.3\n")],
      [`relation-get -r ${backend} --app own alpha`, answer("app\n")],
      [`relation-get -r ${cluster} --app peer alpha`, answer("app\n")],
      [`relation-get -r ${backend} --app shared beta`, answer("yes\n")],
      [`relation-set -r ${backend} --app`, answer("")],
    ];
    expect(await answers("alpha/0", cases)).toEqual(cases);
  });

  test("as another unit", async () => {
    const cases: readonly Case[] = [
      [`relation-get -r ${backend} ingress-address alpha/1`, answer("10.0.0.2\n")],
      [`relation-get -r ${backend} --app own alpha`, refusal(1, "permission denied")],
      [`relation-get -r ${cluster} --app peer alpha`, answer("app\n")],
      [`relation-get -r ${backend} --app shared beta`, answer("yes\n")],
      [`relation-set -r ${backend} --app own=mine`, refusal(1, "cannot write relation settings")],
      [`relation-set -r ${cluster} --app own=mine`, refusal(1, "cannot write relation settings")],
      [`relation-set -r ${backend} own=mine`, answer("")],
    ];
    expect(await answers("alpha/1", cases)).toEqual(cases);
    expect(juju.databag(backend, "alpha/1")["own"]).toBe("mine");
    expect(juju.databag(backend, "alpha")["own"]).toBe("app");
  });
});

describe("is-leader, status-set and status-get", () => {
  test("tell and set", async () => {
    const asLeader: readonly Case[] = [
      ["is-leader", answer("True\n")],
      ["is-leader --format=json", answer("true\n")],
      ["status-set --application=False active -- '-ready'", answer("")],
      ["status-get --format=json", answer('{"message":"-ready","status":"active","status-data":{}}\n')],
      ["status-get", answer("active\n")],
      ["status-get --include-data", answer("message: -ready\nstatus: active\nstatus-data: {}\n")],
      ["status-set --application blocked 'all of us'", answer("")],
      [
        "status-set fine",
        refusal(2, 'invalid status "fine", expected one of [maintenance blocked waiting active]'),
      ],
      ["application-version-set 16.4", answer("")],
    ];
    expect(await answers("alpha/0", asLeader)).toEqual(asLeader);
    const [application] = await probe.run("alpha/0", "status-get --application --format=json");
    expect(JSON.parse(application?.stdout ?? "")).toMatchObject({
      "application-status": {
        message: "all of us",
        status: "blocked",
        units: { "alpha/0": { status: "active", message: "-ready" } },
      },
    });
    expect(juju.status().applications["alpha"]?.status).toEqual({ name: "blocked", message: "all of us" });
    const asAnother: readonly Case[] = [
      ["is-leader", answer("False\n")],
      ["is-leader --format=json", answer("false\n")],
      ["status-set --application active", refusal(1, "this unit is not the leader")],
      ["status-get --application", refusal(1, "this unit is not the leader")],
    ];
    expect(await answers("alpha/1", asAnother)).toEqual(asAnother);
  });
});

describe("action tools", () => {
  test("read parameters with their defaults, and set results", async () => {
    const parameters = { flag: true, list: [1, "b"], nested: { deep: { er: "x" } } };
    const cases: readonly Case[] = [
      [
        "action-get --format=json",
        answer('{"count":3,"flag":true,"list":[1,"b"],"nested":{"deep":{"er":"x"}},"text":"plain"}\n'),
      ],
      ["action-get text", answer("plain\n")],
      ["action-get count", answer("3\n")],
      ["action-get flag", answer("True\n")],
      ["action-get list", answer("1\nb\n")],
      ["action-get nested.deep.er", answer("x\n")],
      ["action-get nested.none --format=json", answer("null\n")],
      ["action-get nested", answer("deep:\n  er: x\n")],
      [
        "action-set Upper=1",
        refusal(
          2,
          'key "Upper" must start and end with lowercase alphanumeric, and contain only lowercase alphanumeric, hyphens and periods',
        ),
      ],
      ["action-set stdout=1", refusal(2, 'cannot set reserved action key "stdout"')],
      ["action-set word", refusal(2, 'argument "word" must be of the form key...=value')],
      ["action-set k=a=b", answer("")],
    ];
    const run = (): Promise<unknown> => juju.runAction("alpha/0", "probe", parameters);
    const lines = linesOf(cases);
    const results = await probe.inHook("alpha/0", "probe", run, lines);
    expect(paired(cases, results)).toEqual(cases);
    await probe.on("alpha/0", "strict", "action-get --format=json");
    expect((await juju.runAction("alpha/0", "strict", { needed: "" })).results["stdout"]).toBe(
      '{"needed":""}\n',
    );
  });

  test("refuse outside an action", async () => {
    const refused = refusal(1, "not running an action");
    const cases: readonly Case[] = [
      ["action-get", refused],
      ["action-set a=1", refused],
      ["action-log hello", refused],
      ["action-fail", refused],
    ];
    expect(await answers("alpha/0", cases)).toEqual(cases);
  });
});

describe("config-get", () => {
  test("prints options with their types", async () => {
    const cases: readonly Case[] = [
      ["config-get --format=json", answer('{"name":"probe","on":true,"ratio":0.5}\n')],
      ["config-get -a --format=json", answer('{"name":"probe","on":true,"ratio":0.5,"size":null}\n')],
      ["config-get name", answer("probe\n")],
      ["config-get on", answer("True\n")],
      ["config-get size --format=json", answer("null\n")],
      ["config-get none", answer("")],
    ];
    expect(await answers("alpha/0", cases)).toEqual(cases);
  });
});

describe("state-get, state-set and state-delete", () => {
  test("keep what the charm knows of itself", async () => {
    const writing: readonly Case[] = [
      ["state-get --format=json", answer("{}\n")],
      ["state-set a=1 b=2", answer("")],
      ["echo 'c: 3' | state-set --file - d=4", answer("")],
      ["state-delete b", answer("")],
    ];
    expect(await answers("alpha/0", writing)).toEqual(writing);
    const reading: readonly Case[] = [
      ["state-get --format=json", answer('{"a":"1","c":"3","d":"4"}\n')],
      ["state-get a", answer("1\n")],
      ["state-get b", refusal(1, '"b" not found')],
      [
        "head -c 65537 /dev/zero | tr '\\0' x | sed 's/^/big: /' | state-set --file -",
        refusal(1, "max allowed value length (65536) exceeded"),
      ],
    ];
    expect(await answers("alpha/0", reading)).toEqual(reading);
    expect(await probe.run("alpha/1", "state-get a")).toEqual([refusal(1, '"a" not found')]);
  });

  test("print null where nothing is kept, from Juju 4 on", async () => {
    const four = await startForTest({ version: "4.0.1" });
    await four.deploy({ charm: probeCharm, application: "alpha" });
    expect(await new ShellProbe(four).output("alpha/0", "state-get --format=json; echo $JUJU_VERSION")).toBe(
      "null\n4.0.1\n",
    );
    await stopAndCheckForLeaks(four);
  });
});

describe("goal-state, network-get and juju-log", () => {
  test("goal-state tells of the units that there are to be", async () => {
    const [goal] = await probe.run("alpha/0", "goal-state --format=json");
    const since = expect.stringMatching(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ$/u);
    expect(JSON.parse(goal?.stdout ?? "")).toEqual({
      units: { "alpha/0": { status: "active", since }, "alpha/1": { status: "unknown", since } },
      relations: {
        backend: {
          beta: { status: "joined" },
          "beta/0": { status: "unknown", since },
          "beta/1": { status: "unknown", since },
        },
      },
    });
  });

  test("network-get tells the addresses", async () => {
    const cases: readonly Case[] = [
      [
        "network-get backend --format=json",
        answer(
          '{"bind-addresses":[{"mac-address":"","interface-name":"","addresses":[{"hostname":"","value":"10.0.0.1","cidr":""}]}],"egress-subnets":["10.0.0.1/32"],"ingress-addresses":["10.0.0.1"]}\n',
        ),
      ],
      ["network-get backend --ingress-address", answer("10.0.0.1\n")],
      ["network-get backend --bind-address", answer("10.0.0.1\n")],
      ["network-get backend --egress-subnets", answer("10.0.0.1/32\n")],
      ["network-get x", refusal(1, 'no network config found for binding "x"')],
    ];
    expect(await answers("alpha/0", cases)).toEqual(cases);
  });

  test("juju-log writes to the log, in relation hooks with their name", async () => {
    const cases: readonly Case[] = [
      ["juju-log -l WARNING two words", answer("")],
      ["juju-log --log-level DEBUG -- --dashes", answer("")],
      ["juju-log -l shout loud", answer("")],
      ["juju-log", refusal(2, "no message specified")],
    ];
    expect(await answers("alpha/0", cases)).toEqual(cases);
    const inHook: readonly Case[] = [["juju-log within", answer("")]];
    expect(await answersInChanged(inHook)).toEqual(inHook);
    expect(juju.log().map(({ level, message }) => ({ level, message }))).toEqual(
      expect.arrayContaining([
        { level: "WARNING", message: "two words" },
        { level: "DEBUG", message: "--dashes" },
        { level: "INFO", message: "loud" },
        { level: "INFO", message: `backend:${backend}: within` },
      ]),
    );
  });

  test("what a charm prints goes to the log: stdout as debug, stderr as warning", async () => {
    await probe.on("alpha/0", "update-status", "echo out; echo err >&2");
    await juju.updateStatus("alpha/0");
    await juju.settle();
    expect(juju.log()).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ unit: "alpha/0", level: "DEBUG", message: "out" }),
        expect.objectContaining({ unit: "alpha/0", level: "WARNING", message: "err" }),
      ]),
    );
  });
});
