/**
 * The log of a model. Of a very long one the end is kept.
 *
 * @module
 */
import type { LogLine } from "./log-line.ts";

const keptLines = 100_000;
const toldLines = 15;

/** The log of a model. */
export class ModelLog {
  readonly #lines: LogLine[] = [];
  readonly #onLine: ((line: LogLine) => void) | undefined;

  /** @param onLine Called with each line as it comes. */
  constructor(onLine: ((line: LogLine) => void) | undefined) {
    this.#onLine = onLine;
  }

  /** Adds a line. */
  add(line: LogLine): void {
    this.#lines.push(line);
    if (this.#lines.length > 2 * keptLines) this.#lines.splice(0, this.#lines.length - keptLines);
    this.#onLine?.(line);
  }

  /** All lines, oldest first. */
  all(): readonly LogLine[] {
    return [...this.#lines];
  }

  /** What a unit's charm said last on its standard error. */
  lastWarnings(unit: string): readonly string[] {
    const warnings = this.#lines.filter((line) => line.unit === unit && line.level === "WARNING");
    return warnings.slice(-toldLines).map(({ message }) => message);
  }
}
