import { describe, expect, test } from "vitest";
import { decodeS3, type DecodedS3 } from "../../lib/wire/index.ts";
import { encodeStorage } from "../../lib/wire/storage-config.ts";
import { relationRows, requiredKeys } from "../storage-table/relation-rows.ts";

const required = { bucket: "b", "access-key": "a", "secret-key": "s" };

function storageOf(databag: Record<string, string>): unknown {
  const decoded = decodeS3({ ...required, ...databag });
  if (!decoded.complete) return decoded;
  const { credentials, ...storage } = decoded.storage;
  return { ...storage, ...credentials.reveal() };
}

function problemsOf(databag: Record<string, string>): readonly string[] {
  const decoded: DecodedS3 = decodeS3({ ...required, ...databag });
  return decoded.complete ? decoded.problems.map(({ message }) => message) : ["incomplete"];
}

describe("what the page says of the s3 relation", () => {
  test.each(relationRows)("$key, $form", ({ databag, gives }) => {
    const decoded = decodeS3({ ...requiredKeys, ...databag });
    if (!decoded.complete) throw new Error("it is not complete");
    const [problem] = decoded.problems;
    const made =
      problem === undefined
        ? { config: encodeStorage(decoded.storage) }
        : { refused: problem.message, config: {} };
    expect(made).toEqual(
      "refused" in gives ? { ...gives, config: {} } : { config: { ...requiredKeys, ...gives.config } },
    );
  });
});

describe("the s3 relation", () => {
  test.each([
    [{}, ["bucket", "access-key", "secret-key"]],
    [{ "secret-key": "s", bucket: "b" }, ["access-key"]],
    [{ bucket: " / ", "access-key": "a", "secret-key": " " }, ["bucket", "secret-key"]],
  ])("%j lacks %j", (databag, missing) => {
    expect(decodeS3(databag)).toEqual({ complete: false, missing });
  });

  test("needs three parameters only", () => {
    expect(storageOf({})).toEqual({ bucket: "b", accessKey: "a", secretKey: "s" });
  });

  test("is cleaned of blanks and slashes", () => {
    expect(
      storageOf({
        bucket: " /my-bucket/ ",
        "access-key": " key\n",
        "secret-key": "\tsecret/ ",
        path: " //a/b// ",
        endpoint: " https://minio:9000// ",
        region: " eu-west-1 ",
        "s3-uri-style": " path ",
        "storage-class": " STANDARD ",
        "s3-api-version": " 4 ",
      }),
    ).toEqual({
      bucket: "my-bucket",
      accessKey: "key",
      secretKey: "secret/",
      path: "/a/b",
      endpoint: "https://minio:9000",
      region: "eu-west-1",
      uriStyle: "path",
      storageClass: "STANDARD",
      apiVersion: 4,
    });
  });

  test.each([
    ["path", "/"],
    ["path", ""],
    ["endpoint", " "],
    ["region", ""],
    ["tls-ca-chain", "[]"],
    ["s3-api-version", ""],
  ])("%s %j says nothing", (key, value) => {
    expect(storageOf({ [key]: value })).toEqual({ bucket: "b", accessKey: "a", secretKey: "s" });
  });

  test("keeps a key that looks like a number as it is", () => {
    expect(storageOf({ "access-key": "0012345678901234567890", "secret-key": "1e5" })).toMatchObject({
      accessKey: "0012345678901234567890",
      secretKey: "1e5",
    });
  });

  test("has lists in JSON", () => {
    expect(storageOf({ "tls-ca-chain": '["one","two"]', attributes: '["a: b"]' })).toMatchObject({
      tlsCaChain: ["one", "two"],
      attributes: ["a: b"],
    });
  });

  test.each(["-----BEGIN CERTIFICATE-----\nMIIB", " LS0tLS1CRUdJTi \n"])(
    "has a chain that is a text in itself: %j",
    (text) => {
      expect(problemsOf({ "tls-ca-chain": text })).toEqual([]);
      expect(storageOf({ "tls-ca-chain": text })).toMatchObject({ tlsCaChain: [text.trim()] });
    },
  );

  test.each([
    [
      { attributes: "a: b" },
      "attributes is not JSON: at line 1, column 1, a value was expected, but something else stands here.",
    ],
    [{ "tls-ca-chain": '["pem",1]' }, "tls-ca-chain[1] is a number; expected a string."],
    [{ attributes: '{"a":"b"}' }, "attributes holds an object; expected a list."],
    [{ "s3-api-version": "3" }, 's3-api-version is "3"; expected 2 or 4.'],
  ])("%j has a problem and is usable", (databag, message) => {
    expect(problemsOf(databag)).toEqual([message]);
    expect(storageOf(databag)).toEqual({ bucket: "b", accessKey: "a", secretKey: "s" });
  });
});
