import type { PostgresqlOptions } from "juju-database-backup/postgresql";

/** Turns the charm's configuration into the executor's options. */
export function postgresqlOptions(
  config: Readonly<Record<string, string | number | boolean>>,
): PostgresqlOptions {
  const text = (name: string): string => String(config[name] ?? "");
  const stanza = text("stanza");
  const configDirectory = text("patroni-config");
  return {
    ...(stanza === "" ? {} : { stanza }),
    allowRestore: config["allow-restore"] !== false,
    patroni: {
      configDirectory,
      restUrl: text("patroni-rest-url"),
      scope: text("patroni-scope"),
      service:
        text("patroni-unit") === ""
          ? {
              kind: "process",
              pidFile: text("patroni-pid-file"),
              argv: ["patroni", configDirectory],
              logFile: text("patroni-log-file"),
              user: "postgres",
            }
          : { kind: "systemd", unit: text("patroni-unit") },
    },
    postgresql: {
      dataDirectory: text("data-directory"),
      binDirectory: text("bin-directory"),
      socketDirectory: text("socket-directory"),
      port: Number(config["port"]),
    },
  };
}
