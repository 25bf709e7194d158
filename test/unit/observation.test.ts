import { describe, expect, test } from "vitest";
import { parseObservation } from "../../lib/conformance/observation/observation.ts";

function parsed(content: unknown): ReturnType<typeof parseObservation> {
  return parseObservation(JSON.stringify(content), "conformance.json");
}

describe("the file that tells how a charm is observed", () => {
  test("has defaults for all that it leaves out", () => {
    expect(parsed({})).toMatchObject({
      config: {},
      readsInput: false,
      storageEndpoint: "s3-parameters",
      actions: { backup: { name: "create-backup" } },
    });
  });

  test("names the real program from where it lies", () => {
    const text = JSON.stringify({ "passes-on": "tools/real", storage: { path: "/x" }, "most-units": 1 });
    expect(parseObservation(text, "/charm/conformance.json")).toMatchObject({
      passesOn: "/charm/tools/real",
      storage: { path: "/x" },
      mostUnits: 1,
    });
    expect(parsed({}).mostUnits).toBe(Number.POSITIVE_INFINITY);
  });

  test("tells calls apart by their arguments", () => {
    const { backup, restore, others } = parsed({
      calls: {
        backup: { arguments: "--type=full", output: "{number}" },
        others: [{ arguments: "^info", output: "[]", "exit-code": 3 }],
      },
    });
    expect(backup.arguments.test("--type=full backup")).toBe(true);
    expect(restore.arguments.test("restore x")).toBe(true);
    expect(others).toMatchObject([{ output: "[]", exitCode: 3 }]);
  });

  test.each([
    ["no JSON", "{", /conformance\.json" is not JSON: at line 1/],
    ["a list", "[]", /it is a list; expected an object/],
    ["a name that it does not know", '{"programm": "x"}', /"programm" is not known/],
    [
      "a name below that it does not know",
      '{"calls": {"backup": {"argument": "x"}}}',
      /calls\.backup\."argument" is not known/,
    ],
    ["a program in a folder", '{"program": "../x"}', /program is "\.\.\/x"; expected the name of a program/],
    [
      "what is no expression",
      '{"calls": {"restore": {"arguments": "("}}}',
      /calls\.restore\.arguments is "\("/,
    ],
    ["a number for a text", '{"program": 7}', /program is a number; expected a string/],
    [
      "an object for a setting",
      '{"config": {"a": {}}}',
      /config is an object; expected an object of strings/,
    ],
  ])("is refused with %s", (_, text, message) => {
    expect(() => parseObservation(text, "conformance.json")).toThrow(message);
  });
});
