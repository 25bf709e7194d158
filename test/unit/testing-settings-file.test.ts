import { fc, test as property } from "@fast-check/vitest";
import { describe, expect, test } from "vitest";
import { readSettingsFile, readYaml } from "../../lib/testing/hook-tools/settings-file.ts";

// What is read as JSON, because that is quick, is read as YAML with the same outcome.

function outcome(read: (text: string) => ReadonlyMap<string, string>, text: string): unknown {
  try {
    return Object.fromEntries(read(text));
  } catch (error) {
    return String(error);
  }
}

function expectAlike(text: string): void {
  expect(outcome(readSettingsFile, text)).toEqual(outcome(readYaml, text));
}

/** Characters that one of the two treats in a way of its own, among others. */
const character = fc.oneof(
  fc.constantFrom(...Array.from("\\\"/{}[]:,#&*!|>'%@`?- \t\n\r~<=0123456789eE._xuDd8aAnfN")),
  fc.constantFrom(
    "\u0000",
    "\u0007",
    "\u007f",
    "\u0085",
    "\u00a0",
    "\u2028",
    "\u2029",
    "\ufeff",
    "\ufffe",
    "\uffff",
    "\ud83d",
    "\ude00",
    "😀",
    "é",
  ),
  fc.string({ unit: "grapheme", minLength: 1, maxLength: 1 }),
);
const text = fc.array(character, { maxLength: 12 }).map((characters) => characters.join(""));
const key = fc.oneof(
  text,
  fc.constantFrom("__proto__", "<<", "1", "null", "yes", "", "constructor"),
  text.map((part) => part.repeat(90)),
);
const scalar = fc.oneof(text, fc.constantFrom(null, true, 1.5, 10));
const value = fc.oneof({ weight: 9, arbitrary: scalar }, fc.array(scalar), fc.dictionary(key, scalar));
const map = fc.oneof(fc.dictionary(key, text), fc.dictionary(key, value));

describe("a file of settings", () => {
  property.prop([map, fc.constantFrom(undefined, 1, "\t")])(
    "is read alike where it is JSON of any map",
    (settings, indent) => {
      expectAlike(JSON.stringify(settings, undefined, indent));
    },
  );

  property.prop([fc.dictionary(key, text)])("is read alike where Python wrote it", (settings) => {
    const escaped = JSON.stringify(settings).replaceAll(
      /[\u0080-\uffff]/gu,
      (found) => `\\u${found.charCodeAt(0).toString(16).padStart(4, "0")}`,
    );
    expectAlike(escaped.replaceAll('":"', '": "').replaceAll('","', '", "'));
  });

  property.prop([map, fc.nat(), fc.nat(6), text])(
    "is read alike where a part of it was replaced by anything",
    (settings, at, length, part) => {
      const json = JSON.stringify(settings);
      const start = at % json.length;
      expectAlike(json.slice(0, start) + part + json.slice(start + length));
    },
  );

  test("is read alike where keys are doubled or long, and where there are none", () => {
    for (const json of [
      '{"a":"1","a":"2"}',
      '{"a":"1","b":"2","a":""}',
      "{}",
      "{ }",
      "",
      "{",
      '{"a":"1"}}',
      '{"a":"1"} {"b":"2"}',
      '{"a":"1",}',
      String.raw`{"a":"\/"}`,
      String.raw`{"a":"\\/"}`,
      String.raw`{"a":"\u0000\u001f\u007f\ufffe\b\f"}`,
      ...[159, 160, 161, 1_021, 1_022, 1_023, 1_024].map((length) => `{"${"k".repeat(length)}":"1"}`),
      ...[159, 160, 161, 170].map((length) => `{"${String.raw`\u00e9`.repeat(length)}":"1"}`),
    ]) {
      expectAlike(json);
    }
    expect(readSettingsFile('{"a":"1","b":""}')).toEqual(
      new Map([
        ["a", "1"],
        ["b", ""],
      ]),
    );
  });
});
