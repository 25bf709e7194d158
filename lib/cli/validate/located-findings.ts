/**
 * Findings of all databags of a text, and where they are in it.
 *
 * @module
 */
import { present } from "../../wire/optional.ts";
import { fieldPath } from "../../wire/received.ts";
import type { FoundDatabag } from "../databag/databag.ts";
import { maxRepeatedKeys, type Document, type Path, type Place, type Spot } from "../document/document.ts";
import { textPositions, type TextPosition } from "../document/text-position.ts";
import type { DatabagFinding, Findings } from "./findings.ts";
import type { Checked, FoundProblem } from "./found-problem.ts";
import { sections } from "./rules.ts";

/** A finding with its place in the whole text. */
interface Located {
  readonly finding: DatabagFinding;
  readonly place: Place;
  readonly databag: string | undefined;
}

/** Collects the findings of a text. */
export class LocatedFindings {
  readonly #findings: Findings;
  readonly #located: Located[] = [];

  constructor(findings: Findings) {
    this.#findings = findings;
  }

  /** Adds what is wrong with the text and in no databag: the place is that in the text. */
  add(finding: DatabagFinding): void {
    this.#located.push(...this.#listedBy(() => this.#findings.add(finding)).map((added) => locatedIn(added)));
  }

  /** Adds what a check finds in a databag, and the names that are repeated in its values. */
  async of(databag: FoundDatabag, check: (findings: Findings) => Promise<void>): Promise<void> {
    const before = this.#findings.listed.length;
    await check(this.#findings);
    const added = this.#findings.listed.slice(before);
    const { places, repeatedKeys } = databag.placesInText(added.map(({ place }) => place));
    const name = databag.base.length === 0 ? undefined : fieldPath("", databag.base);
    for (const [index, finding] of added.entries()) {
      this.#located.push({ finding, place: places[index] ?? { path: [], part: "value" }, databag: name });
    }
    for (const { path, offset } of repeatedKeys.slice(0, maxRepeatedKeys)) {
      const [key = ""] = path;
      const place: Place = { path: [...databag.base, key], part: "value", within: offset };
      const found = this.#listedBy(() => this.#findings.add(repeated(path)));
      this.#located.push(...found.map((finding) => ({ finding, place, databag: name })));
    }
  }

  #listedBy(add: () => void): readonly DatabagFinding[] {
    const before = this.#findings.listed.length;
    add();
    return this.#findings.listed.slice(before);
  }

  /** Tells where in the text everything is. */
  inText(text: string, document: Pick<Document, "look">): Checked {
    const { spots, repeatedKeys } = document.look(this.#located.map(({ place }) => place));
    const all: { readonly located: Located; readonly spot: Spot }[] = this.#located.map((located, index) => ({
      located,
      spot: spots[index] ?? { offset: 0, exact: false },
    }));
    for (const { path, offset } of repeatedKeys) {
      const found = this.#listedBy(() => this.#findings.add(repeated(path)));
      for (const finding of found) all.push({ located: locatedIn(finding), spot: { offset, exact: true } });
    }
    const ordered = all.toSorted((a, b) => a.spot.offset - b.spot.offset);
    const positions = textPositions(
      text,
      ordered.map(({ spot }) => spot.offset),
    );
    return {
      problems: ordered.map(({ located, spot }, index) => this.#problem(located, spot, positions[index])),
      counts: this.#findings.counts,
      unlisted: this.#findings.unlisted,
    };
  }

  #problem(
    { finding, place, databag }: Located,
    spot: Spot,
    position: TextPosition | undefined,
  ): FoundProblem {
    const { rule, field, message, expected, remedy, section, job, side } = finding;
    const { line = 1, column = 1 } = position ?? {};
    return present({
      rule,
      severity: this.#findings.severityOf(rule),
      line,
      column,
      offset: spot.exact ? undefined : place.within,
      databag,
      side,
      job,
      path: field,
      message,
      expected,
      remedy,
      section,
    });
  }
}

function locatedIn(finding: DatabagFinding): Located {
  return { finding, place: finding.place, databag: undefined };
}

function repeated(path: Path): DatabagFinding {
  const field = fieldPath("", path);
  return {
    rule: "repeated-key",
    place: { path, part: "key" },
    field,
    message: `${field} stands twice; readers differ in which of the two counts.`,
    expected: "each name once",
    remedy: "Remove one of the two.",
    section: sections.json,
  };
}
