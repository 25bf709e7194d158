/**
 * `storage-config`: the fields of the s3 interface inside a job.
 *
 * @module
 */
import type { ReportedStorage } from "../job/report.ts";
import { Credentials, withoutUser, type StorageConfig } from "../job/storage-config.ts";
import type { S3StorageConfig } from "./generated/databags.ts";
import { isObject } from "./list-value.ts";
import { optional, textOf } from "./optional.ts";

/** Reads the storage of a request that the schema accepts (s3 v0, Provider). */
export function decodeStorage(wire: S3StorageConfig): StorageConfig {
  return {
    bucket: wire.bucket,
    credentials: new Credentials(wire["access-key"], wire["secret-key"]),
    ...optional("path", textOf(wire.path)),
    ...optional("endpoint", textOf(wire.endpoint)),
    ...optional("region", textOf(wire.region)),
    ...optional("uriStyle", textOf(wire["s3-uri-style"])),
    ...optional("storageClass", textOf(wire["storage-class"])),
    ...optional("tlsCaChain", listOf(wire["tls-ca-chain"])),
    ...optional("attributes", listOf(wire.attributes)),
    ...optional("apiVersion", wire["s3-api-version"]),
    ...optional("unknownFields", listOf(unknownFields(wire))),
  };
}

const knownFields: ReadonlySet<string> = new Set([
  "bucket",
  "access-key",
  "secret-key",
  "path",
  "endpoint",
  "region",
  "s3-uri-style",
  "storage-class",
  "tls-ca-chain",
  "attributes",
  "s3-api-version",
] satisfies (keyof S3StorageConfig)[]);

/** The fields of no meaning to us that say something: an empty text is the interface's way to say nothing. */
function unknownFields(wire: S3StorageConfig): readonly string[] {
  return Object.entries(wire)
    .filter(([field, value]) => !knownFields.has(field) && value !== "" && value !== null)
    .map(([field]) => field);
}

/** Writes the storage of a request, keys included. */
export function encodeStorage(storage: StorageConfig): S3StorageConfig {
  const { accessKey, secretKey } = storage.credentials.reveal();
  return {
    bucket: storage.bucket,
    "access-key": accessKey,
    "secret-key": secretKey,
    ...optional("path", textOf(storage.path)),
    ...optional("endpoint", textOf(storage.endpoint)),
    ...optional("region", textOf(storage.region)),
    ...optional("s3-uri-style", textOf(storage.uriStyle)),
    ...optional("storage-class", textOf(storage.storageClass)),
    ...optional("tls-ca-chain", listOf(storage.tlsCaChain)),
    ...optional("attributes", listOf(storage.attributes)),
    ...optional("s3-api-version", storage.apiVersion),
  };
}

/** Reads as much of a storage as a report repeats, from whatever was received. */
export function decodeReportedStorage(received: unknown): ReportedStorage {
  const wire = isObject(received) ? received : {};
  return {
    bucket: textOf(wire["bucket"]) ?? "",
    ...optional("path", textOf(wire["path"])),
    ...optional("endpoint", endpointOf(wire["endpoint"])),
    ...optional("region", textOf(wire["region"])),
  };
}

/** Writes the storage of a report: v0 demands both keys, so they are there and empty. */
export function encodeReportedStorage(storage: ReportedStorage): S3StorageConfig {
  return {
    bucket: storage.bucket,
    "access-key": "",
    "secret-key": "",
    ...optional("path", textOf(storage.path)),
    ...optional("endpoint", textOf(storage.endpoint)),
    ...optional("region", textOf(storage.region)),
  };
}

function endpointOf(received: unknown): string | undefined {
  const endpoint = textOf(received);
  return endpoint === undefined ? undefined : withoutUser(endpoint);
}

function listOf(texts: readonly string[] | undefined): string[] | undefined {
  return texts === undefined || texts.length === 0 ? undefined : [...texts];
}
