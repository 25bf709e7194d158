import type { Dispatch, Juju } from "juju-database-backup/juju";
import type { PostgresqlOptions } from "juju-database-backup/postgresql";
import type { Provider } from "juju-database-backup/provider";

const endpoint = "database-peers";
/** In the application's databag where the secret is and which of its contents counts, in a unit's which one it goes by. */
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
  const [{ [key]: known }, own] = await Promise.all([
    juju.readApplicationDatabag(relation, juju.application),
    juju.readUnitDatabag(relation, juju.unit),
  ]);
  const isChosen =
    textOf(config, "superuser-password") !== "" || textOf(config, "replication-password") !== "";
  const isDue = known === undefined || isChosen;
  const wanted = isDue && (await juju.isLeader()) ? await keepSecret(juju, relation, known, config) : known;
  if (wanted === undefined || own[key] === wanted) return;
  const passwords = await juju.readSecret(uriIn(wanted));
  if (passwords === undefined) return;
  const { "superuser-password": superuser = "", "replication-password": replication = "" } = passwords;
  const { keepClusterPasswords } = await import("juju-database-backup/postgresql");
  const isKept = await keepClusterPasswords(options, provider.executorEnvironment, {
    juju,
    superuser,
    replication,
    replicationUser: textOf(config, "replication-user"),
  });
  // The others wait for the primary, and this wakes them.
  if (isKept) await juju.writeUnitDatabag(relation, { [key]: wanted });
}

/** The leader's part: makes the secret, and takes passwords of the configuration into it. @returns What counts now. */
async function keepSecret(
  juju: Juju,
  relation: string,
  known: string | undefined,
  config: Config,
): Promise<string | undefined> {
  const uri = known === undefined ? (await juju.secretInfo(label))?.uri : uriIn(known);
  const before = uri === undefined ? undefined : await juju.readSecret(uri);
  // A secret that cannot be read now is none to be written over.
  if (uri !== undefined && before === undefined) return known;
  const wanted = (name: keyof Passwords): string => textOf(config, name) || (before?.[name] ?? password());
  const passwords: Passwords = {
    "superuser-password": wanted("superuser-password"),
    "replication-password": wanted("replication-password"),
  };
  const isNew = Object.entries(passwords).some(([name, value]) => before?.[name] !== value);
  if (known !== undefined && !isNew) return known;
  if (uri !== undefined && isNew) await juju.updateSecret(uri, passwords);
  const counts = `${uri ?? (await juju.addSecret(label, passwords))} ${contentIn(known) + 1}`;
  await juju.writeApplicationDatabag(relation, { [key]: counts });
  return counts;
}

function uriIn(word: string): string {
  return word.split(" ")[0] ?? "";
}

/** How many contents the secret has had. */
function contentIn(word: string | undefined): number {
  return Number(word?.split(" ")[1] ?? 0);
}

function textOf(config: Config, name: string): string {
  return String(config[name] ?? "");
}

/** A password that needs no quoting anywhere. */
export function password(): string {
  return Buffer.from(crypto.getRandomValues(new Uint8Array(24))).toString("hex");
}
