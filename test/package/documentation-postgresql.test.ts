import { expect, test } from "vitest";
import { repositoryTable } from "../../provider/postgresql/listing/repository-table.ts";
import { entries } from "../unit/repository-contents.ts";
import { comparable, shownOutput } from "./shown-output.ts";

const page = "docs/reference/postgresql.md";

test("the reference shows the table of a repository as it is printed", () => {
  const listed = entries(["20260110-090000F_20260110-130000D", "20260110-140000F"], true);
  const output = repositoryTable(listed, { bucket: "my-bucket", path: "/pg" });
  expect(shownOutput(page, "repository", output)).toBe(comparable(output));
});
