/**
 * What pgBackRest is told so that one member of a cluster works on another over TLS. Pure.
 *
 * @module
 * @see https://pgbackrest.org/configuration.html#section-server
 */
import type { MemberRecord } from "../cluster/member-record.ts";
import type { Settings } from "../options.ts";

/** Who may work here: the common names of the other members' certificates. */
export interface ServedClients {
  readonly commonNames: readonly string[];
}

/**
 * Renders the configuration of the TLS server. Others work here by it, too: it names the database, and no repository,
 * so that no key is in it.
 *
 * @throws TypeError where the options have no TLS.
 */
export function renderServerConfig(settings: Settings, { commonNames }: ServedClients): string {
  const { tls, stanza, postgresql, files } = settings;
  if (tls === undefined) throw new TypeError("there is no TLS server without the option tls");
  const lines = [
    "[global]",
    `tls-server-address=${tls.listenAddress}`,
    `tls-server-port=${tls.port}`,
    `tls-server-key-file=${tls.keyFile}`,
    `tls-server-cert-file=${tls.certificateFile}`,
    `tls-server-ca-file=${tls.caFile}`,
    ...[...new Set(commonNames)].toSorted().map((name) => `tls-server-auth=${name}=${stanza}`),
    "log-level-console=warn",
    "log-level-file=info",
    `log-path=${files.pgbackrest}/log`,
    `lock-path=${files.pgbackrest}/lock`,
    `spool-path=${files.pgbackrest}/spool`,
    "",
    `[${stanza}]`,
    `pg1-path=${postgresql.dataDirectory}`,
    `pg1-port=${postgresql.port}`,
    `pg1-socket-path=${postgresql.socketDirectory}`,
    `pg1-user=${postgresql.user}`,
  ];
  return `${lines.join("\n")}\n`;
}

/**
 * The arguments that let a command reach the primary from a replica.
 *
 * The primary alone is named, and on the command line: pgBackRest asks every host that its configuration names, and waits
 * for minutes for one that is dead, though it needs none but the primary.
 */
export function primaryArguments(settings: Settings, primary: MemberRecord): readonly string[] {
  const { tls } = settings;
  if (tls === undefined || primary.tls === undefined) return [];
  const host = {
    host: primary.tls.address,
    "host-type": "tls",
    "host-port": primary.tls.port,
    "host-key-file": tls.keyFile,
    "host-cert-file": tls.certificateFile,
    "host-ca-file": tls.caFile,
    "host-config": primary.configFile,
    path: primary.dataDirectory,
    port: primary.port,
    "socket-path": primary.socketDirectory,
    user: primary.user,
  };
  return Object.entries(host).map(([option, value]) => `--pg2-${option}=${value}`);
}
