import { expect, test } from "vitest";
import { runWith } from "./command-run.ts";

test("without a verb it says what there is, as a mistake", async () => {
  const { code, out, err } = await runWith([]);
  expect({ code, out }).toEqual({ code: 2, out: [] });
  expect(err.join("\n")).toContain("  validate ");
});

test("with --help it says what there is", async () => {
  expect(await runWith(["--help"])).toMatchObject({
    code: 0,
    out: [expect.stringContaining("validate")],
    err: [],
  });
  expect(await runWith(["-h"])).toMatchObject({ code: 0 });
  expect(await runWith(["validate", "--help"])).toMatchObject({
    code: 0,
    out: [expect.stringContaining("--side")],
  });
});

test.each([
  ["a verb that there is not", ["repair"], /^There is no verb "repair"\. The verbs are: validate/],
  ["an option that there is not", ["--verbose"], /^Unknown option '--verbose'\. Run/],
  ["an option that the verb has not", ["validate", "--fix=canary"], /^Unknown option '--fix'\. Run/],
  ["an option without its value", ["validate", "--side"], /^Option '--side <value>' argument missing\. Run/],
  [
    "a side that there is not",
    ["validate", "--side", "peer"],
    /^--side is "peer"\. Give one of provider and/,
  ],
  [
    "a format that there is not",
    ["validate", "--format", "xml"],
    /^--format is "xml"\. Give one of text, json/,
  ],
])("it refuses %s", async (_, args, message) => {
  const { code, out, err } = await runWith(args);
  expect({ code, out }).toEqual({ code: 2, out: [] });
  expect(err).toEqual([expect.stringMatching(message)]);
  expect(err[0]).not.toContain("canary");
});
