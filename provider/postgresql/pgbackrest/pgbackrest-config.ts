/**
 * pgBackRest's configuration file, rendered from a storage configuration. Pure.
 *
 * The file holds keys: whoever writes it makes it readable by the database user alone.
 *
 * @module
 */
import type { Failure } from "../../../lib/job/report.ts";
import { storageLocation, type StorageConfig } from "../../../lib/job/storage-config.ts";

/** What is done with a field of the s3 interface. */
export type FieldTreatment = "honoured" | "ignored" | "rejected";

/** What each field of the s3 interface does to pgBackRest. */
export interface StorageField {
  /** The field's name on the wire. */
  readonly field: string;
  readonly treatment: FieldTreatment;
  /** When the treatment applies. Default: always. */
  readonly when?: string;
  /** pgBackRest's option, or why there is none. */
  readonly effect: string;
}

/** What each field of the s3 interface does to pgBackRest; the documentation's table and the tests follow it. */
export const storageFields: readonly StorageField[] = [
  { field: "bucket", treatment: "honoured", effect: "repo1-s3-bucket" },
  { field: "access-key", treatment: "honoured", effect: "repo1-s3-key" },
  { field: "secret-key", treatment: "honoured", effect: "repo1-s3-key-secret" },
  { field: "path", treatment: "honoured", effect: "repo1-path" },
  { field: "endpoint", treatment: "honoured", effect: "repo1-s3-endpoint and repo1-storage-port" },
  {
    field: "endpoint",
    treatment: "rejected",
    when: "it is not https",
    effect: "pgBackRest speaks to S3 over TLS only",
  },
  {
    field: "endpoint",
    treatment: "rejected",
    when: "it has a path",
    effect: "pgBackRest takes a host and a port",
  },
  { field: "region", treatment: "honoured", effect: "repo1-s3-region, us-east-1 where absent" },
  { field: "s3-uri-style", treatment: "honoured", effect: "repo1-s3-uri-style" },
  {
    field: "s3-uri-style",
    treatment: "rejected",
    when: "neither host nor path",
    effect: "there are two styles",
  },
  { field: "storage-class", treatment: "ignored", effect: "pgBackRest stores in the bucket's default class" },
  { field: "tls-ca-chain", treatment: "honoured", effect: "repo1-storage-ca-file" },
  { field: "attributes", treatment: "ignored", effect: "pgBackRest sends no attributes" },
  { field: "s3-api-version", treatment: "honoured", when: "4", effect: "pgBackRest signs with version 4" },
  {
    field: "s3-api-version",
    treatment: "rejected",
    when: "2",
    effect: "pgBackRest signs with version 4 only",
  },
];

/** What the configuration says besides the storage. */
export interface ConfigContext {
  readonly stanza: string;
  readonly dataDirectory: string;
  readonly socketDirectory: string;
  readonly port: number;
  readonly user: string;
  readonly processMax: number;
  /** The folder for logs, locks and spool. */
  readonly folder: string;
  /** Where the CA chain is written, if there is one. */
  readonly caFile: string;
}

/** Why a storage configuration cannot be used with pgBackRest; undefined if it can. Says nothing of whether it works. */
export function rejectStorage(storage: StorageConfig): Failure | undefined {
  for (const [field, value] of textFields(storage)) {
    // A line break in a value would begin an option of its own.
    if (/\p{Cc}/u.test(value))
      return invalid(
        field,
        "holds a control character",
        `Remove line breaks and control characters from ${field}.`,
      );
  }
  const { bucket } = storageLocation(storage);
  if (bucket === "") return invalid("bucket", "is empty", "Name the bucket in the storage configuration.");
  if (!storage.credentials.present)
    return {
      code: "storage-credentials-missing",
      message: "The request came without access key or secret key.",
      remedy: "Give access-key and secret-key in the storage configuration.",
    };
  const endpoint = endpointUrl(storage);
  if (endpoint === undefined)
    return invalid(
      "endpoint",
      `"${storage.endpoint ?? ""}" is no URL`,
      "Write it like https://s3.example.com.",
    );
  if (endpoint.protocol !== "https:")
    return {
      code: "storage-endpoint-insecure",
      message: `storage-config.endpoint is "${storage.endpoint ?? ""}", and pgBackRest speaks to S3 over TLS only.`,
      remedy:
        "Give an https endpoint, with tls-ca-chain if its certificate is signed by a private authority.",
    };
  if (endpoint.username !== "" || endpoint.password !== "")
    return invalid(
      "endpoint",
      "holds a user name or password",
      "Remove what stands before the @ in the endpoint.",
    );
  if (endpoint.pathname !== "/" || endpoint.search !== "" || endpoint.hash !== "")
    return invalid(
      "endpoint",
      `"${storage.endpoint ?? ""}" has a path, and pgBackRest takes only a host and a port`,
      "Put the path behind the host into the path field.",
    );
  const style = uriStyle(storage);
  if (style !== "host" && style !== "path")
    return invalid("s3-uri-style", `is "${style}"`, "Set s3-uri-style to host or path.");
  if (storage.apiVersion === 2)
    return invalid(
      "s3-api-version",
      "is 2, and pgBackRest signs with version 4 only",
      "Set s3-api-version to 4.",
    );
  return undefined;
}

