/**
 * pgBackRest's configuration file, rendered from a storage configuration. Pure.
 *
 * The file holds keys: whoever writes it makes it readable by the database user alone.
 *
 * @module
 */
import { regionOf, serverUrl, uriStyleOf } from "../../../lib/job/storage-address.ts";
import { storageLocation, type StorageConfig } from "../../../lib/job/storage-config.ts";
import { readCaChain } from "../../../lib/storage/ca-chain.ts";

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

/**
 * Renders the configuration file. Call it only for a storage that {@link rejectStorage} lets pass.
 *
 * It keeps all backups: nothing is ever deleted without being asked for.
 */
export function renderConfig(storage: StorageConfig, context: ConfigContext): string {
  const { accessKey, secretKey } = storage.credentials.reveal();
  const server = serverUrl(storage);
  const { bucket, path } = storageLocation(storage);
  const lines = [
    "[global]",
    "repo1-type=s3",
    `repo1-path=${path}`,
    `repo1-s3-bucket=${bucket}`,
    `repo1-s3-endpoint=${server?.hostname ?? ""}`,
    ...(server === undefined || server.port === "" ? [] : [`repo1-storage-port=${server.port}`]),
    ...(caChain(storage) === undefined ? [] : [`repo1-storage-ca-file=${context.caFile}`]),
    `repo1-s3-region=${regionOf(storage)}`,
    `repo1-s3-key=${accessKey}`,
    `repo1-s3-key-secret=${secretKey}`,
    `repo1-s3-uri-style=${uriStyleOf(storage)}`,
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
  const chain = readCaChain(storage.tlsCaChain);
  return chain.readable && chain.certificates.length > 0 ? chain.certificates.join("") : undefined;
}
