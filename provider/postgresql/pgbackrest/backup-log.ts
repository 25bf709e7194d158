/**
 * Reads pgBackRest's log while it is written. Pure.
 *
 * pgBackRest reports no progress, but at level `detail` it says for each file how far it is with all of them.
 *
 * @module
 */

/** What a line of the log says. */
export type LogEvent =
  | { readonly kind: "copied"; readonly percent: number }
  /** Everything is copied; now the last WAL is awaited. */
  | { readonly kind: "copying-done" }
  | { readonly kind: "label"; readonly label: string }
  | { readonly kind: "message"; readonly text: string }
  /** A line about a file, of which there are as many as there are files. */
  | { readonly kind: "detail" };

/** Reads a line of the log of a backup or a restore. */
export function parseLogLine(line: string): LogEvent {
  const match =
    /^(?:\d{4}-\d{2}-\d{2} [\d:.]+ )?P\d+\s+(DETAIL|INFO|WARN|ERROR|HINT|DEBUG|TRACE):\s(.*)$/.exec(line);
  if (match === null)
    return /^-*(?:PROCESS START-+)?$/.test(line.trim())
      ? { kind: "detail" }
      : { kind: "message", text: line.trimEnd() };
  const [, level = "", text = ""] = match;
  if (level === "DETAIL") {
    const percent = /^(?:backup|restore) (?:zeroed )?file .*[(,] ?(\d+(?:\.\d+)?)%\)/.exec(text)?.[1];
    return percent === undefined ? { kind: "detail" } : { kind: "copied", percent: Number(percent) };
  }
  if (level === "DEBUG" || level === "TRACE") return { kind: "detail" };
  const label = /^new backup label = (\d{8}-\d{6}F(?:_\d{8}-\d{6}[DI])?)$/.exec(text)?.[1];
  if (label !== undefined) return { kind: "label", label };
  if (/^execute (?:non-)?exclusive (?:pg_stop_backup\(\)|backup stop)/.test(text))
    return { kind: "copying-done" };
  return { kind: "message", text: `${level === "INFO" ? "" : `${level}: `}${text}` };
}
