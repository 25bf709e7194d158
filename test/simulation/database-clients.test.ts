/**
 * The PostgreSQL example's endpoint `database` and its secret of passwords, with two units. What the database itself has to do
 * is done by nobody here: real servers have that.
 */
import { mkdir, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { DatabaseEndpoint } from "../../examples/postgresql-charm/src/database.ts";
import { postgresqlOptions } from "../../examples/postgresql-charm/src/options.ts";
import { keepPasswords } from "../../examples/postgresql-charm/src/passwords.ts";
import { SimulatedJuju } from "../../lib/testing/index.ts";
import type { SecretReport } from "../../lib/testing/model/secret-report.ts";

const told = { endpoints: "10.0.0.1:5432", readOnlyEndpoints: "10.0.0.2:5432", version: "15.7" };
const units = ["postgresql/0", "postgresql/1"];
let folder: string;
let juju: SimulatedJuju;
let endpoints: typeof told;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "clients-"));
  endpoints = told;
  juju = await SimulatedJuju.start({ directory: join(folder, "juju") });
  await juju.deploy({
    application: "postgresql",
    charm: "examples/postgresql-charm",
    config: { "patroni-rest-url": "http://127.0.0.1:1", "data-directory": join(folder, "none") },
    units: 2,
    inProcess: async (dispatch) => {
      const config = await dispatch.juju.config();
      const { unit, application, modelUuid } = dispatch.juju;
      const executorEnvironment = { unit, application, modelUuid, workDirectory: folder };
      const { postgresql, patroni } = postgresqlOptions(config, "");
      await mkdir(configOf(unit), { recursive: true });
      const own = {
        patroni: { ...patroni, configDirectory: configOf(unit) },
        postgresql: { ...postgresql, user: userInfo().username },
      };
      await keepPasswords(dispatch, { executorEnvironment }, own, config);
      const database = new DatabaseEndpoint(dispatch);
      await database.settle({ executorEnvironment }, own);
      if (await dispatch.juju.isLeader()) await database.publish(endpoints);
    },
  });
  await juju.deploy({
    application: "shop",
    charm: "test/charms/database-client",
    inProcess: async () => undefined,
  });
  await juju.settle();
});
afterEach(async () => {
  await juju.stop();
  await rm(folder, { recursive: true });
});

const passwords = (): readonly SecretReport[] =>
  juju.secrets().filter(({ label }) => label === "database-peers.passwords");
const configOf = (unit: string): string => join(folder, unit.replace("/", "-"));

/** The passwords in the configuration of each unit's Patroni. */
async function configured(): Promise<readonly unknown[]> {
  const files = units.map((unit) => join(configOf(unit), "zz-database-backup-passwords.yml"));
  const texts = await Promise.all(files.map(async (file) => readFile(file, "utf8")));
  return texts.map((text): unknown => {
    const { postgresql }: { readonly postgresql: unknown } = JSON.parse(text);
    return postgresql;
  });
}

const newest = (secret: SecretReport | undefined): Readonly<Record<string, string>> | undefined =>
  Object.values(secret?.revisions ?? {}).at(-1)?.content;
const peers = (): number => juju.peerRelation("postgresql", "database-peers");

async function relate(asked: Readonly<Record<string, string>>): Promise<number> {
  const relation = await juju.integrate("shop:database", "postgresql:database");
  await juju.writeDatabag(relation, "shop", asked);
  await juju.settle();
  return relation;
}

/** What the primary says when it has made the users. */
async function made(relation: number): Promise<void> {
  await juju.writeDatabag(peers(), "postgresql/1", { "database-clients": `["database:${relation}"]` });
  await juju.settle();
}

