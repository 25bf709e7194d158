/**
 * A cluster of three on the real servers whose members come and go: what the charts of the peer relation do about it, the
 * clients on the endpoint `database`, and the passwords that are a secret of the application.
 */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { DatabaseEndpoint } from "../../examples/postgresql-charm/src/database.ts";
import { keepPasswords } from "../../examples/postgresql-charm/src/passwords.ts";
import { run } from "../../lib/process/run.ts";
import { readMembers } from "../../provider/postgresql/cluster/known-members.ts";
import { settingsOf } from "../../provider/postgresql/options.ts";
import { until } from "../simulation/until.ts";
import { begunBackup, suspend } from "./cluster-processes.ts";
import { ClusterStand, type Unit } from "./cluster-stand.ts";

const limitMs = 400_000;
let stand: ClusterStand;
let relation: number;

beforeAll(async () => {
  stand = await ClusterStand.start(3, async (dispatch, { options, environment }) => {
    const provider = { executorEnvironment: environment };
    await keepPasswords(dispatch, provider, options, await dispatch.juju.config());
    const database = new DatabaseEndpoint(dispatch);
    await database.settle(provider, options);
    return { publish: async (endpoints) => database.publish(endpoints) };
  });
  await stand.juju.deploy({
    application: "shop",
    charm: "test/charms/database-client",
    inProcess: async () => undefined,
  });
  relation = await stand.juju.integrate("shop:database", "postgresql:database");
  await stand.juju.writeDatabag(relation, "shop", {
    database: "shop",
    "requested-secrets": '["username","password"]',
  });
  await stand.settle();
  await stand.updateStatus();
}, limitMs);
// All that the servers leave behind is searched for keys.
afterAll(async () => stand?.stop(), 3 * limitMs);

const told = (): Readonly<Record<string, string>> => stand.juju.databag(relation, "postgresql");

function contentOf(label: string): Readonly<Record<string, string>> {
  const secret = stand.juju.secrets().find((each) => each.label === label);
  return Object.values(secret?.revisions ?? {}).at(-1)?.content ?? {};
}

/** Why somebody does not get into a database over the network; undefined where they do. */
async function refusal(address: string, user: string, password: string): Promise<string | undefined> {
  const [host = "", port = ""] = address.split(":");
  const { exitCode, stderr } = await run(
    ["psql", "-X", "-h", host, "-p", port, "-d", user === "postgres" ? "postgres" : "shop", "-c", "select 1"],
    { env: { PATH: process.env["PATH"], PGUSER: user, PGPASSWORD: password }, timeoutMs: 20_000 },
  );
  return exitCode === 0 ? undefined : stderr;
}

const addressOf = ({ options }: Unit): string => `127.0.0.1:${options.postgresql.port}`;

const addresses = (units: readonly Unit[]): string => units.map(addressOf).toSorted().join(",");

/** Dispatches all units until something holds. */
async function settled(what: string, holds: () => Promise<boolean> | boolean): Promise<void> {
  await until(
    what,
    async () => {
      if (await holds()) return true;
      await stand.updateStatus();
      return undefined;
    },
    120_000,
  );
}

