import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { stopAndCheckForLeaks } from "./leaks.ts";
import type { Probe } from "./probe.ts";
import { answer, given, refusal, tool, type Case, type ToolResult } from "./script.ts";
import { ways } from "./ways.ts";

const cluster = 0;
const bare = String.raw;

type Stored = readonly [what: string, stdin: string, databag: Record<string, string>];
type Refused = readonly [what: string, stdin: string, message: string];

const stored: readonly Stored[] = [
  ["a JSON object", '{"a":"b","c":"d e"}', { old: "1", a: "b", c: "d e" }],
  ["the last of two equal keys", '{"a":"1","a":"2"}', { old: "1", a: "2" }],
  ["YAML as well", "a: b\nc: 'd'\n", { old: "1", a: "b", c: "d" }],
  ["nothing for nothing", "", { old: "1" }],
  ["nothing for an empty object", "{}", { old: "1" }],
  ["a long value", `{"a":"${"x".repeat(300_000)}"}`, { old: "1", a: "x".repeat(300_000) }],
];

const asWritten: readonly Stored[] = [
  [
    "numbers, booleans and dates",
    '{"n":1.50,"t":true,"d":2024-01-01}',
    { old: "1", n: "1.50", t: "true", d: "2024-01-01" },
  ],
  [
    "texts that look like other types",
    '{"a":"null","b":"yes","c":"~"}',
    { old: "1", a: "null", b: "yes", c: "~" },
  ],
];

const deleted: readonly Stored[] = [
  ["null", '{"old":null}', {}],
  ["the empty text", '{"old":""}', {}],
];

const characters: readonly Stored[] = [
  ["beyond the 16-bit plane", '{"a":"\u{1f600}"}', { old: "1", a: "\u{1f600}" }],
  [
    "U+2028 and U+FEFF, raw and escaped",
    `{"a":"x\u2028y\ufeffz","b":"${bare`\u2028\ufeff`}"}`,
    { old: "1", a: "x\u2028y\ufeffz", b: "\u2028\ufeff" },
  ],
  ["a raw U+0085, as a space", '{"a":"x\u0085y"}', { old: "1", a: "x y" }],
  [
    "control characters that are escaped",
    bare`{"a":"\u007f\u0085\ufffe\u0000"}`,
    { old: "1", a: "\u007f\u0085\ufffe\0" },
  ],
  ["the escapes of JSON", bare`{"a":"\"\\\b\f\n\r\t\u00e9"}`, { old: "1", a: '"\\\b\f\n\r\té' }],
];

const unmarshal = "yaml: unmarshal errors:\n  line 1: cannot unmarshal";

const notText: readonly Refused[] = [
  ["an object as a value", '{"a":{"b":1}}', `${unmarshal} !!map into string`],
  ["a list as a value", '{"a":[1]}', `${unmarshal} !!seq into string`],
  [
    "every wrong value, with its line",
    '{"a":{},\n"b":[]}',
    `${unmarshal} !!map into string\n  line 2: cannot unmarshal !!seq into string`,
  ],
  ["a list", "[1]", `${unmarshal} !!seq into map[string]string`],
  ["a text", "hello", `${unmarshal} !!str \`hello\` into map[string]string`],
];

const control = "yaml: control characters are not allowed";
const escape = "yaml: found invalid Unicode character escape code";

const unreadable: readonly Refused[] = [
  ["an escaped surrogate pair", bare`{"a":"\ud83d\ude00"}`, escape],
  ["an escaped lone surrogate", bare`{"a":"\ud83d"}`, escape],
  ["a raw U+007F", '{"a":"\u007f"}', control],
  ["a raw U+0080", '{"a":"\u0080"}', control],
  ["a raw U+009F", '{"a":"\u009f"}', control],
  ["a raw U+FFFE", '{"a":"\ufffe"}', control],
  ["a raw U+FFFF", '{"a":"\uffff"}', control],
  ["an escaped slash", bare`{"a":"\/"}`, "yaml: found unknown escape character"],
];

