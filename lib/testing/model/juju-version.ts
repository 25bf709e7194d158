/**
 * Which versions of Juju are simulated.
 *
 * @module
 */
import { ConfigurationError } from "../../errors.ts";

/** The version that charms are told unless something else is asked for. */
const standardVersion = "3.6.11";

/** Checks a version. @throws ConfigurationError where it is none of Juju 3 or 4. */
export function simulatedVersion(version: string = standardVersion): string {
  if (/^[34](?:\.[0-9]+)+$/u.test(version)) return version;
  throw new ConfigurationError(`"${version}" is no version of Juju that is simulated`, {
    remedy: `Write a version of Juju 3 or 4, for example ${standardVersion}.`,
  });
}
