/**
 * The storage parameters of an `s3` relation: its provider's application databag (s3 v0 and v1, Provider).
 *
 * @module
 */
import { Credentials, type StorageConfig } from "../job/storage-config.ts";
import { trimBlanksAndSlashes, trimEndOfBlanksAndSlashes } from "../job/trim.ts";
import type { Databag } from "../juju/juju.ts";
import { readList } from "./list-value.ts";
import { present, textOf } from "./optional.ts";
import type { Problem } from "./problem.ts";
import { kindOf, quoted } from "./received.ts";

/** What an `s3` relation offers. */
export type DecodedS3 =
  | {
      readonly complete: true;
      readonly storage: StorageConfig;
      /** Optional parameters that could not be read, and were left out. */
      readonly problems: readonly Problem[];
    }
  | {
      readonly complete: false;
      /** The required parameters that are absent or blank, in the order bucket, access-key, secret-key. */
      readonly missing: readonly string[];
    };

/**
 * Reads the storage parameters of an `s3` relation and cleans them: blanks at the ends of every value, slashes at both
 * ends of bucket and path, slashes at the end of the endpoint; a path begins with one slash.
 *
 * Values are texts, and stay texts: an access key that looks like a number is no number. Only `tls-ca-chain` and
 * `attributes` are JSON lists; a chain may also be the one text that such a list would hold.
 */
export function decodeS3(databag: Databag): DecodedS3 {
  const bucket = trimBlanksAndSlashes(clean(databag, "bucket"));
  const accessKey = clean(databag, "access-key");
  const secretKey = clean(databag, "secret-key");
  const required = { bucket, "access-key": accessKey, "secret-key": secretKey };
  const missing = Object.entries(required)
    .filter(([, value]) => value === "")
    .map(([key]) => key);
  if (missing.length > 0) return { complete: false, missing };

  const path = trimBlanksAndSlashes(clean(databag, "path"));
  const problems: Problem[] = [];
  const storage: StorageConfig = present({
    bucket,
    credentials: new Credentials(accessKey, secretKey),
    path: path === "" ? undefined : `/${path}`,
    endpoint: textOf(trimEndOfBlanksAndSlashes(clean(databag, "endpoint"))),
    region: textOf(clean(databag, "region")),
    uriStyle: textOf(clean(databag, "s3-uri-style")),
    storageClass: textOf(clean(databag, "storage-class")),
    tlsCaChain: readChain(databag, problems),
    attributes: readTexts(databag, "attributes", problems),
    apiVersion: readApiVersion(databag, problems),
  });
  return { complete: true, storage, problems };
}

/**
 * The URI of the secret that has the keys (s3 v1, Provider).
 *
 * @returns Undefined where the keys stand in the databag, or nowhere.
 */
export function s3SecretOf(databag: Databag): string | undefined {
  const uri = clean(databag, "secret-extra");
  return /^secret:(\/\/[^/\s]+\/)?[0-9a-z]{20}$/.test(uri) ? uri : undefined;
}

function clean(databag: Databag, key: string): string {
  return (databag[key] ?? "").trim();
}

function readChain(databag: Databag, problems: Problem[]): readonly string[] | undefined {
  const text = clean(databag, "tls-ca-chain");
  // Neither PEM nor base64 begins like a value of JSON that could stand here.
  return /^[-\w+/]/.test(text) ? [text] : readTexts(databag, "tls-ca-chain", problems);
}

function readTexts(databag: Databag, key: string, problems: Problem[]): readonly string[] | undefined {
  const list = readList(databag, key);
  problems.push(...list.problems);
  const texts = list.items.filter((item) => typeof item === "string");
  if (texts.length < list.items.length) {
    const wrong = list.items.findIndex((item) => typeof item !== "string");
    problems.push({
      field: `${key}[${wrong}]`,
      message: `${key}[${wrong}] is ${kindOf(list.items[wrong])}; expected a string.`,
      remedy: `Write ${key} as a JSON list of strings.`,
    });
    return undefined;
  }
  return texts.length === 0 ? undefined : texts;
}

function readApiVersion(databag: Databag, problems: Problem[]): 2 | 4 | undefined {
  const version = clean(databag, "s3-api-version");
  if (version === "") return undefined;
  if (version === "2") return 2;
  if (version === "4") return 4;
  problems.push({
    field: "s3-api-version",
    message: `s3-api-version is ${quoted(version)}; expected 2 or 4.`,
    remedy: "Set s3-api-version to 2 or 4.",
  });
  return undefined;
}
