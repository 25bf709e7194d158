import { fc, test } from "@fast-check/vitest";
import { describe, expect, it } from "vitest";
import { Credentials, type StorageConfig } from "../../lib/job/storage-config.ts";
import {
  caChain,
  ignoredFields,
  rejectStorage,
  renderConfig,
  storageFields,
} from "../../provider/postgresql/pgbackrest/pgbackrest-config.ts";

const base: StorageConfig = {
  bucket: "bucket",
  endpoint: "https://s3.example.com",
  credentials: new Credentials("key", "secret"),
};
const context = {
  stanza: "prod.postgresql",
  dataDirectory: "/data",
  socketDirectory: "/run",
  port: 5432,
  user: "postgres",
  processMax: 2,
  folder: "/work",
  caFile: "/conf/ca.crt",
};

function render(changes: Partial<StorageConfig>): readonly string[] {
  return renderConfig({ ...base, ...changes }, context).split("\n");
}

interface Row {
  readonly changes: Partial<StorageConfig>;
  readonly lines?: readonly string[];
  readonly code?: string;
  readonly warns?: boolean;
}

/** One entry for each row of the table, under its field and what it does. */
const rows: Readonly<Record<string, Row>> = {
  "bucket honoured": { changes: { bucket: " /b/ " }, lines: ["repo1-s3-bucket=b"] },
  "access-key honoured": { changes: {}, lines: ["repo1-s3-key=key"] },
  "secret-key honoured": { changes: {}, lines: ["repo1-s3-key-secret=secret"] },
  "path honoured": { changes: { path: "a//b/" }, lines: ["repo1-path=/a/b"] },
  "endpoint honoured": {
    changes: { endpoint: "https://localhost:9443/" },
    lines: ["repo1-s3-endpoint=localhost", "repo1-storage-port=9443"],
  },
  "endpoint rejected it is not https": {
    changes: { endpoint: "http://x" },
    code: "storage-endpoint-insecure",
  },
  "endpoint rejected it has a path": { changes: { endpoint: "https://x/y" }, code: "storage-config-invalid" },
  "region honoured": { changes: { region: "eu-west-1" }, lines: ["repo1-s3-region=eu-west-1"] },
  "s3-uri-style honoured": { changes: { uriStyle: "path" }, lines: ["repo1-s3-uri-style=path"] },
  "s3-uri-style rejected neither host nor path": {
    changes: { uriStyle: "x" },
    code: "storage-config-invalid",
  },
  "storage-class ignored": { changes: { storageClass: "GLACIER" }, warns: true },
  "tls-ca-chain honoured": {
    changes: { tlsCaChain: ["PEM"] },
    lines: ["repo1-storage-ca-file=/conf/ca.crt"],
  },
  "attributes ignored": { changes: { attributes: ["a"] }, warns: true },
  "s3-api-version honoured 4": { changes: { apiVersion: 4 }, lines: ["repo1-type=s3"] },
  "s3-api-version rejected 2": { changes: { apiVersion: 2 }, code: "storage-config-invalid" },
};

describe("the table of fields", () => {
  it.each(storageFields)("$field $treatment $when", ({ field, treatment, when }) => {
    const row = rows[[field, treatment, when].filter((part) => part !== undefined).join(" ")];
    expect(row).toBeDefined();
    const storage = { ...base, ...row?.changes };
    expect(rejectStorage(storage)?.code).toBe(row?.code);
    expect(ignoredFields(storage)).toHaveLength(row?.warns === true ? 1 : 0);
    expect(render(row?.changes ?? {})).toEqual(expect.arrayContaining([...(row?.lines ?? [])]));
  });

  it("has a case for every row", () => {
    expect(Object.keys(rows)).toHaveLength(storageFields.length);
  });
});

describe("the configuration", () => {
  it("has the defaults of the interface", () => {
    expect(render({})).toEqual(
      expect.arrayContaining(["repo1-path=/", "repo1-s3-region=us-east-1", "repo1-s3-uri-style=host"]),
    );
    expect(render({}).join("\n")).not.toMatch(/storage-port|ca-file/);
    expect(caChain(base)).toBeUndefined();
    expect(caChain({ ...base, tlsCaChain: [" A ", "B"] })).toBe("A\nB\n");
  });

  it("uses the region's own host at AWS", () => {
    const { endpoint: _, ...aws } = base;
    expect(renderConfig({ ...aws, region: "eu-west-1" }, context)).toContain(
      "endpoint=s3.eu-west-1.amazonaws.com",
    );
    expect(renderConfig(aws, context)).toContain("endpoint=s3.amazonaws.com\n");
  });

  it("keeps every backup", () => {
    expect(render({})).toContain("repo1-retention-full=9999999");
  });

  it.each([
    ["no bucket", { bucket: "/" }, "storage-config-invalid"],
    ["no keys", { credentials: new Credentials("", "") }, "storage-credentials-missing"],
    ["no URL", { endpoint: "not a host" }, "storage-config-invalid"],
    ["a password in the URL", { endpoint: "https://u:p@x" }, "storage-config-invalid"],
  ])("is refused with %s", (_, changes, code) => {
    expect(rejectStorage({ ...base, ...changes })?.code).toBe(code);
  });
});

const hostile = fc.oneof(
  fc.string(),
  fc.constantFrom("a\nrepo1-retention-full=1", "x\r[global]", "\u0000", "="),
);

test.prop([hostile, hostile, hostile, hostile])(
  "no value begins an option of its own, and no message holds a secret",
  (bucket, path, region, secretKey) => {
    const storage = {
      ...base,
      bucket,
      path,
      region,
      credentials: new Credentials("key", `hunter2-${secretKey}`),
    };
    const failure = rejectStorage(storage);
    if (failure === undefined) {
      expect(renderConfig(storage, context).split("\n")).toHaveLength(render({}).length);
    } else {
      expect(JSON.stringify(failure)).not.toContain("hunter2");
    }
  },
);
