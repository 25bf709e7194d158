/**
 * Where a job's artefacts are kept, as its request says it, and what tells one such place from another.
 *
 * @module
 */
import { trimBlanksAndSlashes, trimEndOfBlanksAndSlashes } from "./trim.ts";

/**
 * An access key and its secret, wrapped so that no log, error, JSON text or inspection ever shows them.
 * Only {@link Credentials.reveal} gives them out; its callers are few and easy to find.
 *
 * Blanks at their ends are no part of them: some clients would cut them off, and others sign with them.
 */
export class Credentials {
  readonly #accessKey: string;
  readonly #secretKey: string;

  constructor(accessKey: string, secretKey: string) {
    this.#accessKey = accessKey.trim();
    this.#secretKey = secretKey.trim();
  }

  /** Gives out the two keys. */
  reveal(): { readonly accessKey: string; readonly secretKey: string } {
    return { accessKey: this.#accessKey, secretKey: this.#secretKey };
  }

  /** Whether both keys are there. A request whose keys travel otherwise, or were withdrawn, has empty ones. */
  get present(): boolean {
    return this.#accessKey !== "" && this.#secretKey !== "";
  }

  toJSON(): string {
    return "[redacted]";
  }

  toString(): string {
    return "[redacted]";
  }
}

/** The storage configuration of a job: the fields of the s3 interface, as they were received. */
export interface StorageConfig {
  readonly bucket: string;
  readonly credentials: Credentials;
  /** The folder in the bucket. Default: its root. */
  readonly path?: string;
  /** The server's URL. Default: AWS. */
  readonly endpoint?: string;
  readonly region?: string;
  /** `host` or `path`: where the bucket's name stands in a URL. Default: host, where a host can have the name. */
  readonly uriStyle?: string;
  readonly storageClass?: string;
  /** The certificates that the server's is verified against, as PEM or as base64 of it. Default: the system's. */
  readonly tlsCaChain?: readonly string[];
  readonly attributes?: readonly string[];
  readonly apiVersion?: 2 | 4;
  /** The names of further fields that said something. What they said is not kept. */
  readonly unknownFields?: readonly string[];
}

/**
 * The fields that a database engine cannot honour, each with why, as half a sentence. No others may be ignored: the rest
 * decides which objects on which server are meant.
 */
export type IgnoredStorageFields = Readonly<Partial<Record<"attributes" | "storage-class", string>>>;

/** What tells one repository from another; credentials and the way to it do not. */
export interface StorageLocation {
  /** With its scheme, without a trailing slash, and without a user's name and password. */
  readonly endpoint: string;
  readonly bucket: string;
  /** With one leading slash, no trailing one, and no two in a row; the root of the bucket is `/`. */
  readonly path: string;
}

/** The endpoint of a configuration that names none: that of the s3 interface's own clients. */
export const defaultEndpoint = "https://s3.amazonaws.com";

/**
 * Cleans what admins and charms write in many ways, as Canonical's charms clean it: blanks and slashes at the ends of
 * path, bucket and endpoint. An endpoint without a scheme is meant to be one with https. Slashes in a row are one, since
 * clients differ in what they make of them.
 */
export function storageLocation(
  storage: Pick<StorageConfig, "bucket" | "path" | "endpoint">,
): StorageLocation {
  const endpoint = withoutUser(trimEndOfBlanksAndSlashes((storage.endpoint ?? "").trimStart()));
  return {
    endpoint: endpoint === "" ? defaultEndpoint : endpoint.includes("://") ? endpoint : `https://${endpoint}`,
    bucket: trimBlanksAndSlashes(storage.bucket),
    path: `/${trimBlanksAndSlashes(storage.path ?? "")}`.replaceAll(/\/+/g, "/"),
  };
}

/** Whether two configurations name the same repository, however they write it. */
export function sameLocation(a: StorageLocation, b: StorageLocation): boolean {
  return a.endpoint === b.endpoint && a.bucket === b.bucket && a.path === b.path;
}

/** Names a repository in a message. */
export function describeLocation(location: StorageLocation): string {
  return `bucket "${location.bucket}", path "${location.path}", at ${location.endpoint}`;
}

/** An endpoint without the name and password of a user, which no message and no report may show. */
export function withoutUser(endpoint: string): string {
  return endpoint.replace(/^((?:[^/?#]*:)?\/\/|)[^/?#]*@/, "$1");
}
