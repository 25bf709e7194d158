/**
 * What the interface is called.
 *
 * @module
 */

/** The name of the interface, as charms declare it. */
export const interfaceName = "database_backup";

/** The name that most charms give to an endpoint of the interface. */
export const usualEndpoint: RegExp = /database[-_]?backup/i;
