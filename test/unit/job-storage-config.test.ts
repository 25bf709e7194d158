import { inspect } from "node:util";
import { fc, test as property } from "@fast-check/vitest";
import { describe, expect, test } from "vitest";
import { reportedStorage } from "../../lib/job/report.ts";
import {
  Credentials,
  defaultEndpoint,
  describeLocation,
  sameLocation,
  storageLocation,
  type StorageConfig,
} from "../../lib/job/storage-config.ts";

describe("the location of a storage", () => {
  test.each([
    ["backups", "backups"],
    [" backups ", "backups"],
    ["/backups/", "backups"],
    ["//backups//", "backups"],
    ["/ backups /", "backups"],
    ["\tbackups\n", "backups"],
  ])("cleans the bucket %j", (bucket, clean) => {
    expect(storageLocation({ bucket }).bucket).toBe(clean);
  });

  test.each([
    [undefined, "/"],
    ["", "/"],
    ["/", "/"],
    ["//", "/"],
    [" / ", "/"],
    ["team/db", "/team/db"],
    ["/team/db/", "/team/db"],
    [" /team/db/ ", "/team/db"],
    ["team //db", "/team /db"],
    ["//team///db//", "/team/db"],
  ])("cleans the path %j", (path, clean) => {
    expect(storageLocation({ bucket: "b", ...(path === undefined ? {} : { path }) }).path).toBe(clean);
  });

  test.each([
    [undefined, defaultEndpoint],
    ["", defaultEndpoint],
    ["  ", defaultEndpoint],
    ["https://s3.amazonaws.com/", defaultEndpoint],
    ["http://10.0.0.1:9000//", "http://10.0.0.1:9000"],
    [" https://minio.local/ ", "https://minio.local"],
    ["https://minio.local/s3", "https://minio.local/s3"],
    ["minio.local:9000", "https://minio.local:9000"],
    ["https://admin:hunter2@minio.local", "https://minio.local"],
    ["admin:hunter2@minio.local", "https://minio.local"],
    ["https://minio.local/@", "https://minio.local/@"],
  ])("cleans the endpoint %j", (endpoint, clean) => {
    const location = storageLocation({ bucket: "b", ...(endpoint === undefined ? {} : { endpoint }) });
    expect(location.endpoint).toBe(clean);
  });

  const text = fc.string({ unit: fc.constantFrom("a", "B", ".", "/", " ", "\t", ":", "é") });

  property.prop([text, text, text])("is clean once it was cleaned", (bucket, path, endpoint) => {
    const once = storageLocation({ bucket, path, endpoint });
    expect(storageLocation(once)).toEqual(once);
    expect(sameLocation(once, storageLocation(once))).toBe(true);
  });

  property.prop([text, text])(
    "has a bucket and a path without blanks or slashes at their ends",
    (bucket, path) => {
      const location = storageLocation({ bucket, path });
      expect(location.bucket).not.toMatch(/^[\s/]|[\s/]$/);
      expect(location.path).toMatch(/^\/(?:[^\s/](?:.*[^\s/])?)?$/s);
    },
  );

  test("tells repositories apart by endpoint, bucket and path alone", () => {
    const location = storageLocation({ bucket: "b", path: "p", endpoint: "https://e" });
    expect(sameLocation(location, { ...location, bucket: "c" })).toBe(false);
    expect(sameLocation(location, { ...location, path: "/q" })).toBe(false);
    expect(sameLocation(location, { ...location, endpoint: "https://f" })).toBe(false);
    expect(
      sameLocation(location, storageLocation({ bucket: "/b ", path: "/p/", endpoint: "https://e/" })),
    ).toBe(true);
  });

  test("is described with all three", () => {
    expect(describeLocation(storageLocation({ bucket: "b", path: "p" }))).toBe(
      `bucket "b", path "/p", at ${defaultEndpoint}`,
    );
  });
});

describe("credentials", () => {
  const accessKey = "AKIACANARYCANARY";
  const secretKey = "canary/secret+canary";
  const credentials = new Credentials(accessKey, secretKey);
  const storage: StorageConfig = { bucket: "b", path: "p", region: "r", endpoint: "https://e", credentials };

  test("are given out by reveal alone", () => {
    expect(credentials.reveal()).toEqual({ accessKey, secretKey });
  });

  test.each<[string, () => string]>([
    ["JSON", () => JSON.stringify({ storage, list: [credentials] })],
    ["JSON of the wrapper", () => JSON.stringify(credentials)],
    ["String()", () => String(credentials)],
    ["a template", () => `${credentials.toString()} ${[credentials].join()}`],
    ["concatenation", () => ["", credentials].join("")],
    ["inspection", () => inspect(storage, { depth: null, showHidden: true, getters: true })],
    ["its keys", () => [...Object.keys(credentials), ...Object.values(credentials).map(String)].join()],
    ["own properties", () => JSON.stringify(Object.getOwnPropertyDescriptors(credentials))],
    ["a structured clone", () => inspect(structuredClone(storage), { depth: null, showHidden: true })],
    ["a spread", () => inspect(Object.assign({}, credentials))],
    [
      "an error",
      () => inspect(new Error(`no bucket at ${credentials.toString()}`, { cause: storage }), { depth: null }),
    ],
    ["a report's storage", () => inspect(reportedStorage(storage), { depth: null })],
  ])("do not appear in %s", (_, show) => {
    const shown = show();
    expect(shown).not.toContain(accessKey);
    expect(shown).not.toContain("canary");
  });

  test("say that they are there, in words", () => {
    expect(JSON.stringify(credentials)).toBe('"[redacted]"');
    expect(String(credentials)).toBe("[redacted]");
  });

  test.each([
    ["k", "s", true],
    ["", "s", false],
    ["k", "", false],
    ["", "", false],
    [" ", "\n", false],
  ])("of %j and %j are present: %s", (access, secret, present) => {
    expect(new Credentials(access, secret).present).toBe(present);
  });
});

test("credentials are without the blanks at their ends", () => {
  expect(new Credentials(" k\n", "\ts t ").reveal()).toEqual({ accessKey: "k", secretKey: "s t" });
});

describe("a report's storage", () => {
  test("says nothing of a user and a password", () => {
    const storage = { bucket: "b", endpoint: "https://u:hunter2@e", credentials: new Credentials("k", "s") };
    expect(reportedStorage(storage)).toEqual({ bucket: "b", endpoint: "https://e" });
  });

  test("is the location of the request, as it was written, and nothing else", () => {
    const credentials = new Credentials("k", "s");
    expect(
      reportedStorage({
        bucket: " b",
        path: "/p/",
        endpoint: "e",
        region: "r",
        uriStyle: "path",
        apiVersion: 4,
        credentials,
      }),
    ).toEqual({ bucket: " b", path: "/p/", endpoint: "e", region: "r" });
    expect(Object.keys(reportedStorage({ bucket: "b", credentials }))).toEqual(["bucket"]);
  });
});
