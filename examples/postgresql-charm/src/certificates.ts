import { hostname } from "node:os";
import type { Dispatch, Juju, UnitStatus } from "juju-database-backup/juju";
import type { PostgresqlOptions } from "juju-database-backup/postgresql";
import type { Provider } from "juju-database-backup/provider";

const endpoint = "certificates";

/** The name by which the other units reach this one; the empty text where there is no TLS. */
export async function tlsAddress(
  juju: Juju,
  config: Readonly<Record<string, string | number | boolean>>,
): Promise<string> {
  const configured = String(config["tls-address"] ?? "");
  if (configured !== "") return configured;
  return (await juju.relationIds(endpoint)).length > 0 ? hostname() : "";
}

/** Keeps the unit's certificate as the provider of certificates wants it. Without TLS, nothing of it is loaded. */
export async function certify(
  { juju, event }: Pick<Dispatch, "juju" | "event">,
  { executorEnvironment }: Provider,
  options: PostgresqlOptions,
): Promise<UnitStatus | undefined> {
  if (options.tls === undefined) return undefined;
  const { obtainMemberCertificate } = await import("juju-database-backup/postgresql");
  return await obtainMemberCertificate(options, executorEnvironment, { juju, event, endpoint });
}
