/**
 * A row of the table of storage fields: one form of one field, and what comes of it. The page shows the rows, and the
 * tests run them.
 *
 * @module
 */
import type { JsonObject } from "../../lib/wire/list-value.ts";
import { decodeRequests, type DecodedRequests } from "../../lib/wire/requests.ts";

/** What a row's form may need of the server that the tests start. */
export interface Authorities {
  /** The authority that signed the server's certificate, as PEM. */
  readonly signer: string;
  /** Another one, which signed nothing. */
  readonly stranger: string;
  /** A private key, as PEM. */
  readonly key: string;
}

/** What the SDK sends for an object `log`. */
export interface Sent {
  readonly url?: string;
  /** The region that it is signed for. */
  readonly region?: string;
  /** Whose word counts for the server's certificate. */
  readonly trusts?: "the system" | "the chain";
}

/** What comes of a form. */
export type Outcome =
  | {
      readonly kind: "used";
      /** Some of the lines of pgBackRest's configuration. */
      readonly lines: readonly string[];
      readonly sent: Sent;
      /** What the admin is told beside the job's success. Default: nothing. */
      readonly warning?: string;
    }
  | {
      readonly kind: "rejected";
      readonly code: string;
      /** The field as the message names it. Default: the row's. */
      readonly names?: string;
    };

/** One form of one field. */
export interface StorageRow {
  /** On the wire. */
  readonly field: string;
  /** For the page. */
  readonly form: string;
  /** What differs from a plain configuration; a field that is undefined is left out. */
  readonly config: JsonObject | ((authorities: Authorities) => JsonObject);
  readonly outcome: Outcome;
}

/** The plain configuration, which each row changes. */
const baseConfig: JsonObject = {
  bucket: "backups",
  "access-key": "example-access-key",
  "secret-key": "example-secret-key",
  endpoint: "https://s3.example.com",
};

/** A form that is honoured, or that says nothing. */
export function used(
  field: string,
  form: string,
  config: StorageRow["config"],
  lines: readonly string[],
  sent: Sent = {},
): StorageRow {
  return { field, form, config, outcome: { kind: "used", lines, sent } };
}

/** A form that has no effect, of which the admin is told. */
export function ignored(
  field: string,
  form: string,
  config: StorageRow["config"],
  warning: string,
): StorageRow {
  return { field, form, config, outcome: { kind: "used", lines: [], sent: {}, warning } };
}

/** A form with which the job ends as rejected. */
export function rejected(
  field: string,
  form: string,
  config: StorageRow["config"],
  code: string,
  names?: string,
): StorageRow {
  const outcome = { kind: "rejected" as const, code, ...(names === undefined ? {} : { names }) };
  return { field, form, config, outcome };
}

/** What becomes of the request of a backup with the form of a row. */
export function decodeRow(row: StorageRow, authorities: Authorities): DecodedRequests {
  const changes = typeof row.config === "function" ? row.config(authorities) : row.config;
  const job = {
    "job-id": "1",
    "job-type": "backup",
    "job-config": { compression: true },
    "storage-interface": "s3",
    "storage-config": { ...baseConfig, ...changes },
  };
  // In JSON a field that is undefined is left out.
  return decodeRequests({ jobs: JSON.stringify([job]) });
}
