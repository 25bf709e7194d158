/**
 * How often the owner of a secret is told to rotate it.
 *
 * @module
 * @see https://documentation.ubuntu.com/juju/3.6/reference/secret/
 */

/** The policies that `--rotate` takes. */
export const rotatePolicies = [
  "never",
  "hourly",
  "daily",
  "weekly",
  "monthly",
  "quarterly",
  "yearly",
] as const;

/** How often a secret is rotated. */
export type RotatePolicy = (typeof rotatePolicies)[number];

/** How long Juju waits before it asks again where the owner did nothing about a rotation or an expiry. */
export const askAgainMs = 300_000;

const periods: Readonly<
  Record<
    Exclude<RotatePolicy, "never">,
    { readonly hours?: number; readonly days?: number; readonly months?: number }
  >
> = {
  hourly: { hours: 1 },
  daily: { days: 1 },
  weekly: { days: 7 },
  monthly: { months: 1 },
  quarterly: { months: 3 },
  yearly: { months: 12 },
};

/** When the next rotation is due, counted from the last; nothing where there is none. */
export function nextRotation(policy: RotatePolicy, last: Date): Date | undefined {
  if (policy === "never") return undefined;
  const { hours = 0, days = 0, months = 0 } = periods[policy];
  const next = new Date(last);
  next.setUTCHours(next.getUTCHours() + hours);
  next.setUTCDate(next.getUTCDate() + days);
  next.setUTCMonth(next.getUTCMonth() + months);
  return next;
}
