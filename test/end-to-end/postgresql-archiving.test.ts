/**
 * The PostgreSQL charm with a storage of its own, on real servers: the flowchart s3-credentials-changed, each deed well, and
 * each but the change of settings badly.
 */
import { chown, mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { ListObjectsV2Command, PutBucketPolicyCommand } from "@aws-sdk/client-s3";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { SimulatedJuju } from "juju-database-backup/testing";
import { bucket, deployModel } from "../../examples/demo/model.ts";
import { run } from "../../lib/process/run.ts";
import type { Servers } from "../servers/servers.ts";
import { giveTo } from "../servers/unix-user.ts";
import { until } from "../simulation/until.ts";
import { watch } from "../canaries/credentials.ts";
import { startWatchedServers } from "./watched-servers.ts";

const database = "postgresql/0";
const limitMs = 180_000;
let servers: Servers;
let juju: SimulatedJuju;
let reader: { readonly accessKey: string; readonly secretKey: string };

beforeAll(async () => {
  servers = await startWatchedServers();
  const { s3 } = servers;
  await s3.createBucket(bucket);
  reader = await s3.createUser("reader");
  watch(reader);
  const client = s3.client();
  const Resource = [`arn:aws:s3:::${bucket}`, `arn:aws:s3:::${bucket}/*`];
  const allowed = {
    Effect: "Allow",
    Principal: { AWS: ["arn:aws:iam:::user/reader"] },
    Action: ["s3:ListBucket", "s3:GetObject"],
    Resource,
  };
  const Policy = JSON.stringify({ Version: "2012-10-17", Statement: [allowed] });
  await client.send(new PutBucketPolicyCommand({ Bucket: bucket, Policy }));
  client.destroy();
  ({ juju } = await deployModel(servers));
});
afterAll(async () => {
  await juju?.stop();
  await servers?.stop();
});

/** The unit's status, once everything has come to rest. */
async function status(): Promise<{ readonly name: string; readonly message: string } | undefined> {
  await juju.updateStatus(database);
  await juju.settle();
  const { name, message } = juju.status().applications["postgresql"]?.units[database]?.workload ?? {
    name: "",
    message: "",
  };
  return { name, message };
}

async function configure(options: Readonly<Record<string, string>>): Promise<void> {
  await juju.configure("s3-integrator", options);
  await juju.settle();
}

const keysOf = ({ accessKey, secretKey }: { readonly accessKey: string; readonly secretKey: string }) => ({
  "access-key": accessKey,
  "secret-key": secretKey,
});
const active = { name: "active", message: "" };
const blocked = (message: RegExp) => ({ name: "blocked", message: expect.stringMatching(message) });

async function archivedInto(path: string): Promise<void> {
  const name = (await servers.psql(0, "select pg_walfile_name(pg_switch_wal())")).trim();
  await until(`${name} is archived`, async () => {
    const archived = (await servers.psql(0, "select last_archived_wal from pg_stat_archiver")).trim();
    return archived >= name ? true : undefined;
  });
  expect(await settings()).toContain(`repo1-path=${path}\n`);
}

async function settings(): Promise<string> {
  const file = join(servers.directory, "state/postgresql-0/executor/pgbackrest/archive.conf");
  return readFile(file, "utf8");
}

test(
  "a storage that is related is archived to, without any backup",
  async () => {
    await juju.integrate("postgresql:s3-parameters", "s3-integrator:s3-credentials");
    await juju.settle();
    expect(await status()).toEqual(active);
    expect(await servers.psql(0, "show archive_command")).toContain("archive-push");
    await archivedInto("/demo");
  },
  limitMs,
);

test(
  "one that cannot be reached blocks, and what worked before goes on working, until it heals",
  async () => {
    const before = await settings();
    await configure({ "secret-key": "wrong" });
    expect(await status()).toEqual(blocked(/^failed to access\/create the bucket, check your S3 settings: /));
    await configure(keysOf(servers.s3.users.admin));
    await configure({ bucket: "missing" });
    expect(await status()).toEqual(blocked(/bucket "missing" does not exist/));
    await configure({ bucket, endpoint: "http://localhost:9" });
    expect(await status()).toEqual(blocked(/over TLS only/));
    expect(await settings()).toBe(before);
    await configure({ endpoint: servers.s3.endpoint });
    expect(await status()).toEqual(active);
    await archivedInto("/demo");
  },
  limitMs,
);

test(
  "a stanza that cannot be made blocks",
  async () => {
    const before = await settings();
    await configure({ path: "/fresh", ...keysOf(reader) });
    expect(await status()).toEqual(blocked(/^failed to initialize stanza, check your S3 settings: /));
    expect(await settings()).toBe(before);
  },
  limitMs,
);

test(
  "another cluster's repository blocks",
  async () => {
    await configure({ path: "/foreign", ...keysOf(servers.s3.users.admin) });
    expect(await status()).toEqual(active);
    await makeForeign("/theirs");
    await configure({ path: "/theirs" });
    expect(await status()).toEqual(blocked(/the S3 repository has backups from another cluster/));
    await archivedInto("/foreign");
  },
  limitMs,
);

test(
  "WAL that does not arrive blocks, and heals",
  async () => {
    // The stanza is there, so that only what writes to it finds out.
    await configure({ path: "/foreign", ...keysOf(reader) });
    expect(await status()).toEqual(
      blocked(/^WAL does not reach the S3 repository, check your S3 settings: /),
    );
    await configure(keysOf(servers.s3.users.admin));
    expect(await status()).toEqual(active);
    await archivedInto("/foreign");
    const text = JSON.stringify(juju.log());
    for (const { secretKey } of [reader, servers.s3.users.admin]) expect(text).not.toContain(secretKey);
  },
  2 * limitMs,
);

test(
  "one that is no longer related leaves no Blocked and no word, and WAL goes on to where it went",
  async () => {
    await configure({ path: "/theirs" });
    expect(await status()).toEqual(blocked(/the S3 repository has backups from another cluster/));
    const peers = juju.peerRelation("postgresql", "database-peers");
    expect(juju.databag(peers, "postgresql")).toHaveProperty("archive-storage");
    await juju.removeRelation("postgresql:s3-parameters", "s3-integrator:s3-credentials");
    await juju.settle();
    expect(await status()).toEqual(active);
    for (const owner of ["postgresql", database])
      expect(juju.databag(peers, owner)).not.toHaveProperty("archive-storage");
    await archivedInto("/foreign");
    await juju.configure("s3-integrator", { path: "/foreign" });
    await juju.integrate("postgresql:s3-parameters", "s3-integrator:s3-credentials");
    await juju.settle();
    expect(await status()).toEqual(active);
  },
  limitMs,
);

test(
  "a backup whose WAL does not arrive, though nothing has changed, fails before it copies anything",
  async () => {
    const loosen = await jamArchiver();
    const failed = await backUp();
    expect(failed).toMatchObject({ phase: "failed", "error-code": "pgbackrest-82" });
    expect(await copiedFiles()).toEqual([]);
    await loosen();
    expect(await backUp()).toMatchObject({ phase: "succeeded" });
    expect(await copiedFiles()).not.toEqual([]);
  },
  2 * limitMs,
);

test(
  "a segment of an earlier timeline that the repository has otherwise is told of, and what is told frees archiving",
  async () => {
    const { "backup-id": id = "" } = await backUp();
    expect(await ended("restore", { "backup-id": id })).toMatchObject({ phase: "succeeded", timeline: "2" });
    const segment = await copyIntoEarlierTimeline();
    const failed = await backUp();
    expect(failed).toMatchObject({
      phase: "failed",
      "error-code": "archiving-stuck",
      message: expect.stringContaining(segment),
    });
    expect(await status()).toEqual(
      blocked(new RegExp(`^PostgreSQL cannot archive the WAL segment ${segment} `)),
    );

    const [, ready = "", done = ""] =
      /rename (\S+) on the primary to (\S+), then make a full backup/.exec(failed["remedy"] ?? "") ?? [];
    const file = join(dataDirectory(), ready);
    await rename(file, join(dirname(file), done));
    expect(await backUp()).toMatchObject({ phase: "succeeded", timeline: "2" });
    expect(await status()).toEqual(active);
    await archivedInto("/foreign");
  },
  3 * limitMs,
);

/** What is shown of a backup at its end. */
async function backUp(): Promise<Readonly<Record<string, string>>> {
  return ended("create-backup");
}

async function ended(
  action: string,
  parameters: Readonly<Record<string, string>> = {},
): Promise<Readonly<Record<string, string>>> {
  const { results } = await juju.runAction(database, action, parameters);
  return until(
    `${action} has ended`,
    async () => {
      await juju.settle();
      const { results: shown } = await juju.runAction(database, "show-job", {
        "job-id": results["job-id"] ?? "",
      });
      return shown["status"] === "running" ? undefined : shown;
    },
    limitMs,
  );
}

/** The files of backups in the bucket. */
async function copiedFiles(): Promise<readonly string[]> {
  const keys = await objectsUnder("foreign/backup/postgresql/");
  return keys.filter((key) => /\/(bundle|pg_data)\//.test(key));
}

async function objectsUnder(Prefix: string): Promise<readonly string[]> {
  const client = servers.s3.client();
  const { Contents = [] } = await client.send(new ListObjectsV2Command({ Bucket: bucket, Prefix }));
  client.destroy();
  return Contents.map(({ Key = "" }) => Key);
}

function node(): Servers["nodes"][number] {
  const [first] = servers.nodes;
  if (first === undefined) throw new Error("there is no node");
  return first;
}

function dataDirectory(): string {
  return node().postgresql.dataDirectory;
}

async function giveToServer(file: string, content: string | Uint8Array): Promise<void> {
  await writeFile(file, content);
  await giveTo(node().patroni.user, file);
}

/** Gives PostgreSQL a segment to archive, before all others, that is none. @returns Takes it away. */
async function jamArchiver(): Promise<() => Promise<void>> {
  const wal = join(dataDirectory(), "pg_wal");
  const name = "000000010000000000000000";
  const files = [join(wal, name), join(wal, "archive_status", `${name}.ready`)];
  for (const file of files)
    await giveToServer(file, Buffer.alloc(file.endsWith(".ready") ? 0 : 16 * 1024 * 1024));
  return async () => {
    for (const file of files.toReversed()) await rm(file);
  };
}

/**
 * Has PostgreSQL archive other content under the name of a segment of the first timeline that is archived. @returns Its name.
 */
async function copyIntoEarlierTimeline(): Promise<string> {
  const wal = join(dataDirectory(), "pg_wal");
  const name = (await objectsUnder("foreign/archive/postgresql/"))
    .map((key) => /\/(00000001[0-9A-F]{16})-/.exec(key)?.[1])
    .findLast((found) => found !== undefined);
  if (name === undefined) throw new Error("no segment of the first timeline is archived");
  const now = await servers.psql(0, "select pg_walfile_name(pg_switch_wal())");
  await rm(join(wal, "archive_status", `${name}.done`), { force: true });
  const copy = await readFile(join(wal, now.trim()));
  await giveToServer(join(wal, name), copy);
  await giveToServer(join(wal, "archive_status", `${name}.ready`), "");
  await servers.psql(0, "select txid_current(); select pg_switch_wal()");
  await until(`the archiver fails to archive ${name}`, async () =>
    (await servers.psql(0, "select last_failed_wal from pg_stat_archiver")).trim() === name
      ? true
      : undefined,
  );
  return name;
}

/** Makes a stanza of the same name for another database. */
async function makeForeign(path: string): Promise<void> {
  const { directory, patroni, postgresql } = node();
  const { uid, gid } = patroni.user;
  const folder = join(directory, "foreign");
  await mkdir(folder);
  const s3 = servers.s3;
  const { hostname, port } = new URL(s3.endpoint);
  const config = [
    "[global]",
    "repo1-type=s3",
    `repo1-path=${path}`,
    `repo1-s3-bucket=${bucket}`,
    `repo1-s3-endpoint=${hostname}`,
    `repo1-storage-port=${port}`,
    `repo1-storage-ca-file=${folder}/ca.crt`,
    `repo1-s3-region=${s3.region}`,
    `repo1-s3-key=${s3.users.admin.accessKey}`,
    `repo1-s3-key-secret=${s3.users.admin.secretKey}`,
    "repo1-s3-uri-style=path",
    `log-path=${folder}`,
    `lock-path=${folder}`,
    "[postgresql]",
    `pg1-path=${folder}/data`,
  ];
  await writeFile(join(folder, "ca.crt"), s3.caPem);
  await writeFile(join(folder, "pgbackrest.conf"), `${config.join("\n")}\n`, { mode: 0o600 });
  const isRoot = process.getuid?.() === 0;
  if (isRoot) for (const name of ["", "pgbackrest.conf"]) await chown(join(folder, name), uid, gid);
  const identity = isRoot ? { identity: { uid, gid } } : {};
  const made = await run(
    [join(postgresql.binDirectory, "initdb"), "--auth=trust", `--pgdata=${folder}/data`],
    { cwd: "/", ...identity },
  );
  expect(made.exitCode).toBe(0);
  const created = await run(
    [
      "pgbackrest",
      `--config=${folder}/pgbackrest.conf`,
      "--stanza=postgresql",
      "--no-online",
      "stanza-create",
    ],
    { cwd: "/", ...identity },
  );
  expect(created).toMatchObject({ exitCode: 0 });
  // It holds keys.
  await rm(folder, { recursive: true });
}
