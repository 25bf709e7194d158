/**
 * Moments: RFC 3339 in, microseconds since 1970 within, PostgreSQL's form out. Everything is UTC.
 *
 * @module
 */

/** A moment in microseconds since 1970. */
export type Moment = number;

/** What a text says as a moment. */
export type ParsedMoment =
  | { readonly kind: "moment"; readonly moment: Moment }
  /** It lacks an offset. What it would be in UTC. */
  | { readonly kind: "no-offset"; readonly asUtc: Moment }
  | { readonly kind: "invalid" };

const form =
  /^(\d{4})-(\d{2})-(\d{2})[Tt ](\d{2}):(\d{2}):(\d{2})(?:\.(\d{1,9}))?(?:([Zz])|([+-])(\d{2}):(\d{2}))?$/;

/** Reads an RFC 3339 time. Digits beyond microseconds, which PostgreSQL does not know, are dropped. */
export function parseMoment(text: string): ParsedMoment {
  const match = form.exec(text.trim());
  if (match === null) return { kind: "invalid" };
  const [year, month, day] = [Number(match[1]), Number(match[2]), Number(match[3])];
  const [hour, minute, second] = [Number(match[4]), Number(match[5]), Number(match[6])];
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  date.setUTCHours(hour, minute, second);
  // A date that does not exist, such as 30 February, has become another one.
  const stays =
    date.getUTCFullYear() === year &&
    date.getUTCMonth() === month - 1 &&
    date.getUTCDate() === day &&
    date.getUTCHours() === hour &&
    date.getUTCMinutes() === minute &&
    date.getUTCSeconds() === second;
  if (!stays) return { kind: "invalid" };
  const micros = Number((match[7] ?? "").padEnd(6, "0").slice(0, 6));
  const asUtc = date.getTime() * 1000 + micros;
  if (match[8] !== undefined) return { kind: "moment", moment: asUtc };
  if (match[9] === undefined) return { kind: "no-offset", asUtc };
  const offsetHours = Number(match[10]);
  const offsetMinutes = Number(match[11]);
  if (offsetHours > 23 || offsetMinutes > 59) return { kind: "invalid" };
  const offset = (offsetHours * 60 + offsetMinutes) * 60_000_000;
  return { kind: "moment", moment: match[9] === "+" ? asUtc - offset : asUtc + offset };
}

/** Writes a moment as PostgreSQL's recovery target wants it, with all its microseconds. */
export function postgresqlTime(moment: Moment): string {
  const seconds = Math.floor(moment / 1_000_000);
  const micros = moment - seconds * 1_000_000;
  const text = new Date(seconds * 1000).toISOString().replace("T", " ").slice(0, 19);
  return `${text}.${String(micros).padStart(6, "0")}+00`;
}

/** Writes a moment as RFC 3339 in UTC, with a fraction only where there is one. */
export function rfc3339(moment: Moment): string {
  const seconds = Math.floor(moment / 1_000_000);
  const micros = moment - seconds * 1_000_000;
  const fraction = micros === 0 ? "" : `.${String(micros).padStart(6, "0").replace(/0+$/, "")}`;
  return `${new Date(seconds * 1000).toISOString().slice(0, 19)}${fraction}Z`;
}

/** Writes seconds since 1970 as RFC 3339 in UTC. */
export function rfc3339OfSeconds(seconds: number): string {
  return rfc3339(seconds * 1_000_000);
}