/** The fields that were given and have no effect, each as a sentence for the log. */
export function ignoredFields(storage: StorageConfig): readonly string[] {
  const given: Readonly<Record<string, boolean>> = {
    "storage-class": (storage.storageClass ?? "") !== "",
    attributes: (storage.attributes ?? []).length > 0,
  };
  return storageFields
    .filter(({ field, treatment }) => treatment === "ignored" && given[field] === true)
    .map(({ field, effect }) => `storage-config.${field} is ignored: ${effect}.`);
}

/**
 * Renders the configuration file. Call it only for a storage that {@link rejectStorage} lets pass.
 *
 * It keeps all backups: nothing is ever deleted without being asked for.
 */
export function renderConfig(storage: StorageConfig, context: ConfigContext): string {
  const { accessKey, secretKey } = storage.credentials.reveal();
  const endpoint = endpointUrl(storage);
  const { bucket, path } = storageLocation(storage);
  const region = regionOf(storage);
  const lines = [
    "[global]",
    "repo1-type=s3",
    `repo1-path=${path.replaceAll(/\/+/g, "/")}`,
    `repo1-s3-bucket=${bucket}`,
    `repo1-s3-endpoint=${hostOf(endpoint?.hostname ?? "", region)}`,
    ...(endpoint === undefined || endpoint.port === "" ? [] : [`repo1-storage-port=${endpoint.port}`]),
    ...(hasCaChain(storage) ? [`repo1-storage-ca-file=${context.caFile}`] : []),
    `repo1-s3-region=${region}`,
    `repo1-s3-key=${accessKey}`,
    `repo1-s3-key-secret=${secretKey}`,
    `repo1-s3-uri-style=${uriStyle(storage)}`,
    "repo1-bundle=y",
    `repo1-retention-full=${keepAll}`,
    "start-fast=y",
    `process-max=${context.processMax}`,
    "log-level-console=off",
    "log-level-file=info",
    `log-path=${context.folder}/log`,
    `lock-path=${context.folder}/lock`,
    `spool-path=${context.folder}/spool`,
    "",
    `[${context.stanza}]`,
    `pg1-path=${context.dataDirectory}`,
    `pg1-port=${context.port}`,
    `pg1-socket-path=${context.socketDirectory}`,
    `pg1-user=${context.user}`,
  ];
  return `${lines.join("\n")}\n`;
}

/** pgBackRest's own way to say that every backup is kept; without it, it warns about the space each time. */
const keepAll = 9_999_999;

/** The text of the CA file; undefined where the system's authorities are meant. */
export function caChain(storage: StorageConfig): string | undefined {
  return hasCaChain(storage)
    ? `${(storage.tlsCaChain ?? []).map((pem) => pem.trim()).join("\n")}\n`
    : undefined;
}

/** The region of a configuration; a server that knows no regions is content with any. */
export function regionOf(storage: StorageConfig): string {
  const region = (storage.region ?? "").trim();
  return region === "" ? "us-east-1" : region;
}

/** AWS answers for a bucket of another region only at that region's own host. */
function hostOf(host: string, region: string): string {
  return host === "s3.amazonaws.com" && region !== "us-east-1" ? `s3.${region}.amazonaws.com` : host;
}

function uriStyle(storage: StorageConfig): string {
  const style = (storage.uriStyle ?? "").trim();
  return style === "" ? "host" : style;
}

function hasCaChain(storage: StorageConfig): boolean {
  return (storage.tlsCaChain ?? []).some((pem) => pem.trim() !== "");
}

function endpointUrl(storage: StorageConfig): URL | undefined {
  return URL.parse(storageLocation(storage).endpoint) ?? undefined;
}

function textFields(storage: StorageConfig): readonly (readonly [string, string])[] {
  const { accessKey, secretKey } = storage.credentials.reveal();
  return [
    ["bucket", storage.bucket],
    ["access-key", accessKey],
    ["secret-key", secretKey],
    ["path", storage.path ?? ""],
    ["endpoint", storage.endpoint ?? ""],
    ["region", storage.region ?? ""],
    ["s3-uri-style", storage.uriStyle ?? ""],
  ];
}

function invalid(field: string, what: string, remedy: string): Failure {
  return { code: "storage-config-invalid", message: `storage-config.${field} ${what}.`, remedy };
}