/** For how many replicas the primary waits, as Patroni's configuration and PostgreSQL itself say. */
async function waitsFor(): Promise<number | string> {
  const primary = await stand.primary();
  const response = await fetch(`${primary.options.patroni.restUrl}/config`);
  const { synchronous_node_count: count = 1 } = (await response.json()) as Record<string, number>;
  const names = await stand.sql(primary, "SHOW synchronous_standby_names");
  const shown = Number(/^"?(?:ANY |FIRST )?(\d+) ?\(/.exec(names)?.[1] ?? 1);
  return shown === count ? count : `${count}, and PostgreSQL for ${names}`;
}

test(
  "the passwords of the secret are those of the database and of every member's Patroni",
  async () => {
    const { "superuser-password": superuser = "", "replication-password": replication = "" } =
      contentOf("database-peers.passwords");
    for (const unit of stand.units) {
      expect(await refusal(addressOf(unit), "postgres", superuser)).toBeUndefined();
      const file = join(unit.options.patroni.configDirectory, "zz-database-backup-passwords.yml");
      expect(JSON.parse(await readFile(file, "utf8"))).toEqual({
        postgresql: {
          authentication: { superuser: { password: superuser }, replication: { password: replication } },
        },
      });
    }
    for (const replica of await stand.replicas()) {
      await stand.sql(replica, "SELECT pg_terminate_backend(pid) FROM pg_stat_wal_receiver");
      await until("the replica streams again", async () =>
        (await stand.sql(replica, "SELECT status FROM pg_stat_wal_receiver")) === "streaming"
          ? true
          : undefined,
      );
    }
    await stand.whole();
  },
  limitMs,
);

test(
  "a client has a database, and is told of the primary and of the replicas",
  async () => {
    await settled("the client is told", () => told()["endpoints"] !== undefined);
    const primary = await stand.primary();
    expect(told()).toMatchObject({
      database: "shop",
      endpoints: addressOf(primary),
      "read-only-endpoints": addresses(await stand.replicas()),
      version: (await stand.sql(primary, "SHOW server_version")).split(" ")[0],
    });
    const { username = "", password = "" } = contentOf(`database.${relation}.user.secret`);
    for (const unit of stand.units)
      await until("the user is replicated", async () =>
        (await refusal(addressOf(unit), username, password)) === undefined ? true : undefined,
      );
    expect(await refusal(addressOf(primary), username, "wrong")).toMatch(/authentication failed/);
  },
  limitMs,
);

test(
  "the primary waits for as many replicas as the configuration says",
  async () => {
    for (const [wish, count] of [
      ["all", 2],
      ["majority", 1],
      [2, 2],
    ] as const) {
      for (const unit of stand.units)
        unit.options = { ...unit.options, patroni: { ...unit.options.patroni, synchronousReplicas: wish } };
      await stand.updateStatus();
      // Patroni tells PostgreSQL in its next round.
      await expect.poll(waitsFor, { timeout: 60_000, interval: 500 }).toBe(count);
    }
  },
  limitMs,
);

test(
  "a replica that makes a backup is told to nobody meanwhile",
  async () => {
    const [replica, other] = await stand.replicas();
    if (replica === undefined || other === undefined) throw new Error("there are no two replicas");
    const job = await stand.begin(replica, stand.backupRequest());
    const resume = suspend(await begunBackup(replica, job.lines));
    // The unit's worker has it dispatched; the leader hears of it.
    await stand.juju.updateStatus(replica.name);
    await stand.settle();
    expect(told()["read-only-endpoints"]).toBe(addressOf(other));
    resume();
    expect(await job.result).toMatchObject({ succeeded: true });
    await stand.juju.updateStatus(replica.name);
    await stand.settle();
    expect(told()["read-only-endpoints"]).toBe(addresses([replica, other]));
  },
  limitMs,
);

test(
  "after a switchover clients are told of the new primary",
  async () => {
    const before = await stand.primary();
    const primary = await stand.switchover();
    await stand.updateStatus();
    expect(primary.name).not.toBe(before.name);
    expect(told()).toMatchObject({
      endpoints: addressOf(primary),
      "read-only-endpoints": addresses(await stand.replicas()),
    });
  },
  limitMs,
);

test(
  "clients are told of a new primary though the leader's own Patroni is dead",
  async () => {
    const before = await stand.primary();
    await stand.juju.setLeader(before.name);
    await stand.updateStatus();
    await stand.servers.killNode(before.index);
    const primary = await until("there is another primary", async () => {
      const now = await stand.primary();
      return now.name === before.name ? undefined : now;
    });
    await stand.juju.updateStatus(before.name);
    await stand.settle();
    expect(told()["endpoints"]).toBe(addressOf(primary));
    await stand.servers.startNode(before.index);
    await stand.whole();
    await stand.updateStatus();
    expect(told()["read-only-endpoints"]).toBe(addresses(await stand.replicas()));
  },
  limitMs,
);

test(
  "a member that is removed is forgotten, and one that is added is counted",
  async () => {
    const [gone, stays] = await stand.replicas();
    if (gone === undefined || stays === undefined) throw new Error("there are no two replicas");
    await stand.removeUnit(gone);
    await settled("the primary waits for one", async () => (await waitsFor()) === 1);
    expect(told()["read-only-endpoints"]).toBe(addressOf(stays));
    for (const { options, environment } of stand.units) {
      const { others } = await readMembers(settingsOf(options, environment));
      expect(Object.keys(others)).not.toContain(gone.name);
      const server = await readFile(join(environment.workDirectory, "pgbackrest", "server.conf"), "utf8");
      expect(server).not.toContain(`${gone.name.replace("/", "-")}=`);
    }
    const added = await stand.addUnit(gone.index);
    added.options = {
      ...added.options,
      patroni: { ...added.options.patroni, synchronousReplicas: 2 },
    };
    await stand.whole();
    await settled("the primary waits for two", async () => (await waitsFor()) === 2);
    await settled("clients are told of it", () => told()["read-only-endpoints"]?.includes(",") === true);
    expect(told()["read-only-endpoints"]).toBe(addresses(await stand.replicas()));
  },
  limitMs,
);

test(
  "a client that goes gets in no more, and its database stays",
  async () => {
    const { username = "", password = "" } = contentOf(`database.${relation}.user.secret`);
    await stand.juju.removeRelation("shop:database", "postgresql:database");
    await stand.settle();
    await stand.updateStatus();
    const primary = await stand.primary();
    expect(await refusal(addressOf(primary), username, password)).toMatch(/not permitted to log in/);
    expect(await stand.sql(primary, "SELECT count(*) FROM pg_database WHERE datname = 'shop'")).toBe("1");
  },
  limitMs,
);
