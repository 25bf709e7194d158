import type { Dispatch, Juju } from "juju-database-backup/juju";
import { keepClusterPasswords, type PostgresqlOptions } from "juju-database-backup/postgresql";
import type { Provider } from "juju-database-backup/provider";

const endpoint = "database-peers";
/** In the application's databag where the secret is, in a unit's which one it goes by. */
const key = "passwords-secret";
const label = "database-peers.passwords";

type Config = Readonly<Record<string, string | number | boolean>>;
type Passwords = Readonly<Record<"superuser-password" | "replication-password", string>>;

/** Has the cluster go by the passwords in the application's secret, which the leader makes and the other units read. */
export async function keepPasswords(
  { juju }: Dispatch,
  provider: Pick<Provider, "executorEnvironment">,
  options: PostgresqlOptions,
  config: Config,
): Promise<void> {
  const [relation] = await juju.relationIds(endpoint);
  if (relation === undefined || config["manage-passwords"] === false) return;
  const { [key]: known } = await juju.readApplicationDatabag(relation, juju.application);
  const isChosen =
    Boolean(config["superuser-password"] ?? "") || Boolean(config["replication-password"] ?? "");
  const isDue = known === undefined || isChosen;
  const uri = isDue && (await juju.isLeader()) ? await keepSecret(juju, relation, known, config) : known;
  const passwords = uri === undefined ? undefined : await juju.readSecret(uri);
  if (uri === undefined || passwords === undefined) return;
  const { "superuser-password": superuser = "", "replication-password": replication = "" } = passwords;
  const replicationUser = String(config["replication-user"]);
  const kept = await keepClusterPasswords(options, provider.executorEnvironment, {
    juju,
    superuser,
    replication,
    replicationUser,
  });
  // The others wait for the primary, and this wakes them.
  const own = await juju.readUnitDatabag(relation, juju.unit);
  if (kept && own[key] !== uri) await juju.writeUnitDatabag(relation, { [key]: uri });
}

/** The leader's part: makes the secret, and takes passwords of the configuration into it. */
async function keepSecret(
  juju: Juju,
  relation: string,
  known: string | undefined,
  config: Config,
): Promise<string> {
  const uri = known ?? (await juju.secretInfo(label))?.uri;
  const before = uri === undefined ? undefined : await juju.readSecret(uri);
  const wanted = (name: keyof Passwords): string =>
    String(config[name] ?? "") || (before?.[name] ?? password());
  const passwords: Passwords = {
    "superuser-password": wanted("superuser-password"),
    "replication-password": wanted("replication-password"),
  };
  if (uri === undefined) {
    const added = await juju.addSecret(label, passwords);
    await juju.writeApplicationDatabag(relation, { [key]: added });
    return added;
  }
  if (known !== uri) await juju.writeApplicationDatabag(relation, { [key]: uri });
  const isNew = Object.entries(passwords).some(([name, value]) => before?.[name] !== value);
  // A secret that cannot be read now is none to be written over.
  if (before !== undefined && isNew) await juju.updateSecret(uri, passwords);
  return uri;
}

/** A password that needs no quoting anywhere. */
export function password(): string {
  return Buffer.from(crypto.getRandomValues(new Uint8Array(24))).toString("hex");
}
