import { fc } from "@fast-check/vitest";
import { describe, expect, test } from "vitest";
import { findJsonFault } from "../../lib/wire/json-fault.ts";

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

const pieces = fc.constantFrom(
  ...Array.from("[]{}:,\"'\\ \n-01.eE"),
  "null",
  "true",
  '"a"',
  '"\\u0041"',
  "1.5e3",
  "tru",
  "\u0001",
);

describe("findJsonFault", () => {
  test.each([
    ["", 1, 1, "it holds no value"],
    ["[1,]", 1, 3, "a comma stands before ]"],
    ["[1,\n  ]", 1, 3, "a comma stands before ]"],
    ['{"a": 1,}', 1, 8, "a comma stands before }"],
    ["[1 2]", 1, 4, "a comma is missing before this place"],
    ['{"a": true\n "b": 1}', 2, 2, "a comma is missing before this place"],
    ["[,]", 1, 2, "a value or ] was expected, but , stands here"],
    ["[1,,2]", 1, 4, "a value was expected, but , stands here"],
    ["{a: 1}", 1, 2, "a name in double quotes or } was expected, but something else stands here"],
    ['{"a" 1}', 1, 6, "a colon was expected, but something else stands here"],
    ['{"a":}', 1, 6, "a value was expected, but } stands here"],
    ["[1}", 1, 3, "a comma or the end was expected, but } stands here"],
    ["[True]", 1, 2, "a value or ] was expected, but something else stands here"],
    ["[01]", 1, 2, "a value or ] was expected, but something else stands here"],
    ["['a']", 1, 2, "a single quote stands here"],
    ['["a]', 1, 2, "a string here has no end, or holds a control character or an unknown escape"],
    ["[] []", 1, 4, "something follows after its end"],
    ["[[1]", 1, 5, "it ends before [ is closed"],
  ])("%j", (json, line, column, cause) => {
    expect(findJsonFault(json)).toMatchObject({ line, column, cause });
  });

  test("finds nothing in JSON", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(findJsonFault(JSON.stringify(value, null, 1))).toBeUndefined();
      }),
    );
  });

  test("finds a fault exactly where JSON.parse does", () => {
    fc.assert(
      fc.property(
        fc.array(pieces, { maxLength: 12 }).map((parts) => parts.join("")),
        (text) => {
          expect(findJsonFault(text) === undefined).toBe(isJson(text));
        },
      ),
      { numRuns: 5000 },
    );
  });

  test("stands deep nesting and long texts", () => {
    expect(findJsonFault("[".repeat(1_000_000))).toMatchObject({ column: 1_000_001 });
    expect(findJsonFault(`["${"x".repeat(20_000_000)}`)).toMatchObject({ column: 2 });
  });
});
