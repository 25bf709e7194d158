/**
 * What pgBackRest can do with a storage configuration, before anything is sent. Pure.
 *
 * @module
 */
import type { Failure } from "../../../lib/job/report.ts";
import { hostTakesBucket, regionOf } from "../../../lib/job/storage-address.ts";
import {
  storageLocation,
  type IgnoredStorageFields,
  type StorageConfig,
} from "../../../lib/job/storage-config.ts";
import { readCaChain } from "../../../lib/storage/ca-chain.ts";
import { quoted } from "../../../lib/wire/received.ts";

/** The fields that pgBackRest has no option for. */
export const ignoredByPgBackRest: IgnoredStorageFields = {
  "storage-class": "pgBackRest stores in the bucket's default class",
  attributes: "pgBackRest adds no headers to its requests",
};

/** Why a storage configuration cannot be used with pgBackRest; undefined if it can. Says nothing of whether it works. */
export function rejectStorage(storage: StorageConfig): Failure | undefined {
  return (
    rejectControlCharacters(storage) ??
    rejectBucket(storage) ??
    (storage.credentials.present ? undefined : withoutCredentials) ??
    rejectPath(storage) ??
    rejectEndpoint(storage) ??
    rejectRegion(storage) ??
    rejectStyle(storage) ??
    rejectChain(storage) ??
    rejectApiVersion(storage)
  );
}

const withoutCredentials: Failure = {
  code: "storage-credentials-missing",
  message: "The request came without access key or secret key.",
  remedy: "Give access-key and secret-key in the storage configuration.",
};

/** A line break in a value would begin an option of its own in pgBackRest's configuration. */
function rejectControlCharacters(storage: StorageConfig): Failure | undefined {
  const { accessKey, secretKey } = storage.credentials.reveal();
  const fields = {
    bucket: storage.bucket,
    "access-key": accessKey,
    "secret-key": secretKey,
    path: storage.path ?? "",
    endpoint: storage.endpoint ?? "",
    region: storage.region ?? "",
    "s3-uri-style": storage.uriStyle ?? "",
  };
  const found = Object.entries(fields).find(([, value]) => /\p{Cc}/u.test(value));
  if (found === undefined) return undefined;
  const [field] = found;
  return invalid(
    field,
    "holds a control character",
    `Remove line breaks and control characters from ${field}.`,
  );
}

/** A slash would lead into a folder, and what else is odd is understood by each client in its own way. */
function rejectBucket(storage: StorageConfig): Failure | undefined {
  const { bucket } = storageLocation(storage);
  if (bucket === "") return invalid("bucket", "is empty", "Name the bucket in the storage configuration.");
  if (bucket.includes("."))
    return invalid(
      "bucket",
      `is ${quoted(bucket)}, and pgBackRest takes no bucket with a dot in its name`,
      "Use a bucket without dots: no certificate for all buckets of a host can be for one with a dot.",
    );
  // Ceph writes the bucket of another tenant as tenant:bucket.
  if (/^(?:[\w-]+:)?[a-z0-9][\w-]*$/i.test(bucket)) return undefined;
  return invalid(
    "bucket",
    `is ${quoted(bucket)}, which cannot be the name of a bucket`,
    "Use letters, digits, hyphens and underscores alone; a folder goes into the path field.",
  );
}

/** Servers and proxies on the way resolve such folders, or do not. */
function rejectPath(storage: StorageConfig): Failure | undefined {
  const { path } = storageLocation(storage);
  if (!path.split("/").some((part) => part === "." || part === "..")) return undefined;
  return invalid(
    "path",
    `is ${quoted(path)}, with a folder of dots alone`,
    "Write the path without . and ..",
  );
}

function rejectEndpoint(storage: StorageConfig): Failure | undefined {
  const { endpoint } = storageLocation(storage);
  // What stands before an @ may be a password, so this comes before all that shows the endpoint.
  if ((storage.endpoint ?? "").includes("@"))
    return invalid(
      "endpoint",
      "holds a user name or password",
      "Remove what stands before the @ in the endpoint, and the @.",
    );
  if (!URL.canParse(endpoint))
    return invalid(
      "endpoint",
      `is ${quoted(endpoint)}, which is no URL`,
      "Write it like https://s3.example.com.",
    );
  const url = new URL(endpoint);
  if (url.protocol !== "https:")
    return {
      code: "storage-endpoint-insecure",
      message: `storage-config.endpoint is ${quoted(endpoint)}, and pgBackRest speaks to S3 over TLS only.`,
      remedy:
        "Give an https endpoint, with tls-ca-chain if its certificate is signed by a private authority.",
    };
  if (url.pathname !== "/" || url.search !== "" || url.hash !== "")
    return invalid(
      "endpoint",
      `is ${quoted(endpoint)}, and pgBackRest takes only a host and a port`,
      "Put the path behind the host into the path field.",
    );
  return undefined;
}

/** It becomes a part of host names and of signatures. */
function rejectRegion(storage: StorageConfig): Failure | undefined {
  const region = regionOf(storage);
  if (/^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/i.test(region)) return undefined;
  return invalid(
    "region",
    `is ${quoted(region)}, which cannot be the name of a region`,
    "Use letters, digits and hyphens alone, or leave the region out where the server knows none.",
  );
}

function rejectStyle(storage: StorageConfig): Failure | undefined {
  const style = (storage.uriStyle ?? "").trim();
  if (style === "" || style === "path") return undefined;
  if (style !== "host")
    return invalid("s3-uri-style", `is ${quoted(style)}`, "Set s3-uri-style to host or path.");
  if (hostTakesBucket(storage)) return undefined;
  const { bucket, endpoint } = storageLocation(storage);
  return invalid(
    "s3-uri-style",
    `is host, and ${quoted(bucket)} cannot stand before the host of ${quoted(endpoint)}`,
    "Set s3-uri-style to path, or leave it out.",
  );
}

function rejectChain(storage: StorageConfig): Failure | undefined {
  const chain = readCaChain(storage.tlsCaChain);
  if (chain.readable) return undefined;
  return invalid(
    `tls-ca-chain[${chain.item}]`,
    "holds no certificate that can be read",
    "Give each certificate of tls-ca-chain as PEM, or as base64 of it.",
  );
}

function rejectApiVersion(storage: StorageConfig): Failure | undefined {
  if (storage.apiVersion !== 2) return undefined;
  return invalid(
    "s3-api-version",
    "is 2, and pgBackRest signs with version 4 only",
    "Set s3-api-version to 4.",
  );
}

function invalid(field: string, what: string, remedy: string): Failure {
  return { code: "storage-config-invalid", message: `storage-config.${field} ${what}.`, remedy };
}
