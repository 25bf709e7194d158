import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { stopAndCheckForLeaks } from "./leaks.ts";
import type { Probe } from "./probe.ts";
import { answer, refusal, tool, type Case } from "./script.ts";
import { startForTest, ways } from "./ways.ts";

describe.each(ways)("$name", (way) => {
  let probe: Probe;
  let backend: number;

  beforeAll(async () => {
    probe = await way.start();
    await probe.deploy("alpha");
    await probe.deploy("beta", { units: 2 });
    backend = await probe.juju.integrate("alpha:backend", "beta:frontend");
    await probe.juju.settle();
    await probe.juju.writeDatabag(backend, "beta/0", { text: "<a & b>\n\u2028é", number: "01" });
    await probe.juju.settle();
  });
  afterAll(async () => stopAndCheckForLeaks(probe.juju));

  async function expectAnswers(cases: readonly Case[]): Promise<void> {
    expect(await probe.answers("alpha/0", cases)).toEqual(cases);
  }

  test("[hook-tool/flags-anywhere] flags stand before, between and after arguments, joined or apart", async () => {
    const ids = answer(`["backend:${backend}"]\n`);
    await expectAnswers([
      [tool`relation-ids backend --format json`, ids],
      [tool`relation-ids --format=json backend`, ids],
      [tool`relation-ids --format json -- backend`, ids],
      [tool`relation-list -r${backend}`, answer("beta/0\nbeta/1\n")],
      [tool`relation-list --relation ${backend}`, answer("beta/0\nbeta/1\n")],
    ]);
  });

  test("[hook-tool/double-dash] after -- nothing is a flag", async () => {
    await expectAnswers([
      [tool`status-set --application=False active -- -ready`, answer("")],
      [tool`status-get --format=json`, answer('{"message":"-ready","status":"active","status-data":{}}\n')],
    ]);
  });

  test("[hook-tool/boolean-flags] a boolean flag takes Go's booleans", async () => {
    const maybe =
      'invalid boolean value "maybe" for option --app: strconv.ParseBool: parsing "maybe": invalid syntax';
    await expectAnswers([
      [tool`relation-list -r ${backend} --app`, answer("beta\n")],
      [tool`relation-list -r ${backend} --app=true`, answer("beta\n")],
      [tool`relation-list -r ${backend} --app=False`, answer("beta/0\nbeta/1\n")],
      [tool`relation-list -r ${backend} --app=maybe`, refusal(2, maybe)],
    ]);
  });

  test("[hook-tool/misuse] wrong flags and arguments end with code 2 and a line of ERROR", async () => {
    await expectAnswers([
      [tool`relation-ids --nonsense`, refusal(2, "option provided but not defined: --nonsense")],
      [tool`relation-ids -x`, refusal(2, "option provided but not defined: -x")],
      [tool`relation-ids --format`, refusal(2, "option needs an argument: --format")],
      [tool`relation-ids backend more`, refusal(2, 'unrecognized args: ["more"]')],
      [tool`is-leader more`, refusal(2, 'unrecognized args: ["more"]')],
    ]);
  });

  test("[hook-tool/failure] what cannot be done ends with code 1 and a line of ERROR", async () => {
    await expectAnswers([
      [tool`relation-get -r ${backend} - other/0`, refusal(1, "permission denied")],
      [tool`relation-set -r ${backend} --file absent`, refusal(1, "open absent: no such file or directory")],
    ]);
  });

  test("[hook-tool/help] --help prints to standard output and ends well", async () => {
    const [help] = await probe.run("alpha/0", tool`relation-get --help`);
    expect(help).toMatchObject({ code: 0, stderr: "", stdout: expect.stringContaining("relation-get") });
  });

  test("[format/smart] is verbatim for text, lines for lists, True and False, and nothing for nothing", async () => {
    const get = tool`relation-get -r ${backend}`;
    await expectAnswers([
      [{ ...get, args: [...get.args, "text", "beta/0"] }, answer("<a & b>\n\u2028é\n")],
      [tool`relation-get -r ${backend} absent beta/0`, answer("")],
      [tool`relation-list -r ${backend}`, answer("beta/0\nbeta/1\n")],
      [tool`relation-ids extra`, answer("")],
      [tool`is-leader`, answer("True\n")],
      [tool`config-get ratio`, answer("0.5\n")],
      [tool`config-get size`, answer("")],
      [tool`config-get`, answer('name: probe\n"on": true\nratio: 0.5\n')],
    ]);
  });

  test("[format/json] is compact with sorted keys, and escapes what is special in HTML", async () => {
    const address = "10.0.0.2";
    const map = `{"egress-subnets":"${address}/32","ingress-address":"${address}","number":"01","private-address":"${address}","text":"\\u003ca \\u0026 b\\u003e\\n\\u2028é"}\n`;
    await expectAnswers([
      [tool`relation-get -r ${backend} --format=json - beta/0`, answer(map)],
      [tool`relation-get -r ${backend} --format=json number beta/0`, answer('"01"\n')],
      [tool`relation-get -r ${backend} --format=json absent beta/0`, answer("null\n")],
      [tool`relation-list -r ${backend} --format=json`, answer('["beta/0","beta/1"]\n')],
      [tool`relation-ids extra --format=json`, answer("[]\n")],
      [tool`is-leader --format=json`, answer("true\n")],
    ]);
  });

  test("[format/yaml] quotes what would read as another type", async () => {
    await expectAnswers([
      [tool`relation-get -r ${backend} --format=yaml number beta/0`, answer('"01"\n')],
      [tool`relation-list -r ${backend} --format=yaml`, answer("- beta/0\n- beta/1\n")],
      [tool`is-leader --format=yaml`, answer("true\n")],
      [tool`relation-get -r ${backend} --format=yaml absent beta/0`, answer("")],
    ]);
  });

  test("[format/unknown] any other format is refused", async () => {
    const xml = 'invalid value "xml" for option --format: unknown format "xml"';
    await expectAnswers([[tool`relation-ids --format xml`, refusal(2, xml)]]);
  });

  test("[format/output-file] -o and --output write to a file instead", async () => {
    for (const flag of ["-o", "--output"]) {
      const file = `out${flag}`;
      const path = probe.path("alpha/0", file);
      await expectAnswers([[tool`relation-ids backend ${flag} ${path}`, answer("")]]);
      expect(await probe.read("alpha/0", file)).toBe(`backend:${backend}\n`);
    }
    const nowhere = "/nowhere/at/all";
    const missing = `open ${nowhere}: no such file or directory`;
    await expectAnswers([[tool`relation-ids backend -o ${nowhere}`, refusal(1, missing)]]);
  });

  test("[relation-id/number] a relation is named by endpoint and number or by the number, and only that counts", async () => {
    const members = answer("beta/0\nbeta/1\n");
    await expectAnswers([
      [tool`relation-list -r ${backend}`, members],
      [tool`relation-list -r backend:${backend}`, members],
      [tool`relation-list -r ignored:${backend}`, members],
    ]);
  });

  test("[relation-id/endpoint-checked] on request, an endpoint that is not the relation's is refused", async () => {
    const strict = await startForTest(way, { checkRelationEndpoint: true });
    await strict.deploy("alpha");
    await strict.juju.settle();
    const wrong = 'invalid value "other:0" for option -r: relation not found';
    const cases: readonly Case[] = [
      [tool`relation-list -r 0`, answer("")],
      [tool`relation-list -r cluster:0`, answer("")],
      [tool`relation-list -r other:0`, refusal(2, wrong)],
    ];
    expect(await strict.answers("alpha/0", cases)).toEqual(cases);
  });

  test("[relation-id/refused] what is no id, or that of no relation of the unit, is refused", async () => {
    await expectAnswers([
      [tool`relation-list -r one`, refusal(2, 'invalid value "one" for option -r: invalid relation id')],
      [
        tool`relation-list -r backend:99`,
        refusal(2, 'invalid value "backend:99" for option -r: relation not found'),
      ],
      [
        tool`relation-list --relation backend:99`,
        refusal(2, 'invalid value "backend:99" for option --relation: relation not found'),
      ],
    ]);
  });

  test("[relation-id/default] it is the hook's own, and outside a relation hook there is none", async () => {
    await expectAnswers([
      [tool`relation-list`, refusal(2, "no relation id specified")],
      [tool`relation-get`, refusal(2, "no relation id specified")],
      [tool`relation-set a=1`, refusal(2, "no relation id specified")],
    ]);
    const change = (): Promise<void> => probe.juju.writeDatabag(backend, "beta/0", { tick: "1" });
    const cases: readonly Case[] = [[tool`relation-list`, answer("beta/0\nbeta/1\n")]];
    expect(await probe.answersIn("alpha/0", "backend-relation-changed", change, cases)).toEqual(cases);
  });
});