describe("the cluster's passwords", () => {
  test("are one secret of the application, which every unit reads and no databag holds", async () => {
    await juju.setLeader("postgresql/1");
    for (const unit of units) await juju.updateStatus(unit);
    await juju.settle();
    const [secret, ...others] = passwords();
    expect(others).toEqual([]);
    expect(secret).toMatchObject({ owner: "postgresql" });
    const content = newest(secret) ?? {};
    expect(Object.keys(content).toSorted()).toEqual(["replication-password", "superuser-password"]);
    expect(new Set(Object.values(content)).size).toBe(2);
    for (const value of Object.values(content)) expect(value).toMatch(/^[0-9a-f]{48}$/);
    const [superuser, replication] = ["superuser-password", "replication-password"].map((name) => ({
      password: content[name],
    }));
    const authentication = { superuser, replication };
    expect(await configured()).toEqual([{ authentication }, { authentication }]);
    expect(JSON.stringify([...units, "postgresql"].map((owner) => juju.databag(peers(), owner)))).not.toMatch(
      new RegExp(Object.values(content).join("|")),
    );
  });

  test("are those of the configuration where it has any", async () => {
    const before = newest(passwords()[0]);
    await juju.configure("postgresql", { "superuser-password": "chosen" });
    await juju.settle();
    expect(newest(passwords()[0])).toEqual({ ...before, "superuser-password": "chosen" });
    const chosen = { authentication: { superuser: { password: "chosen" } } };
    expect(await configured()).toMatchObject([chosen, chosen]);
    await juju.configure("postgresql", { "superuser-password": "" });
    await juju.settle();
    expect(newest(passwords()[0])).toEqual({ ...before, "superuser-password": "chosen" });
  });
});

describe("a client", () => {
  test("is told nothing before its user is made, and then where to connect to, and who it is by a secret", async () => {
    const relation = await relate({ database: "shop", "requested-secrets": '["username","password"]' });
    expect(juju.databag(relation, "postgresql")).toEqual({});
    await made(relation);
    const secret = juju.secrets().find(({ label }) => label === `database.${relation}.user.secret`);
    expect(juju.databag(relation, "postgresql")).toEqual({
      database: "shop",
      endpoints: "10.0.0.1:5432",
      "read-only-endpoints": "10.0.0.2:5432",
      version: "15.7",
      "secret-user": secret?.id,
    });
    expect(secret).toMatchObject({ owner: "postgresql", grants: { shop: relation } });
    expect(newest(secret)).toEqual({
      username: `relation-${relation}`,
      password: expect.stringMatching(/^[0-9a-f]{48}$/),
    });
  });

  test("that asks for no secret finds user and password in the databag", async () => {
    const relation = await relate({ database: "shop" });
    await made(relation);
    const secret = juju.secrets().find(({ label }) => label === `database.${relation}.user.secret`);
    expect(juju.databag(relation, "postgresql")).toMatchObject({ ...newest(secret), database: "shop" });
    expect(secret?.grants).toEqual({});
  });

  test("is told of each change, by whoever leads, and of nothing else", async () => {
    const relation = await relate({ database: "shop", "requested-secrets": '["password"]' });
    await made(relation);
    const before = juju.hooksRun().length;
    for (const unit of units) await juju.updateStatus(unit);
    await juju.settle();
    expect(juju.hooksRun().slice(before)).toHaveLength(units.length);
    endpoints = { ...told, endpoints: "10.0.0.2:5432" };
    await juju.setLeader("postgresql/1");
    await juju.updateStatus("postgresql/1");
    await juju.settle();
    expect(juju.databag(relation, "postgresql")).toMatchObject({ endpoints: "10.0.0.2:5432" });
    expect(juju.secrets()).toHaveLength(2);
  });

  test("that goes takes its secret with it", async () => {
    const relation = await relate({ database: "shop", "requested-secrets": '["password"]' });
    await made(relation);
    await juju.removeRelation("shop:database", "postgresql:database");
    await juju.settle();
    expect(juju.secrets().map(({ label }) => label)).toEqual(["database-peers.passwords"]);
    expect(juju.databag(peers(), "postgresql")["database-clients"]).toBe("[]");
  });

  test.each(["postgres", 'shop"; DROP ROLE postgres; --'])(
    "gets no database %j, which is in the log",
    async (name) => {
      const relation = await relate({ database: name });
      await made(relation);
      expect(juju.databag(relation, "postgresql")).toEqual({});
      expect(juju.log().map(({ message }) => message)).toContainEqual(
        expect.stringContaining("cannot be given"),
      );
    },
  );
});
