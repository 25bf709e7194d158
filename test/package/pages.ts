/**
 * The pages of the documentation, taken apart: fenced blocks with the marker before them, links, headings and tables.
 *
 * @module
 */
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";

/** The folder of the repository. */
export const root: string = fileURLToPath(new URL("../..", import.meta.url));

/** A fenced block. */
export interface Block {
  /** The page, relative to the repository. */
  readonly page: string;
  /** Counted from 1. */
  readonly line: number;
  /** For example `ts`; empty where the fence names none. */
  readonly language: string;
  /** What the comment before the block says, for example `{ kind: "file", value: "charm/dispatch" }`. */
  readonly marker: { readonly kind: string; readonly value: string } | undefined;
  readonly text: string;
}

/** README.md and all pages below docs/, relative to the repository. */
export const pages: readonly string[] = [
  "README.md",
  ...readdirSync(join(root, "docs"), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".md"))
    .map((name) => join("docs", name))
    .toSorted(),
];

/** The text of a file of the repository. */
export function read(path: string): string {
  return readFileSync(join(root, path), "utf8");
}

const fence = /^```(\w*)\n(.*?)^```$/gms;

/** The fenced blocks of a page. */
export function blocksOf(page: string): readonly Block[] {
  const text = read(page);
  return [...text.matchAll(fence)].map((match) => {
    const before = text.slice(0, match.index);
    const marker = /<!-- ([\w-]+): (.+?) -->\s*$/.exec(before);
    return {
      page,
      line: before.split("\n").length,
      language: match[1] ?? "",
      marker: marker === null ? undefined : { kind: marker[1] ?? "", value: marker[2] ?? "" },
      text: match[2] ?? "",
    };
  });
}

/** The blocks of a page that are marked so, by the marker's value. */
export function marked(page: string, kind: string): ReadonlyMap<string, Block> {
  const found = blocksOf(page).filter(({ marker }) => marker?.kind === kind);
  return new Map(found.map((block) => [block.marker?.value ?? "", block]));
}

/** The targets of a page's links, but for those in code. */
export function linksOf(page: string): readonly string[] {
  const prose = read(page)
    .replaceAll(fence, "")
    .replaceAll(/`[^`]*`/g, "");
  return [...prose.matchAll(/\]\(([^)\s]+)\)/g)].map((match) => match[1] ?? "");
}

/** The file that a relative link of a page names, relative to the repository. */
export function targetOf(page: string, link: string): string {
  const [path = ""] = link.split("#");
  return relative(root, path === "" ? join(root, page) : resolve(root, dirname(page), path));
}

/** The anchors of a page's headings, as GitHub makes them. */
export function anchorsOf(page: string): readonly string[] {
  const prose = read(page).replaceAll(fence, "");
  return [...prose.matchAll(/^#+ (.+)$/gm)].map((match) =>
    (match[1] ?? "")
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, "")
      .replaceAll(" ", "-"),
  );
}

/** The cells of a table: the header first, blanks and code marks at their ends taken away. */
export type Table = readonly (readonly string[])[];

/** The table that follows a marker `<!-- table: name -->`. */
export function tableOf(page: string, name: string): Table {
  const marker = `<!-- table: ${name} -->`;
  const start = read(page).indexOf(marker);
  if (start < 0) throw new Error(`${page} has no ${marker}`);
  const lines = read(page)
    .slice(start + marker.length)
    .trimStart()
    .split("\n");
  const end = lines.findIndex((line) => !line.startsWith("|"));
  const [header = [], , ...rows] = lines.slice(0, end < 0 ? lines.length : end).map(cellsOf);
  return [header, ...rows];
}

function cellsOf(line: string): readonly string[] {
  return line
    .slice(1, line.lastIndexOf("|"))
    .split(/(?<!\\)\|/)
    .map((cell) => cell.trim().replaceAll("\\|", "|"));
}
