/**
 * How much a unit may keep and write: what is beyond is refused.
 *
 * @module
 * @see https://documentation.ubuntu.com/juju/3.6/reference/hook-command/list-of-hook-commands/state-set/
 */
import { CommitRefused } from "./commit-refused.ts";

/** How many bytes a key and a value of `state-set` may have. */
export const stateLimits: { readonly keyBytes: number; readonly valueBytes: number } = {
  keyBytes: 256,
  valueBytes: 64 * 1024,
};

/** How many bytes all that a unit keeps with `state-set` may have. */
const wholeStateBytes = 2 * 1024 * 1024;
/** How many bytes the databag of a unit or an application in one relation may have. */
const databagBytes = 16 * 1024 * 1024;

/** Checks what a unit keeps with `state-set`. @throws CommitRefused */
export function requireStateFits(state: Readonly<Record<string, string>>): void {
  requireFits(state, wholeStateBytes);
}

/** Checks a databag as it would be after a commit. @throws CommitRefused */
export function requireDatabagFits(databag: Readonly<Record<string, string>>): void {
  requireFits(databag, databagBytes);
}

function requireFits(map: Readonly<Record<string, string>>, limit: number): void {
  let bytes = 0;
  for (const [key, value] of Object.entries(map)) bytes += Buffer.byteLength(key) + Buffer.byteLength(value);
  if (bytes > limit) throw new CommitRefused(`max allowed size (${limit}) exceeded`);
}
