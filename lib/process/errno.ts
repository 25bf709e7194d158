/**
 * The code of a system error.
 *
 * @module
 */

/** The code of a system error, for example `ENOENT`; undefined for anything else that was thrown. */
export function errnoOf(thrown: unknown): string | undefined {
  if (!(thrown instanceof Error) || !("code" in thrown)) return undefined;
  return typeof thrown.code === "string" ? thrown.code : undefined;
}
