/**
 * The options of an executor for one of the test servers' nodes.
 */
import type { PostgresqlOptions } from "../../provider/postgresql/index.ts";
import type { Servers } from "../servers/servers.ts";

/** What every executor of a node is told. */
export function optionsOfNode({ patroni, postgresql }: Servers["nodes"][number]): PostgresqlOptions {
  return {
    stanza: "test.postgresql",
    patroni: {
      configDirectory: patroni.configDirectory,
      restUrl: patroni.restUrl,
      scope: patroni.scope,
      service: {
        kind: "process",
        pidFile: patroni.pidFile,
        argv: patroni.startArgv,
        logFile: patroni.logFile,
        user: patroni.user.name,
      },
    },
    postgresql: {
      dataDirectory: postgresql.dataDirectory,
      binDirectory: postgresql.binDirectory,
      socketDirectory: postgresql.socketDirectory,
      port: postgresql.port,
      user: patroni.user.name,
    },
  };
}
