import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { SimulatedJuju, type SecretReport } from "../../lib/testing/index.ts";
import { startForTest, stopAndCheckForLeaks } from "./juju-contract/leaks.ts";
import { answer, ShellProbe, probeCharm, refusal, type LineResult } from "./juju-contract/shell-probe.ts";

const id = /^secret:[0-9a-z]{20}\n$/u;
const unknown = "secret:9m4e2mr0ui3e8a215n4g";
let juju: SimulatedJuju;
let probe: ShellProbe;
let backend: number;

beforeAll(async () => {
  // A failed hook runs again when a test says so, and never by the clock.
  juju = await SimulatedJuju.start({ hookRetryDelayMs: 300_000 });
  probe = new ShellProbe(juju);
  await juju.deploy({ charm: probeCharm, application: "alpha", units: 2 });
  await juju.deploy({ charm: probeCharm, application: "beta", units: 2 });
  backend = await juju.integrate("alpha:backend", "beta:frontend");
  await juju.settle();
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

function secret(uri: string): SecretReport {
  const found = juju.secrets().find((each) => each.id === uri);
  if (found === undefined) throw new Error(`There is no ${uri}.`);
  return found;
}

describe("secret-add", () => {
  test("prints the id at once, and keeps content, settings and owner", async () => {
    const [application, unit] = await probe.run(
      "alpha/0",
      "secret-add --label first --description 'For a test.' --rotate monthly --expire 2099-01-02T03:04:05Z user=me password#base64=cDQ1NQ==",
      "secret-add --owner unit --expire 24h only=mine",
    );
    expect(application).toEqual(answer(expect.stringMatching(id) as string));
    expect(unit?.stdout).not.toBe(application?.stdout);
    expect(secret(application?.stdout.trim() ?? "")).toMatchObject({
      owner: "alpha",
      label: "first",
      description: "For a test.",
      rotation: "monthly",
      revisions: {
        1: { content: { user: "me", password: "p455" }, expires: new Date("2099-01-02T03:04:05Z") },
      },
    });
    expect(secret(unit?.stdout.trim() ?? "")).toMatchObject({
      owner: "alpha/0",
      label: "",
      rotation: "never",
    });
  });

  test("reads values and whole secrets from files, by absolute paths only", async () => {
    const place = probe.place("alpha/0");
    await writeFile(join(place, "value"), "two\nlines\n");
    await writeFile(join(place, "map.yaml"), "from-yaml: 1.50\nother#base64: eA==\n");
    await writeFile(join(place, "map.json"), String.raw`{"from-json":"\ud83d\ude00"}`);
    const value = await add("alpha/0", `value#file=${place}/value`);
    const yaml = await add("alpha/0", `--file ${place}/map.yaml`);
    const json = await add("alpha/0", `--file=${place}/map.json from-json=lost argument=kept`);
    expect(secret(value).revisions[1]?.content).toEqual({ value: "two\nlines\n" });
    expect(secret(yaml).revisions[1]?.content).toEqual({ "from-yaml": "1.50", other: "x" });
    expect(secret(json).revisions[1]?.content).toEqual({ "from-json": "😀", argument: "kept" });
    expect(await probe.run("alpha/0", "cd /usr; secret-add value#file=value")).toEqual([
      refusal(2, 'reading content for secret key "value": open /value: no such file or directory'),
    ]);
  });

  test("refuses what is no secret", async () => {
    await writeFile(join(probe.place("alpha/0"), "empty"), "{}");
    const cases: readonly Case[] = [
      ["secret-add", refusal(2, "missing secret value or filename")],
      ["secret-add word", refusal(2, 'key value "word" not valid')],
      ["secret-add key=", refusal(2, 'key value "key=" not valid')],
      ["secret-add ab=c", refusal(2, 'key "ab" not valid')],
      ["secret-add Key=c", refusal(2, 'key "Key" not valid')],
      ["secret-add a--b=c", refusal(2, 'key "a--b" not valid')],
      ["secret-add key=c --rotate often", refusal(2, 'rotate policy "often" not valid')],
      ["secret-add key=c --expire soon", refusal(2, 'expire time or duration "soon" not valid')],
      ["secret-add key=c --expire=-1h", refusal(2, 'negative expire duration "-1h" not valid')],
      ["secret-add key=c --owner model", refusal(2, 'secret owner "model" not valid')],
      ["secret-add --file /nowhere", refusal(2, "open /nowhere: no such file or directory")],
      [`secret-add --file ${probe.place("alpha/0")}/empty`, refusal(1, "empty secret value not valid")],
      ["secret-add key=c --format json", refusal(2, "option provided but not defined: --format")],
    ];
    expect(await answers("alpha/0", cases)).toEqual(cases);
  });

  test("lets only the leader add one for the application", async () => {
    const [refused, own] = await probe.run(
      "alpha/1",
      "secret-add key=value",
      "secret-add --owner unit key=value",
    );
    expect(refused).toEqual(refusal(1, "this unit is not the leader"));
    expect(own?.stdout).toMatch(id);
  });

  test("refuses a label twice in one hook", async () => {
    const [, again] = await probe.run(
      "alpha/0",
      "secret-add --label twice key=1",
      "secret-add --label twice key=2",
    );
    expect(again).toEqual(refusal(1, 'secret with label "twice" already exists'));
  });
});

describe("secret-get", () => {
  test("prints values and whole contents in each format", async () => {
    const uri = await add("alpha/0", "--label formats cert=c key=01");
    const cases: readonly Case[] = [
      [`secret-get ${uri}`, answer('cert: c\nkey: "01"\n')],
      [`secret-get ${uri} --format=json`, answer('{"cert":"c","key":"01"}\n')],
      [`secret-get ${uri} cert`, answer("c\n")],
      [`secret-get ${uri} cert#base64`, answer("Yw==\n")],
      [`secret-get ${uri} cert --format=json`, answer('"c"\n')],
      ["secret-get --label formats", answer('cert: c\nkey: "01"\n')],
      [`secret-get ${uri.replace("secret:", "")} cert`, answer("c\n")],
      [`secret-get ${uri.replace(":", `://${juju.modelUuid}/`)} cert`, answer("c\n")],
      [`secret-get ${uri} none`, refusal(1, 'secret key value "none" not found')],
      [
        `secret-get ${uri} --format smart`,
        refusal(2, 'invalid value "smart" for option --format: unknown format "smart"'),
      ],
    ];
    expect(await answers("alpha/0", cases)).toEqual(cases);
  });

  test("refuses what does not name a secret that the unit may read", async () => {
    const uri = await add("alpha/0", "key=value");
    const cases: readonly Case[] = [
      ["secret-get", refusal(2, "require either a secret URI or label")],
      [`secret-get ${uri} --peek --refresh`, refusal(2, "specify one of --peek or --refresh but not both")],
      [`secret-get ${uri} key more`, refusal(2, 'unrecognized args: ["more"]')],
      ["secret-get other:thing", refusal(2, 'secret URI scheme "other" not valid')],
      // Without an id the first argument is taken for one.
      ["secret-get --label formats cert", refusal(2, 'secret URI "cert" not valid')],
      ["secret-get secret:short", refusal(2, 'secret URI "secret:short" not valid')],
      [`secret-get ${unknown}`, refusal(1, `secret "${unknown}" not found`)],
      ["secret-get --label none", refusal(1, 'consumer label "none" not found')],
      [`secret-get ${uri}`, refusal(1, "permission denied")],
    ];
    expect(await answers("beta/0", cases)).toEqual(cases);
  });

  test("goes on with the revision of the first reading until --refresh; --peek looks at the latest once", async () => {
    const uri = await add("alpha/0", "key=one");
    await probe.output("alpha/0", `secret-grant ${uri} -r ${backend}`);
    const read = `secret-get ${uri} key`;
    const first: readonly Case[] = [[read, answer("one\n")]];
    expect(await answers("beta/0", first)).toEqual(first);
    await probe.output("alpha/0", `secret-set ${uri} key=two`);
    const later: readonly Case[] = [
      [read, answer("one\n")],
      [`${read} --peek`, answer("two\n")],
      [read, answer("one\n")],
      [`${read} --refresh`, answer("two\n")],
      [read, answer("two\n")],
    ];
    expect(await answers("beta/0", later)).toEqual(later);
    expect(await probe.output("beta/1", read)).toBe("two\n");
    expect(secret(uri).consumers).toMatchObject({ "beta/0": { tracked: 2 }, "beta/1": { tracked: 2 } });
  });

  test("counts at once, also in a hook that fails", async () => {
    const uri = await add("alpha/0", "key=value");
    await probe.output("alpha/0", `secret-grant ${uri} -r ${backend}`);
    await probe.on("beta/0", "update-status", `secret-get ${uri} --label reader\nexit 1`);
    await juju.updateStatus("beta/0");
    await juju.settle({ allowErrors: true });
    expect(secret(uri).consumers).toEqual({ "beta/0": { tracked: 1, label: "reader" } });
    await juju.resolve("beta/0", { retry: false });
    await juju.settle();
  });

  test("gives each reader a label of its own, and renames the owner's secret", async () => {
    const uri = await add("alpha/0", "--label given key=value");
    const other = await add("alpha/0", "key=other");
    await probe.output("alpha/0", `secret-grant ${uri} -r ${backend}`);
    await probe.output("alpha/0", `secret-grant ${other} -r ${backend}`);
    const reading: readonly Case[] = [
      ["secret-get --label mine", refusal(1, 'consumer label "mine" not found')],
      [`secret-get ${uri} --label mine`, answer("key: value\n")],
      ["secret-get --label mine", answer("key: value\n")],
      [`secret-get ${other} --label mine`, refusal(1, 'secret with label "mine" already exists')],
      ["secret-get --label given", refusal(1, 'consumer label "given" not found')],
    ];
    expect(await answers("beta/0", reading)).toEqual(reading);
    expect(await probe.output("alpha/1", `secret-get ${uri} --label ignored`)).toBe("key: value\n");
    expect(secret(uri).label).toBe("given");
    expect(await probe.output("alpha/0", `secret-get ${uri} --label renamed`)).toBe("key: value\n");
    expect(secret(uri).label).toBe("renamed");
    expect(await probe.output("alpha/1", "secret-get --label renamed")).toBe("key: value\n");
  });
});

describe("secret-info-get and secret-ids", () => {
  test("tell of the secrets that the unit can manage", async () => {
    const four = await startForTest();
    const inFour = new ShellProbe(four);
    await four.deploy({ charm: probeCharm, application: "alpha", units: 2 });
    await four.deploy({ charm: probeCharm, application: "beta" });
    const relation = await four.integrate("alpha:backend", "beta:frontend");
    await four.settle();
    const uri = (
      await inFour.output(
        "alpha/0",
        "secret-add --label L --description D --expire 2099-01-02T03:04:05 key=value",
      )
    ).trim();
    const bare = uri.replace("secret:", "");
    await inFour.output("alpha/0", `secret-grant ${uri} -r ${relation} --unit beta/0`);
    const json = `{"${bare}":{"revision":1,"label":"L","owner":"application","description":"D","rotation":"never","expiry":"2099-01-02T03:04:05Z","access":[{"target":"unit-beta-0","scope":"relation-beta.frontend#alpha.backend","role":"view"}]}}\n`;
    const asLeader = await inFour.run(
      "alpha/0",
      `secret-info-get ${uri} --format json`,
      "secret-info-get --label L --format=json",
      "secret-info-get",
      `secret-info-get ${uri} --label L`,
      "secret-ids",
      "secret-ids --format=json",
    );
    expect(asLeader).toEqual([
      answer(json),
      answer(json),
      refusal(2, "require either a secret URI or label"),
      refusal(2, "specify either a secret URI or label but not both"),
      answer(`${bare}\n`),
      answer(`["${bare}"]\n`),
    ]);
    expect(await inFour.run("alpha/1", `secret-info-get ${uri}`, "secret-ids --format=json")).toEqual([
      refusal(1, `secret "${bare}" not found`),
      answer("[]\n"),
    ]);
    await stopAndCheckForLeaks(four);
  });
});

describe("a secret that this hook adds or changes", () => {
  test("shows its creator the content, and nobody else", async () => {
    const [added, content, info, missing] = await probe.run(
      "alpha/0",
      "secret-add --label pending --owner unit key=value",
      "secret-get --label pending",
      "secret-info-get --label pending --format=json",
      "secret-get --label other",
    );
    expect(content).toEqual(answer("key: value\n"));
    expect(info?.stdout).toContain('{"revision":1,"label":"pending","owner":"unit"}');
    expect(missing?.code).toBe(1);
    expect(secret(added?.stdout.trim() ?? "").consumers).toEqual({});
  });

  test("is not there when the hook fails", async () => {
    const before = juju.secrets().length;
    await probe.on("alpha/0", "update-status", "secret-add --label never key=value\nexit 1");
    await juju.updateStatus("alpha/0");
    await juju.settle({ allowErrors: true });
    expect(juju.secrets()).toHaveLength(before);
    await juju.resolve("alpha/0", { retry: false });
    await juju.settle();
  });

  test("shows a change to --peek and --refresh only", async () => {
    const uri = await add("alpha/0", "key=old");
    const read = `secret-get ${uri} key`;
    const cases: readonly Case[] = [
      [read, answer("old\n")],
      [`secret-set ${uri} key=new`, answer("")],
      [read, answer("old\n")],
      [`${read} --peek`, answer("new\n")],
      [`${read} --refresh`, answer("new\n")],
    ];
    expect(await answers("alpha/0", cases)).toEqual(cases);
    expect(secret(uri).consumers).toEqual({ "alpha/0": { tracked: 2, label: "" } });
    expect(await probe.output("alpha/0", read)).toBe("new\n");
  });

  test("takes what is said of it together", async () => {
    const uri = await add("alpha/0", "key=1");
    await probe.run(
      "alpha/0",
      `secret-set ${uri} --description told`,
      `secret-set ${uri} key=2`,
      `secret-set ${uri} key=3 --rotate daily`,
    );
    expect(secret(uri)).toMatchObject({
      description: "told",
      rotation: "daily",
      revisions: { 1: { content: { key: "1" } }, 2: { content: { key: "3" } } },
    });
    expect(Object.keys(secret(uri).revisions)).toEqual(["1", "2"]);
  });
});
