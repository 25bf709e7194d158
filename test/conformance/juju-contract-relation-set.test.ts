import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { SimulatedJuju } from "../../lib/testing/index.ts";
import { stopAndCheckForLeaks } from "./juju-contract/leaks.ts";
import { answer, ShellProbe, probeCharm, refusal, type LineResult } from "./juju-contract/shell-probe.ts";

const cluster = 0;
let juju: SimulatedJuju;
let probe: ShellProbe;

beforeAll(async () => {
  juju = await SimulatedJuju.start();
  probe = new ShellProbe(juju);
  await juju.deploy({ charm: probeCharm, application: "alpha" });
  await juju.settle();
});
afterAll(async () => stopAndCheckForLeaks(juju));

/** Feeds standard input to relation-set, over a databag that holds only `old`, and tells what the databag holds then. */
async function set(
  stdin: string,
  ...args: string[]
): Promise<{ result: LineResult | undefined; databag: object }> {
  await mkdir(probe.place("alpha/0"), { recursive: true });
  await writeFile(join(probe.place("alpha/0"), "stdin"), stdin);
  const held = juju.databag(cluster, "alpha");
  await juju.writeDatabag(cluster, "alpha", Object.fromEntries(Object.keys(held).map((key) => [key, ""])));
  await juju.writeDatabag(cluster, "alpha", { old: "1" });
  const [result] = await probe.run(
    "alpha/0",
    `relation-set -r ${cluster} --app --file - ${args.join(" ")} <"$place/stdin"`,
  );
  return { result, databag: juju.databag(cluster, "alpha") };
}

const bare = String.raw;

test.for<[why: string, stdin: string, databag: Record<string, string>]>([
  ["stores a JSON object", '{"a":"b","c":"d e"}', { old: "1", a: "b", c: "d e" }],
  [
    "stores scalars as the text they were written as",
    '{"n":1.50,"t":true,"d":2024-01-01}',
    { old: "1", n: "1.50", t: "true", d: "2024-01-01" },
  ],
  [
    "keeps texts that look like other types",
    '{"a":"null","b":"yes","c":"~"}',
    { old: "1", a: "null", b: "yes", c: "~" },
  ],
  ["deletes a key whose value is null", '{"old":null}', {}],
  ["deletes a key whose value is empty", '{"old":""}', {}],
  ["lets the last of two equal keys win", '{"a":"1","a":"2"}', { old: "1", a: "2" }],
  ["reads YAML as well", "a: b\nc: 'd'\n", { old: "1", a: "b", c: "d" }],
  ["takes nothing for nothing", "", { old: "1" }],
  ["takes an empty object for nothing", "{}", { old: "1" }],
  ["keeps characters beyond the 16-bit plane", '{"a":"\u{1f600}"}', { old: "1", a: "\u{1f600}" }],
  [
    "keeps U+2028 and U+FEFF, raw and escaped",
    `{"a":"x\u2028y\ufeffz","b":"${bare`\u2028\ufeff`}"}`,
    { old: "1", a: "x\u2028y\ufeffz", b: "\u2028\ufeff" },
  ],
  ["turns a raw U+0085 into a space", '{"a":"x\u0085y"}', { old: "1", a: "x y" }],
  [
    "keeps control characters that are escaped",
    bare`{"a":"\u007f\u0085\ufffe\u0000"}`,
    { old: "1", a: "\u007f\u0085\ufffe\0" },
  ],
  ["understands the escapes of JSON", bare`{"a":"\"\\\b\f\n\r\t\u00e9"}`, { old: "1", a: '"\\\b\f\n\r\té' }],
  ["has room for long values", `{"a":"${"x".repeat(300_000)}"}`, { old: "1", a: "x".repeat(300_000) }],
])("standard input: %s", async ([, stdin, databag]) => {
  expect(await set(stdin)).toEqual({ result: answer(""), databag });
});

