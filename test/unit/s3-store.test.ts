import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { text } from "node:stream/consumers";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Credentials, storageLocation, type StorageConfig } from "../../lib/job/storage-config.ts";
import { openS3Store } from "../../lib/storage/s3-store.ts";
import { storageFailure } from "../../lib/storage/storage-failure.ts";

interface Seen {
  readonly method: string | undefined;
  readonly url: string | undefined;
  readonly host: string | undefined;
  readonly body: string;
}

let server: Server;
let endpoint: string;
let seen: Seen[];
let answer: (response: ServerResponse) => void;

beforeEach(async () => {
  seen = [];
  answer = (response) => response.end();
  const take = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { method, url, headers } = request;
    seen.push({ method, url, host: headers.host, body: await text(request) });
    answer(response);
  };
  server = createServer((request, response) => void take(request, response));
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  const address = server.address();
  endpoint = `http://127.0.0.1:${typeof address === "object" ? (address?.port ?? 0) : 0}`;
});

afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => {
    server.close(resolve);
  });
});

function storage(changes: Partial<StorageConfig> = {}): StorageConfig {
  return {
    bucket: "backups",
    path: "/prod/",
    endpoint,
    uriStyle: "path",
    credentials: new Credentials("access-key-1", "hunter2-secret"),
    ...changes,
  };
}

function refuse(status: number, code: string): void {
  answer = (response) => {
    response.writeHead(status, { "content-type": "application/xml" });
    response.end(
      `<?xml version="1.0"?><Error><Code>${code}</Code><Message>access-key-1 and hunter2-secret</Message>` +
        "<AWSAccessKeyId>access-key-1</AWSAccessKeyId></Error>",
    );
  };
}

async function failureOfProbe(
  config: StorageConfig,
): Promise<{ code: string; message: string; remedy: string }> {
  const store = await openS3Store(config);
  try {
    await store.probe();
    throw new Error("the probe succeeded");
  } catch (error) {
    return storageFailure(error, storageLocation(config));
  } finally {
    store.close();
  }
}

describe("the S3 store", () => {
  it("stores below the configuration's path", async () => {
    const store = await openS3Store(storage());
    await store.put("database-backup/pg/log", "what happened");
    store.close();
    expect(seen).toMatchObject([
      { method: "PUT", url: "/backups/prod/database-backup/pg/log?x-id=PutObject", body: "what happened" },
    ]);
  });

  it("stores at the bucket's root where there is no path", async () => {
    const store = await openS3Store(storage({ path: "/" }));
    await store.put("log", "x");
    store.close();
    expect(seen[0]?.url).toBe("/backups/log?x-id=PutObject");
  });

  it("probes with a listing of one, whose answer has a body", async () => {
    answer = (response) => response.end('<?xml version="1.0"?><ListBucketResult></ListBucketResult>');
    const store = await openS3Store(storage());
    await store.probe();
    store.close();
    expect(seen[0]).toMatchObject({ method: "GET" });
    expect(seen[0]?.url).toContain("max-keys=1");
  });

  it.each([
    [403, "InvalidAccessKeyId", "storage-access-denied", /does not know the access key/],
    [403, "SignatureDoesNotMatch", "storage-access-denied", /secret key does not belong/],
    [403, "AccessDenied", "storage-access-denied", /refused the credentials/],
    [404, "NoSuchBucket", "storage-bucket-missing", /The bucket "backups" does not exist/],
    [403, "QuotaExceeded", "storage-full", /the quota is used up/],
    [507, "XMinioStorageFull", "storage-full", /no room left/],
    [403, "RequestTimeTooSkewed", "storage-clock-differs", /its clock and this machine's/],
    [301, "PermanentRedirect", "storage-failed", /another region/],
    [400, "hunter2-secret", "storage-failed", /status 400/],
  ])("tells %d %s as %s and repeats nothing secret", async (status, code, expected, message) => {
    refuse(status, code);
    const failure = await failureOfProbe(storage());
    expect(failure.code).toBe(expected);
    expect(failure.message).toMatch(message);
    expect(failure.remedy).toMatch(/^[A-Z].*\.$/);
    expect(JSON.stringify(failure)).not.toMatch(/hunter2|access-key-1/);
  });

  it("thinks of https where a connection without TLS is broken off", async () => {
    answer = (response) => response.destroy();
    expect(await failureOfProbe(storage())).toEqual({
      code: "storage-unreachable",
      message: `The storage server at ${endpoint} broke off a connection without TLS (ECONNRESET), as a server does that speaks https alone.`,
      remedy: "Write the endpoint with https, unless the server is meant to be reached without TLS.",
    });
  });

  it("names the endpoint that cannot be reached", async () => {
    const failure = await failureOfProbe(storage({ endpoint: "https://127.0.0.1:9" }));
    expect(failure.code).toBe("storage-unreachable");
    expect(failure.message).toContain("https://127.0.0.1:9");
  });

  it("hints at the style where a bucket has no host of its own", async () => {
    const { uriStyle: _, ...hostStyle } = storage({ endpoint: "https://nowhere.invalid" });
    const failure = await failureOfProbe(hostStyle);
    expect(failure.code).toBe("storage-unreachable");
    expect(failure.remedy).toContain("s3-uri-style");
  });
});

describe("a storage failure", () => {
  it("of something else is told without its text", () => {
    const failure = storageFailure(new Error("hunter2-secret"), storageLocation(storage()));
    expect(failure.code).toBe("storage-failed");
    expect(JSON.stringify(failure)).not.toContain("hunter2");
  });
});
