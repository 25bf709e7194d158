import { fc, test } from "@fast-check/vitest";
import { describe, expect, it } from "vitest";
import { Credentials, type StorageConfig } from "../../lib/job/storage-config.ts";
import { caChain, renderConfig } from "../../provider/postgresql/pgbackrest/pgbackrest-config.ts";
import { rejectStorage } from "../../provider/postgresql/checks/storage-check.ts";

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

describe("the configuration", () => {
  it("has the defaults of the interface", () => {
    expect(render({})).toEqual(
      expect.arrayContaining(["repo1-path=/", "repo1-s3-region=us-east-1", "repo1-s3-uri-style=host"]),
    );
    expect(render({}).join("\n")).not.toMatch(/storage-port|ca-file/);
    expect(caChain(base)).toBeUndefined();
  });

  it("keeps every backup", () => {
    expect(render({})).toContain("repo1-retention-full=9999999");
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
