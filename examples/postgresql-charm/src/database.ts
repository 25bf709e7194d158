import type { Databag, Dispatch } from "juju-database-backup/juju";
import type { ClientUser, ClusterEndpoints, PostgresqlOptions } from "juju-database-backup/postgresql";
import type { Provider } from "juju-database-backup/provider";
import { password } from "./passwords.ts";

const endpoint = "database";
const peers = "database-peers";
/** In the application's databag of the peers whom the leader has admitted, in a unit's for whom the primary has done it. */
const key = "database-clients";

/** A client that the leader has admitted. */
interface Client {
  readonly relation: string;
  readonly database: string;
  /** The secret with its user and password. */
  readonly secret: string;
}

/**
 * The endpoint `database`, of the interface `postgresql_client`: the leader admits clients and tells them where to connect to,
 * the primary makes their users and databases.
 */
export class DatabaseEndpoint {
  readonly #dispatch: Dispatch;

  constructor(dispatch: Dispatch) {
    this.#dispatch = dispatch;
  }

  /** Admits clients and lets go of those that are gone, on the leader, and makes their users, on the primary. */
  async settle(provider: Pick<Provider, "executorEnvironment">, options: PostgresqlOptions): Promise<void> {
    const { juju } = this.#dispatch;
    const [relation] = await juju.relationIds(peers);
    if (relation === undefined) return;
    const { [key]: before } = await juju.readApplicationDatabag(relation, juju.application);
    const related = await juju.relationIds(endpoint);
    const isDue = related.length > 0 || clientsIn(before).length > 0;
    if (isDue && (await juju.isLeader())) await this.#admit(relation, related);
    const { [key]: text } = await juju.readApplicationDatabag(relation, juju.application);
    const own = await juju.readUnitDatabag(relation, juju.unit);
    const clients = clientsIn(text);
    const made = JSON.stringify(clients.map((client) => client.relation));
    // Where clients are, it is looked after in every dispatch: a restore brings other users.
    if (clients.length === 0 && made === (own[key] ?? "[]")) return;
    const users: ClientUser[] = [];
    for (const { secret, database } of clients) {
      const { username: name, password: secretPassword } = (await juju.readSecret(secret)) ?? {};
      // Whoever is not named could not log in any more: rather later than without one of them.
      if (name === undefined || secretPassword === undefined) return;
      users.push({ name, password: secretPassword, database });
    }
    const { keepClientUsers } = await import("juju-database-backup/postgresql");
    if (!(await keepClientUsers(options, provider.executorEnvironment, { juju, users }))) return;
    if (own[key] !== made) await juju.writeUnitDatabag(relation, { [key]: made });
  }

  /** Tells the clients whose users are made where to connect to. Writes what is new. For the leader. */
  async publish({ endpoints, readOnlyEndpoints, version = "" }: ClusterEndpoints): Promise<void> {
    const { juju } = this.#dispatch;
    const [relation] = await juju.relationIds(peers);
    if (relation === undefined) return;
    const { [key]: text } = await juju.readApplicationDatabag(relation, juju.application);
    const clients = clientsIn(text);
    if (clients.length === 0) return;
    const made = new Set<string>();
    for (const unit of [juju.unit, ...(await juju.relationUnits(relation))])
      for (const each of textsIn((await juju.readUnitDatabag(relation, unit))[key])) made.add(each);
    for (const client of clients.filter((each) => made.has(each.relation)))
      await this.#tell(client, {
        database: client.database,
        endpoints,
        "read-only-endpoints": readOnlyEndpoints,
        version,
      });
  }

  async #tell({ relation, secret }: Client, told: Databag): Promise<void> {
    const { juju } = this.#dispatch;
    const asked = await juju.readApplicationDatabag(relation, await juju.relationApplication(relation));
    const own = await juju.readApplicationDatabag(relation, juju.application);
    const takesSecrets = textsIn(asked["requested-secrets"]).includes("password");
    const { username = "", password: plain = "" } = takesSecrets
      ? {}
      : ((await juju.readSecret(secret)) ?? {});
    const wanted = { ...told, "secret-user": takesSecrets ? secret : "", username, password: plain };
    const changes = Object.fromEntries(
      Object.entries(wanted).filter(([name, value]) => (own[name] ?? "") !== value),
    );
    if (changes["secret-user"] === secret) await juju.grantSecret(secret, relation);
    if (Object.keys(changes).length > 0) await juju.writeApplicationDatabag(relation, changes);
  }

  async #admit(relation: string, related: readonly string[]): Promise<void> {
    const { juju, event } = this.#dispatch;
    const isBroken = event.kind === "relation" && event.change === "broken";
    const gone = isBroken ? event.relationId : undefined;
    const { [key]: text } = await juju.readApplicationDatabag(relation, juju.application);
    const before = clientsIn(text);
    const { isDatabaseName } = await import("juju-database-backup/postgresql");
    const clients: Client[] = [];
    for (const each of related.filter((id) => id !== gone)) {
      const known = before.find((client) => client.relation === each);
      if (known !== undefined) {
        clients.push(known);
        continue;
      }
      const { database = "" } = await juju.readApplicationDatabag(each, await juju.relationApplication(each));
      if (isDatabaseName(database))
        clients.push({ relation: each, database, secret: await this.#userSecret(each) });
      else if (database !== "")
        await juju.log("WARNING", `${each} asks for a database of a name that cannot be given: ${database}`);
    }
    for (const client of before) if (!clients.includes(client)) await juju.removeSecret(client.secret);
    const after = JSON.stringify(clients);
    if (after !== (text ?? "[]")) await juju.writeApplicationDatabag(relation, { [key]: after });
  }

  async #userSecret(relation: string): Promise<string> {
    const { juju } = this.#dispatch;
    const number = relation.slice(relation.indexOf(":") + 1);
    const label = `${endpoint}.${number}.user.secret`;
    const known = await juju.secretInfo(label);
    return (
      known?.uri ?? (await juju.addSecret(label, { username: `relation-${number}`, password: password() }))
    );
  }
}

/** The clients in a databag's value; what is none is left out. */
function clientsIn(text: string | undefined): readonly Client[] {
  return listIn(text).filter(
    (item): item is Client =>
      typeof item === "object" && item !== null && "relation" in item && "secret" in item,
  );
}

function textsIn(text: string | undefined): readonly string[] {
  return listIn(text).filter((item) => typeof item === "string");
}

function listIn(text: string | undefined): readonly unknown[] {
  try {
    const list: unknown = JSON.parse(text ?? "[]");
    return Array.isArray(list) ? list : [];
  } catch {
    return [];
  }
}