describe.each(ways)("$name", (way) => {
  let probe: Probe;

  beforeAll(async () => {
    probe = await way.start();
    await probe.deploy("alpha");
    await probe.juju.settle();
  });
  afterAll(async () => stopAndCheckForLeaks(probe.juju));

  /** Feeds standard input to relation-set, over a databag that holds only `old`, and tells what it holds then. */
  async function set(
    stdin: string,
    ...args: readonly string[]
  ): Promise<{ result: ToolResult | undefined; databag: object }> {
    const { juju } = probe;
    const held = juju.databag(cluster, "alpha");
    await juju.writeDatabag(cluster, "alpha", Object.fromEntries(Object.keys(held).map((key) => [key, ""])));
    await juju.writeDatabag(cluster, "alpha", { old: "1" });
    const call = tool`relation-set -r ${cluster} --app --file -`;
    const [result] = await probe.run("alpha/0", given(stdin, { ...call, args: [...call.args, ...args] }));
    return { result, databag: juju.databag(cluster, "alpha") };
  }

  test.for(stored)("[relation-set/file] takes %s from a file", async ([, stdin, databag]) => {
    expect(await set(stdin)).toEqual({ result: answer(""), databag });
  });

  test.for(asWritten)(
    "[relation-set/as-written] stores %s as they were written",
    async ([, stdin, databag]) => {
      expect(await set(stdin)).toEqual({ result: answer(""), databag });
    },
  );

  test.for(deleted)("[relation-set/delete] takes %s for the end of a key", async ([, stdin, databag]) => {
    expect(await set(stdin)).toEqual({ result: answer(""), databag });
  });

  test.for(characters)("[relation-set/characters] keeps %s", async ([, stdin, databag]) => {
    expect(await set(stdin)).toEqual({ result: answer(""), databag });
  });

  test.for(notText)("[relation-set/not-text] refuses %s", async ([, stdin, message]) => {
    expect(await set(stdin)).toEqual({ result: refusal(1, message), databag: { old: "1" } });
  });

  test.for(unreadable)("[relation-set/unreadable] refuses %s", async ([, stdin, message]) => {
    expect(await set(stdin)).toEqual({ result: refusal(1, message), databag: { old: "1" } });
  });

  test("[relation-set/unreadable] refuses what is no YAML", async () => {
    const { result, databag } = await set('{"a":');
    expect(result).toMatchObject({ code: 1, stdout: "", stderr: expect.stringMatching(/^ERROR yaml: /u) });
    expect(databag).toEqual({ old: "1" });
  });

  test("[relation-set/long-key] refuses a key beyond 1,024 bytes in a file", async () => {
    expect(await set(`{"${"k".repeat(1_024)}":"v"}`)).toMatchObject({ result: { code: 1 } });
    const fits = "k".repeat(1_000);
    expect(await set(`{"${fits}":"v"}`)).toEqual({ result: answer(""), databag: { old: "1", [fits]: "v" } });
  });

  test("[relation-set/arguments-over-file] arguments take the place of what the file says", async () => {
    expect(await set('{"a":"file","b":"file"}', "a=argument", "c==x=y")).toEqual({
      result: answer(""),
      databag: { old: "1", a: "argument", b: "file", c: "=x=y" },
    });
  });

  test("[relation-set/pairs] arguments that are no pairs, or say a thing twice, are refused", async () => {
    const cases: readonly Case[] = [
      [tool`relation-set -r ${cluster} haha`, refusal(2, 'expected "key=value", got "haha"')],
      [tool`relation-set -r ${cluster} =haha`, refusal(2, 'expected "key=value", got "=haha"')],
      [tool`relation-set -r ${cluster} a=1 a=2`, refusal(2, 'key "a" specified more than once')],
    ];
    expect(await probe.answers("alpha/0", cases)).toEqual(cases);
  });

  test("[relation-set/nothing] no pair at all changes nothing and is no failure", async () => {
    const before = probe.juju.databag(cluster, "alpha/0");
    expect(await probe.run("alpha/0", tool`relation-set -r ${cluster}`)).toEqual([answer("")]);
    expect(probe.juju.databag(cluster, "alpha/0")).toEqual(before);
  });

  test("[relation-set/set-and-delete] a key set and emptied in one hook is gone", async () => {
    await probe.juju.writeDatabag(cluster, "alpha", { kept: "1", emptied: "1" });
    const [, , shown] = await probe.run(
      "alpha/0",
      tool`relation-set -r ${cluster} --app emptied=2`,
      tool`relation-set -r ${cluster} --app emptied=`,
      tool`relation-get -r ${cluster} --app emptied alpha --format=json`,
    );
    expect(shown).toEqual(answer("null\n"));
    expect(probe.juju.databag(cluster, "alpha")).toMatchObject({ kept: "1" });
    expect(probe.juju.databag(cluster, "alpha")).not.toHaveProperty("emptied");
  });

  test("[relation-set/format] --format is taken, with a word on it", async () => {
    expect(await probe.run("alpha/0", tool`relation-set -r ${cluster} --format=json a=1`)).toEqual([
      { code: 0, stdout: "", stderr: '--format flag deprecated for command "relation-set"' },
    ]);
  });
});