test.for<[why: string, stdin: string, message: string]>([
  [
    "an object as a value",
    '{"a":{"b":1}}',
    "yaml: unmarshal errors:\n  line 1: cannot unmarshal !!map into string",
  ],
  ["a list as a value", '{"a":[1]}', "yaml: unmarshal errors:\n  line 1: cannot unmarshal !!seq into string"],
  [
    "every wrong value, with its line",
    '{"a":{},\n"b":[]}',
    "yaml: unmarshal errors:\n  line 1: cannot unmarshal !!map into string\n  line 2: cannot unmarshal !!seq into string",
  ],
  ["a list", "[1]", "yaml: unmarshal errors:\n  line 1: cannot unmarshal !!seq into map[string]string"],
  [
    "a text",
    "hello",
    "yaml: unmarshal errors:\n  line 1: cannot unmarshal !!str `hello` into map[string]string",
  ],
  [
    "an escaped surrogate pair",
    bare`{"a":"\ud83d\ude00"}`,
    "yaml: found invalid Unicode character escape code",
  ],
  ["an escaped lone surrogate", bare`{"a":"\ud83d"}`, "yaml: found invalid Unicode character escape code"],
  ["a raw U+007F", '{"a":"\u007f"}', "yaml: control characters are not allowed"],
  ["a raw U+0080", '{"a":"\u0080"}', "yaml: control characters are not allowed"],
  ["a raw U+009F", '{"a":"\u009f"}', "yaml: control characters are not allowed"],
  ["a raw U+FFFE", '{"a":"\ufffe"}', "yaml: control characters are not allowed"],
  ["a raw U+FFFF", '{"a":"\uffff"}', "yaml: control characters are not allowed"],
  ["an escaped slash", bare`{"a":"\/"}`, "yaml: found unknown escape character"],
  ["a key beyond 1,024 bytes", `{"${"k".repeat(1_025)}":"v"}`, "yaml: did not find expected ',' or '}'"],
])("standard input refuses %s", async ([, stdin, message]) => {
  expect(await set(stdin)).toEqual({ result: refusal(1, message), databag: { old: "1" } });
});

test("standard input that is no YAML is refused", async () => {
  const { result, databag } = await set('{"a":');
  expect(result).toMatchObject({ code: 1, stdout: "", stderr: expect.stringMatching(/^ERROR yaml: /u) });
  expect(databag).toEqual({ old: "1" });
});

test("arguments take the place of what the file says", async () => {
  expect(await set('{"a":"file","b":"file"}', "a=argument", "c==x=y")).toEqual({
    result: answer(""),
    databag: { old: "1", a: "argument", b: "file", c: "=x=y" },
  });
});

test("arguments that are no pairs, or say a thing twice, are refused", async () => {
  const refused = await probe.run(
    "alpha/0",
    `relation-set -r ${cluster} haha`,
    `relation-set -r ${cluster} =haha`,
    `relation-set -r ${cluster} a=1 a=2`,
    "relation-set a=1",
  );
  expect(refused).toEqual([
    refusal(2, 'expected "key=value", got "haha"'),
    refusal(2, 'expected "key=value", got "=haha"'),
    refusal(2, 'key "a" specified more than once'),
    refusal(2, "no relation id specified"),
  ]);
});

test("no arguments change nothing, and a key set and emptied in one hook is gone", async () => {
  await juju.writeDatabag(cluster, "alpha", { kept: "1", emptied: "1" });
  const [shown] = await probe.run(
    "alpha/0",
    `relation-set -r ${cluster}; relation-set -r ${cluster} --app emptied=2; relation-set -r ${cluster} --app emptied=; relation-get -r ${cluster} --app emptied alpha --format=json`,
  );
  expect(shown).toEqual(answer("null\n"));
  expect(juju.databag(cluster, "alpha")).toMatchObject({ kept: "1" });
  expect(juju.databag(cluster, "alpha")).not.toHaveProperty("emptied");
});

test("--format is taken, with a word on it", async () => {
  expect(await probe.run("alpha/0", `relation-set -r ${cluster} --format=json a=1`)).toEqual([
    { code: 0, stdout: "", stderr: '--format flag deprecated for command "relation-set"' },
  ]);
});
