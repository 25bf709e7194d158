import type { PostgresqlOptions } from "juju-database-backup/postgresql";

/** Turns the charm's configuration into the executor's options. */
export function postgresqlOptions(
  config: Readonly<Record<string, string | number | boolean>>,
): PostgresqlOptions {
  const text = (name: string): string => String(config[name] ?? "");
  const stanza = text("stanza");
  const configDirectory = text("patroni-config");
  const tlsDirectory = text("tls-directory");
  return {
    ...(stanza === "" ? {} : { stanza }),
    allowRestore: config["allow-restore"] !== false,
    patroni: {
      configDirectory,
      restUrl: text("patroni-rest-url"),
      scope: text("patroni-scope"),
      ...(text("patroni-member") === "" ? {} : { member: text("patroni-member") }),
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
    pgbackrest: { timeLimits: { outageMs: Number(config["storage-outage-limit"]) * 1000 } },
    ...(text("tls-address") === ""
      ? {}
      : {
          tls: {
            keyFile: `${tlsDirectory}/key.pem`,
            certificateFile: `${tlsDirectory}/certificate.pem`,
            caFile: `${tlsDirectory}/ca.pem`,
            address: text("tls-address"),
            port: Number(config["tls-port"]),
            service:
              text("tls-unit") === "" ? { kind: "process" } : { kind: "systemd", unit: text("tls-unit") },
          },
        }),
  };
}
