/**
 * The PostgreSQL executor module: name it by URL in the provider's options.
 *
 * @module
 */
import type { Executor, ExecutorEnvironment } from "../../lib/executor.ts";
import { ConfigurationError } from "../../lib/errors.ts";
import { PostgresqlExecutor } from "./executor.ts";
import { settingsOf, type PostgresqlOptions } from "./options.ts";

export type { PatroniServiceOptions, PostgresqlOptions } from "./options.ts";

/**
 * Makes the PostgreSQL executor.
 *
 * @throws ConfigurationError where the stanza's name cannot be one.
 * @example
 * ```ts
 * const executor = createExecutor(
 *   {
 *     patroni: {
 *       configDirectory: "/etc/patroni",
 *       restUrl: "http://127.0.0.1:8008",
 *       scope: "postgresql",
 *       service: { kind: "systemd", unit: "patroni.service" },
 *     },
 *     postgresql: {
 *       dataDirectory: "/var/lib/postgresql/15/main",
 *       binDirectory: "/usr/lib/postgresql/15/bin",
 *       socketDirectory: "/var/run/postgresql",
 *       port: 5432,
 *     },
 *   },
 *   environment,
 * );
 * ```
 */
export function createExecutor(options: PostgresqlOptions, environment: ExecutorEnvironment): Executor {
  const settings = settingsOf(options, environment);
  if (!/^[\w][\w.-]*$/.test(settings.stanza))
    throw new ConfigurationError(`"${settings.stanza}" cannot be the name of a pgBackRest stanza.`, {
      remedy: "Set the option stanza to a name of letters, digits, dots, hyphens and underscores.",
    });
  return new PostgresqlExecutor(settings);
}
