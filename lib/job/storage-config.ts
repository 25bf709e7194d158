/**
 * Where a job's artefacts are kept, as its request says it, and what tells one such place from another.
 *
 * @module
 */
import { trimBlanksAndSlashes, trimEndOfBlanksAndSlashes } from "./trim.ts";

/**
 * An access key and its secret, wrapped so that no log, error, JSON text or inspection ever shows them.
 * Only {@link Credentials.reveal} gives them out; its callers are few and easy to find.
 */
export class Credentials {
  readonly #accessKey: string;
  readonly #secretKey: string;

  constructor(accessKey: string, secretKey: string) {
    this.#accessKey = accessKey;
    this.#secretKey = secretKey;
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
  /** `host` or `path`: where the bucket's name stands in a URL. Default: host. */
  readonly uriStyle?: string;
  readonly storageClass?: string;
  /** PEM certificates that the server's certificate is verified against. Default: those of the system. */
  readonly tlsCaChain?: readonly string[];
  readonly attributes?: readonly string[];
  readonly apiVersion?: 2 | 4;
}

/** What tells one repository from another; credentials and the way to it do not. */
export interface StorageLocation {
  /** With its scheme, without a trailing slash. */
  readonly endpoint: string;
  readonly bucket: string;
  /** With one leading slash and no trailing one; the root of the bucket is `/`. */
  readonly path: string;
}

/** The endpoint of a configuration that names none: that of the s3 interface's own clients. */
export const defaultEndpoint = "https://s3.amazonaws.com";

/**
 * Cleans what admins and charms write in many ways, as Canonical's charms clean it: blanks and slashes at the ends of
 * path, bucket and endpoint. An endpoint without a scheme is meant to be one with https.
 */
export function storageLocation(
  storage: Pick<StorageConfig, "bucket" | "path" | "endpoint">,
): StorageLocation {
  const endpoint = trimEndOfBlanksAndSlashes((storage.endpoint ?? "").trimStart());
  return {
    endpoint: endpoint === "" ? defaultEndpoint : endpoint.includes("://") ? endpoint : `https://${endpoint}`,
    bucket: trimBlanksAndSlashes(storage.bucket),
    path: `/${trimBlanksAndSlashes(storage.path ?? "")}`,
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
