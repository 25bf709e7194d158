/**
 * The demonstration's model: a PostgreSQL charm, a backup manager, and the storage, deployed and related as an admin
 * would.
 *
 * @module
 */
import { join } from "node:path";
import { SimulatedJuju, type SimulatedJujuOptions } from "juju-database-backup/testing";
import type { Servers } from "../../test/servers/servers.ts";

/** Where the backups go. */
export const bucket = "backups";
/** The unit whose actions the admin runs. */
export const manager = "backup-manager/0";

/**
 * Deploys everything on running servers.
 *
 * @param options How the model differs from one with Juju's defaults.
 * @param charmFolder Gives another folder for a charm. Default: its own.
 */
export async function deployModel(
  servers: Servers,
  options: SimulatedJujuOptions = {},
  charmFolder: (charm: string) => Promise<string> = async (charm) => charm,
): Promise<{ juju: SimulatedJuju; relation: number }> {
  const juju = await SimulatedJuju.start({ directory: join(servers.directory, "juju"), ...options });
  await juju.deploy({
    charm: await charmFolder("examples/postgresql-charm"),
    application: "postgresql",
    config: postgresqlConfig(servers),
  });
  await juju.deploy({
    charm: await charmFolder("examples/backup-manager-charm"),
    application: "backup-manager",
  });
  await juju.deploy({
    charm: await charmFolder("examples/demo/s3-integrator"),
    application: "s3-integrator",
    config: {
      bucket,
      path: "/demo",
      endpoint: servers.s3.endpoint,
      region: servers.s3.region,
      "s3-uri-style": "path",
      "tls-ca-chain": JSON.stringify([servers.s3.caPem]),
      "access-key": servers.s3.users.admin.accessKey,
      "secret-key": servers.s3.users.admin.secretKey,
    },
  });
  await juju.integrate("backup-manager:s3-parameters", "s3-integrator:s3-credentials");
  const relation = await juju.integrate("backup-manager:database-backup", "postgresql:database-backup");
  return { juju, relation };
}

/** The configuration of a PostgreSQL charm that takes care of the first server. */
export function postgresqlConfig(servers: Servers): Readonly<Record<string, string | number>> {
  const [node] = servers.nodes;
  if (node === undefined) throw new Error("There is no PostgreSQL server to take care of.");
  return {
    "patroni-config": node.patroni.configDirectory,
    "patroni-scope": node.patroni.scope,
    "patroni-member": node.name,
    "patroni-rest-url": node.patroni.restUrl,
    "patroni-unit": "",
    "patroni-pid-file": node.patroni.pidFile,
    "patroni-log-file": node.patroni.logFile,
    "data-directory": node.postgresql.dataDirectory,
    "bin-directory": node.postgresql.binDirectory,
    "socket-directory": node.postgresql.socketDirectory,
    port: node.postgresql.port,
    "state-directory": join(servers.directory, "state"),
  };
}
