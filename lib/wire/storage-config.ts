/**
 * `storage-config`: the fields of the s3 interface inside a job.
 *
 * @module
 */
import type { ReportedStorage } from "../job/report.ts";
import { Credentials, withoutUser, type StorageConfig } from "../job/storage-config.ts";
import { storageConfigFields } from "./generated/fields.ts";
import type { S3StorageConfig } from "./generated/databags.ts";
import { isObject } from "./list-value.ts";
import { present, textOf } from "./optional.ts";

/** Reads the storage of a request that the schema accepts (s3 v0, Provider). */
export function decodeStorage(wire: S3StorageConfig): StorageConfig {
  return present({
    bucket: wire.bucket,
    credentials: new Credentials(wire["access-key"], wire["secret-key"]),
    path: textOf(wire.path),
    endpoint: textOf(wire.endpoint),
    region: textOf(wire.region),
    uriStyle: textOf(wire["s3-uri-style"]),
    storageClass: textOf(wire["storage-class"]),
    tlsCaChain: listOf(wire["tls-ca-chain"]),
    attributes: listOf(wire.attributes),
    apiVersion: wire["s3-api-version"],
    unknownFields: listOf(unknownFields(wire)),
  });
}

/** The fields of no meaning to us that say something: an empty text is the interface's way to say nothing. */
function unknownFields(wire: S3StorageConfig): readonly string[] {
  return Object.keys(wire).filter(
    (field) => !storageConfigFields.includes(field) && wire[field] !== "" && wire[field] !== null,
  );
}

/** Writes the storage of a request, keys included. */
export function encodeStorage(storage: StorageConfig): S3StorageConfig {
  const { accessKey, secretKey } = storage.credentials.reveal();
  return present({
    bucket: storage.bucket,
    "access-key": accessKey,
    "secret-key": secretKey,
    path: textOf(storage.path),
    endpoint: textOf(storage.endpoint),
    region: textOf(storage.region),
    "s3-uri-style": textOf(storage.uriStyle),
    "storage-class": textOf(storage.storageClass),
    "tls-ca-chain": listOf(storage.tlsCaChain),
    attributes: listOf(storage.attributes),
    "s3-api-version": storage.apiVersion,
  });
}

/** Reads as much of a storage as a report repeats, from whatever was received. */
export function decodeReportedStorage(received: unknown): ReportedStorage {
  const wire = isObject(received) ? received : {};
  return present({
    bucket: textOf(wire["bucket"]) ?? "",
    path: textOf(wire["path"]),
    endpoint: endpointOf(wire["endpoint"]),
    region: textOf(wire["region"]),
  });
}

/** Writes the storage of a report: v0 demands both keys, so they are there and empty. */
export function encodeReportedStorage(storage: ReportedStorage): S3StorageConfig {
  return present({
    bucket: storage.bucket,
    "access-key": "",
    "secret-key": "",
    path: textOf(storage.path),
    endpoint: textOf(storage.endpoint),
    region: textOf(storage.region),
  });
}

function endpointOf(received: unknown): string | undefined {
  const endpoint = textOf(received);
  return endpoint?.includes("@") === true ? withoutUser(endpoint) : endpoint;
}

function listOf(texts: readonly string[] | undefined): string[] | undefined {
  return texts === undefined || texts.length === 0 ? undefined : [...texts];
}
