import { fc, test as property } from "@fast-check/vitest";
import { expect, test } from "vitest";
import { BoundedLines } from "../../lib/process/bounded-lines.ts";

function linesOf(chunks: readonly string[], limit: number): readonly string[] {
  const lines: string[] = [];
  const reader = new BoundedLines(limit, (line) => lines.push(line));
  for (const chunk of chunks) reader.add(Buffer.from(chunk));
  reader.end();
  return lines;
}

property.prop([
  fc.array(fc.string({ unit: fc.constantFrom("a", "b", "\n") })),
  fc.integer({ min: 1, max: 8 }),
])("a text comes out as its lines, each cut at the limit, however it is chopped up", (chunks, limit) => {
  const expected = chunks.join("").split("\n");
  if (expected.at(-1) === "") expected.pop();
  expect(linesOf(chunks, limit)).toEqual(expected.map((line) => line.slice(0, limit)));
});

test("a line's end may be that of another system", () => {
  expect(linesOf(["a\r", "\nb"], 9)).toEqual(["a", "b"]);
});
