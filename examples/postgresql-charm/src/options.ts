import type { PostgresqlOptions } from "juju-database-backup/postgresql";

/**
 * Turns the charm's configuration into the executor's options.
 *
 * @param tlsAddress The name by which the other units reach this one; the empty text where there is no TLS.
 */
export function postgresqlOptions(
  config: Readonly<Record<string, string | number | boolean>>,
  tlsAddress: string,
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
      ...synchronousReplicas(text("synchronous-node-count")),
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
    ...(tlsAddress === ""
      ? {}
      : {
          tls: {
            keyFile: `${tlsDirectory}/key.pem`,
            certificateFile: `${tlsDirectory}/certificate.pem`,
            caFile: `${tlsDirectory}/ca.pem`,
            address: tlsAddress,
            port: Number(config["tls-port"]),
            service:
              text("tls-unit") === "" ? { kind: "process" } : { kind: "systemd", unit: text("tls-unit") },
          },
        }),
  };
}

function synchronousReplicas(wish: string): Pick<PostgresqlOptions["patroni"], "synchronousReplicas"> {
  if (wish === "all" || wish === "majority") return { synchronousReplicas: wish };
  return /^[1-9]\d{0,3}$/.test(wish) ? { synchronousReplicas: Number(wish) } : {};
}
