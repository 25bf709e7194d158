import { spawn } from "node:child_process";
import { once } from "node:events";
import { access, chmod, mkdir, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { GetObjectCommand, PutObjectCommand } from "@aws-sdk/client-s3";
import { build } from "esbuild";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { processesIn } from "../servers/process-table.ts";
import { requirePrograms } from "../servers/programs.ts";
import { openRunDirectory } from "../servers/run-directory.ts";
import { startServers, type Servers } from "../servers/servers.ts";

describe("the real servers", () => {
  let servers: Servers;

  beforeAll(async () => {
    servers = await startServers();
  }, 120_000);
  afterAll(async () => {
    await servers.stop();
  }, 60_000);

  test("Patroni leads and can be found by its pid file", async () => {
    const [node] = servers.nodes;
    expect(node).toBeDefined();
    if (node === undefined) return;
    const response = await fetch(`${node.patroni.restUrl}/primary`);
    expect(response.status).toBe(200);
    expect(await response.json()).toMatchObject({ patroni: { scope: node.patroni.scope } });
    const pid = Number(await readFile(node.patroni.pidFile, "utf8"));
    const commandLine = await readFile(`/proc/${pid}/cmdline`, "utf8");
    expect(commandLine.split("\0")).toEqual(expect.arrayContaining([node.patroni.configDirectory]));
  });

  test("PostgreSQL answers, with the settings that backups need", async () => {
    expect(await servers.psql(0, "show data_checksums; show archive_mode; show wal_level")).toBe(
      "on\non\nreplica",
    );
    expect(await servers.psql(0, "show server_version")).toContain(servers.nodes[0]?.postgresql.version);
    await expect(servers.psql(0, "select 1/0")).rejects.toThrow(/division by zero/u);
  });

  test("S3 keeps an object, and keeps it through an outage", async () => {
    await servers.s3.createBucket("objects");
    const client = servers.s3.client();
    try {
      await client.send(new PutObjectCommand({ Bucket: "objects", Key: "folder/greeting", Body: "hello" }));
      await servers.s3.stop();
      // A connection that was kept open from before is reset, a new one refused.
      const gone = { cause: { code: expect.stringMatching(/^ECONN(REFUSED|RESET)$/u) as string } };
      await expect(fetch(servers.s3.endpoint)).rejects.toMatchObject(gone);
      await servers.s3.start();
      const read = await client.send(new GetObjectCommand({ Bucket: "objects", Key: "folder/greeting" }));
      expect(await read.Body?.transformToString()).toBe("hello");
    } finally {
      client.destroy();
    }
  });

  test("S3 refuses a wrong secret, and a user who does not own the bucket", async () => {
    await servers.s3.createBucket("private");
    const stranger = await servers.s3.createUser("stranger");
    const { accessKey } = servers.s3.users.admin;
    for (const credentials of [{ accessKey, secretKey: "wrong" }, stranger]) {
      const client = servers.s3.client(credentials);
      try {
        await expect(
          client.send(new PutObjectCommand({ Bucket: "private", Key: "key", Body: "text" })),
        ).rejects.toMatchObject({ $metadata: { httpStatusCode: 403 } });
      } finally {
        client.destroy();
      }
    }
  });

  test("two stacks run side by side, and one that is stopped leaves nothing behind", async () => {
    const other = await startServers();
    try {
      expect(await other.psql(0, "select 1")).toBe("1");
      await other.s3.createBucket("objects-of-the-other");
      expect(processesIn(other.directory).map(({ program }) => program)).toEqual(
        expect.arrayContaining(["ceph-mon", "ceph-osd", "radosgw", "etcd", "patroni", "postgres"]),
      );
    } finally {
      await other.stop();
    }
    expect(processesIn(other.directory)).toEqual([]);
    await expect(access(other.directory)).rejects.toMatchObject({ code: "ENOENT" });
    expect(await servers.psql(0, "select 1")).toBe("1");
  }, 120_000);

  test("they can end at once, and leave a directory that the caller gave", async () => {
    const parent = await mkdtemp(join(tmpdir(), "given-"));
    await chmod(parent, 0o755);
    const directory = join(parent, "servers");
    try {
      const other = await startServers({ directory });
      other.killSync();
      expect(processesIn(directory)).toEqual([]);
      await expect(access(directory)).resolves.toBeUndefined();
      await expect(startServers({ directory })).rejects.toThrow(/is not empty/u);
    } finally {
      await rm(parent, { recursive: true });
    }
  }, 120_000);
});

describe("a host that ends without stopping its servers", () => {
  let hostFile: string;
  let directoryOfHost: string;

  beforeAll(async () => {
    directoryOfHost = await mkdtemp(join(tmpdir(), "host-"));
    hostFile = join(directoryOfHost, "host.cjs");
    await build({
      stdin: {
        contents: `
          import { startServers } from "./servers.ts";
          void startServers().then(({ directory }) => {
            console.log(directory);
            if (process.argv[2] === "throw") throw new Error("nobody catches this");
            if (process.argv[2] === "wait") setInterval(() => undefined, 60_000);
          });
        `,
        resolveDir: join(import.meta.dirname, "../servers"),
      },
      bundle: true,
      platform: "node",
      format: "cjs",
      outfile: hostFile,
      logLevel: "warning",
    });
  });
  afterAll(async () => {
    await rm(directoryOfHost, { recursive: true });
  });

  test.each([
    { how: "returns", argument: "return", signal: undefined },
    { how: "throws", argument: "throw", signal: undefined },
    { how: "gets SIGINT", argument: "wait", signal: "SIGINT" },
    { how: "gets SIGTERM", argument: "wait", signal: "SIGTERM" },
  ] as const)(
    "leaves nothing behind when it $how",
    async ({ argument, signal }) => {
      const directory = await runHost(argument, signal);
      expect(processesIn(directory)).toEqual([]);
      await expect(access(directory)).rejects.toMatchObject({ code: "ENOENT" });
    },
    60_000,
  );

  test("and that is killed: the next host tidies up after it", async () => {
    const directory = await runHost("wait", "SIGKILL");
    expect(processesIn(directory)).not.toEqual([]);
    const next = await openRunDirectory();
    try {
      expect(processesIn(directory)).toEqual([]);
      await expect(access(directory)).rejects.toMatchObject({ code: "ENOENT" });
    } finally {
      await next.close();
    }
  }, 60_000);

  /** Runs a host until it ends, after sending it a signal once its servers run. */
  async function runHost(argument: string, signal: NodeJS.Signals | undefined): Promise<string> {
    const host = spawn(process.execPath, [hostFile, argument], { stdio: ["ignore", "pipe", "ignore"] });
    let directory = "";
    host.stdout.on("data", (chunk: Buffer) => {
      directory += chunk.toString();
      if (directory.endsWith("\n") && signal !== undefined) host.kill(signal);
    });
    await once(host, "close");
    expect(directory).not.toBe("");
    return directory.trim();
  }
});

test("a missing program is a failure that names its Debian package", async () => {
  const empty = await mkdtemp(join(tmpdir(), "empty-"));
  await mkdir(join(empty, "bin"));
  try {
    await expect(requirePrograms(["radosgw", "etcd", "patroni"], join(empty, "bin"))).rejects.toThrow(
      /radosgw, etcd, patroni are not installed.*setup\.mjs --servers.*etcd-server patroni radosgw/u,
    );
  } finally {
    await rm(empty, { recursive: true });
  }
});
