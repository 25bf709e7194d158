/**
 * Whether the installed pgBackRest can do what is asked of it. Pure.
 *
 * @module
 */
import {
  describeVersion,
  missingFeatures,
  neededVersion,
  type Version,
} from "../pgbackrest/pgbackrest-version.ts";
import { fails, passed, type Outcome } from "./checks.ts";

/** Decides on the version that is installed; one that is not known is left to show itself. */
export function decideVersion(version: Version | undefined): Outcome {
  const missing = version === undefined ? [] : missingFeatures(version);
  if (version === undefined || missing.length === 0) return passed;
  return fails(
    "pgbackrest-too-old",
    `pgBackRest ${describeVersion(version)} is installed, which does not have ${missing.join(", ")}.`,
    `Install pgBackRest ${describeVersion(neededVersion())} or newer, or set the option pgbackrest.program to one.`,
  );
}
