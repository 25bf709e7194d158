/**
 * The client of Patroni against servers that answer badly or not at all, and a patronictl that stands in for one whose
 * cluster still has a leader.
 */
import { once } from "node:events";
import { chmod, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer, type RequestListener, type Server } from "node:http";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { isExecutorError } from "../../lib/errors.ts";
import { DatabaseUser } from "../../provider/postgresql/database-user.ts";
import { settingsOf } from "../../provider/postgresql/options.ts";
import { memberState, Patroni } from "../../provider/postgresql/patroni/patroni.ts";

let folder: string;
let server: Server | undefined;
const path = process.env["PATH"];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "patroni-client-"));
});
afterEach(async () => {
  process.env["PATH"] = path;
  server?.closeAllConnections();
  server?.close();
  server = undefined;
  await rm(folder, { recursive: true });
});

/** A server that answers so. @returns Its address. */
async function answering(listener: RequestListener): Promise<string> {
  server = createServer(listener).listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  return `http://127.0.0.1:${typeof address === "object" ? address?.port : ""}/`;
}

async function client(restUrl: string = "http://127.0.0.1:9"): Promise<Patroni> {
  const settings = settingsOf(
    {
      patroni: {
        configDirectory: folder,
        restUrl,
        scope: "cluster",
        service: { kind: "systemd", unit: "patroni" },
      },
      postgresql: { dataDirectory: folder, binDirectory: "/bin", socketDirectory: folder, port: 5432 },
    },
    { unit: "pg/0", application: "pg", modelUuid: "u", workDirectory: folder },
  );
  return new Patroni(settings, await DatabaseUser.lookUp(userInfo().username));
}

/** The failure that a call ends with. */
async function failureOf(work: Promise<unknown>): Promise<{ code: string; message: string } | undefined> {
  return work.then(
    () => undefined,
    (error: unknown) => (isExecutorError(error) ? error.failure : { code: "none", message: String(error) }),
  );
}

describe("the REST API", () => {
  it("is sent what is to be changed, and understood", async () => {
    const asked: string[] = [];
    const restUrl = await answering((request, response) => {
      let body = "";
      request.on("data", (chunk: Buffer) => (body += chunk.toString()));
      request.on("end", () => {
        asked.push(`${request.method} ${request.url} ${request.headers["content-type"] ?? "-"} ${body}`);
        response.end(JSON.stringify({ ttl: 30, name: "ü" }));
      });
    });
    const patroni = await client(restUrl);
    expect(await patroni.config()).toEqual({ ttl: 30, name: "ü" });
    await patroni.patchConfig({ name: "ü", ttl: null });
    expect(asked).toEqual(["GET /config - ", 'PATCH /config application/json {"name":"ü","ttl":null}']);
  });

  it("that refuses says with what", async () => {
    const restUrl = await answering((_, response) => {
      response.statusCode = 503;
      response.end("no\nleader");
    });
    expect(await failureOf((await client(restUrl)).config())).toMatchObject({
      code: "patroni-refused",
      message: "Patroni answered GET /config with status 503: no leader",
    });
  });

  it("that is not there, or breaks off, is not reached", async () => {
    const restUrl = await answering((_, response) => {
      response.writeHead(200, { "content-length": "100" });
      response.write("{");
      response.destroy();
    });
    for (const url of ["http://127.0.0.1:9", restUrl])
      expect(await failureOf((await client(url)).config())).toMatchObject({ code: "patroni-unreachable" });
  });

  it("is not waited for any longer than told, wherever it hangs", async () => {
    for (const begins of [false, true]) {
      const restUrl = await answering((_, response) => {
        if (begins) response.write('{"state":');
      });
      expect(await memberState(restUrl, 100)).toBeUndefined();
      server?.closeAllConnections();
      server?.close();
    }
  });
});

describe("what the DCS knows of a cluster", () => {
  /** Has patronictl do what is written here. */
  async function standIn(script: string): Promise<Patroni> {
    const program = join(folder, "patronictl");
    await writeFile(program, `#!/bin/bash\ncd '${folder}'\n${script}\n`);
    await chmod(program, 0o755);
    process.env["PATH"] = `${folder}:${path}`;
    return client();
  }

  it("is removed when the leader's key has gone", async () => {
    const patroni = await standIn(`
      echo "$*" >> asked; cat >> said
      [ "$(wc -l < asked)" = 3 ] && exit 0
      echo -n "This cluster currently is healthy. Please specify the leader name to continue: "
      echo Aborted! >&2; exit 1`);
    await patroni.removeCluster();
    expect(await readFile(join(folder, "asked"), "utf8")).toBe(`-c ${folder} remove cluster\n`.repeat(3));
    expect(await readFile(join(folder, "said"), "utf8")).toBe("cluster\nYes I am aware\n".repeat(3));
  });

  it("stays where patronictl fails otherwise, which is said", async () => {
    const patroni = await standIn(`echo "etcd is away" >&2; exit 1`);
    expect(await failureOf(patroni.removeCluster())).toMatchObject({
      code: "patroni-remove-failed",
      message: expect.stringContaining("etcd is away"),
    });
  });
});
