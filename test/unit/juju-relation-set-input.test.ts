import { fc, test as property } from "@fast-check/vitest";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { relationSetInput } from "../../lib/juju/relation-set-input.ts";

/** Any text that JavaScript can hold, halves of characters included. */
const anyText = fc.string({
  unit: fc.integer({ min: 0, max: 0xffff }).map((unit) => String.fromCharCode(unit)),
});
/** Texts of the characters that YAML and JSON do not agree on. */
const nastyText = fc.string({
  unit: fc.constantFrom(
    ...Array.from(
      "\0\u0001\t\n\r \"\\/'#:-{}[],&*!|>%@`~\u007f\u0080\u0085\u009f\u00a0\u00ad\u2028\u2029\ufeff\ufffd\ufffe\uffff",
    ),
    "\ud800",
    "\udfff",
    "😀",
    "--- ",
    "... ",
    "<<",
  ),
});
const databags = fc.dictionary(fc.oneof(fc.string(), nastyText), fc.oneof(anyText, nastyText));

function wellFormed(changes: Readonly<Record<string, string>>): unknown {
  return Object.fromEntries(
    Object.entries(changes).map(([key, value]) => [key.toWellFormed(), value.toWellFormed()]),
  );
}

describe("what relation-set is given", () => {
  property.prop([databags])("is JSON of the same map", (changes) => {
    expect(JSON.parse(relationSetInput(changes))).toEqual(wellFormed(changes));
  });

  property.prop([databags])("holds nothing raw that Juju's YAML parser refuses or folds", (changes) => {
    const input = relationSetInput(changes);
    expect(input).not.toMatch(/\p{Cc}|[\u2028\u2029\ufffe\uffff]/u);
    expect(input.isWellFormed()).toBe(true);
    // An escape that is not itself escaped: of a surrogate, or of a slash.
    expect(input).not.toMatch(/(?<!\\)(?:\\\\)*\\(?:\/|u[dD][89a-fA-F])/);
  });

  property.prop([fc.dictionary(fc.stringMatching(/^[a-z][a-z0-9-]{0,20}$/), nastyText)])(
    "is YAML 1.1 of the same map",
    (changes) => {
      expect(parse(relationSetInput(changes), { version: "1.1", schema: "failsafe" })).toEqual(
        wellFormed(changes),
      );
    },
  );

  test("keeps emoji and other letters raw", () => {
    expect(relationSetInput({ jobs: "é 😀 漢" })).toBe('{"jobs":"é 😀 漢"}');
  });

  test.each([
    [String.raw`\u007f`, "\u007f"],
    [String.raw`\u0085`, "\u0085"],
    [String.raw`\u009f`, "\u009f"],
    [String.raw`\u2028`, "\u2028"],
    [String.raw`\u2029`, "\u2029"],
    [String.raw`\ufffe`, "\ufffe"],
    [String.raw`\uffff`, "\uffff"],
    ["\ufffd", "\ud83d"],
    ["\ufffd ", "\ude00 "],
  ])("writes %s for what it stands for", (written, character) => {
    expect(relationSetInput({ a: character })).toBe(`{"a":"${written}"}`);
  });

  test("can delete a key, and can change nothing", () => {
    expect(relationSetInput({ jobs: "" })).toBe('{"jobs":""}');
    expect(relationSetInput({})).toBe("{}");
  });

  test("treats keys as it treats values", () => {
    expect(relationSetInput({ ["a\u2028\ud800"]: "v" })).toBe(`{"a${String.raw`\u2028`}\ufffd":"v"}`);
  });
});
