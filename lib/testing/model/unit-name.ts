/**
 * Names of units and applications.
 *
 * @module
 */

const application = "[a-z][a-z0-9]*(?:-[a-z0-9]*[a-z][a-z0-9]*)*";
const applicationPattern = new RegExp(`^${application}$`, "u");
const unitPattern = new RegExp(`^${application}/(?:0|[1-9][0-9]*)$`, "u");

/** Tells whether a text can name an application. */
export function isApplicationName(text: string): boolean {
  return applicationPattern.test(text);
}

/** Tells whether a text can name a unit. */
export function isUnitName(text: string): boolean {
  return unitPattern.test(text);
}

/** The application that a unit belongs to. */
export function applicationOf(unit: string): string {
  return unit.slice(0, unit.lastIndexOf("/"));
}

/** The number of a unit within its application. */
export function numberOf(unit: string): number {
  return Number(unit.slice(unit.lastIndexOf("/") + 1));
}

/** How Juju names a unit where a slash cannot stand: `unit-postgresql-0`. */
export function unitTag(unit: string): string {
  return `unit-${unit.replace("/", "-")}`;
}
