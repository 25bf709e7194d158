/**
 * The forms in which the other side of an `s3` relation writes its fields, and what the backup manager makes of them.
 *
 * @module
 */
import type { JsonObject } from "../../lib/wire/list-value.ts";

/** One form of one key. */
export interface RelationRow {
  readonly key: string;
  /** For the page. */
  readonly form: string;
  readonly databag: Readonly<Record<string, string>>;
  /** The `storage-config` of a request, besides bucket and keys; or why nothing can be requested. */
  readonly gives: { readonly config: JsonObject } | { readonly refused: string };
}

/** What each row adds to. */
export const requiredKeys = { bucket: "b", "access-key": "a", "secret-key": "s" } as const;

/** The rows. */
export const relationRows: readonly RelationRow[] = [
  { key: "any", form: "blank", databag: { region: " ", path: "" }, gives: { config: {} } },
  {
    key: "any",
    form: "blanks at its ends",
    databag: { region: " eu-west-1\n" },
    gives: { config: { region: "eu-west-1" } },
  },
  {
    key: "`path`",
    form: "slashes at its ends",
    databag: { path: "prod/db/" },
    gives: { config: { path: "/prod/db" } },
  },
  {
    key: "`endpoint`",
    form: "slashes at its end",
    databag: { endpoint: "https://s3.example.com/" },
    gives: { config: { endpoint: "https://s3.example.com" } },
  },
  {
    key: "`tls-ca-chain`",
    form: "a JSON list",
    databag: { "tls-ca-chain": '["LS0tLS1C"]' },
    gives: { config: { "tls-ca-chain": ["LS0tLS1C"] } },
  },
  {
    key: "`tls-ca-chain`",
    form: "base64 or PEM, without a list",
    databag: { "tls-ca-chain": "LS0tLS1C\n" },
    gives: { config: { "tls-ca-chain": ["LS0tLS1C"] } },
  },
  {
    key: "`tls-ca-chain`",
    form: "a JSON list of something else",
    databag: { "tls-ca-chain": "[1]" },
    gives: { refused: "tls-ca-chain[0] is a number; expected a string." },
  },
  {
    key: "`attributes`",
    form: "a JSON list",
    databag: { attributes: '["x-amz-tagging: a=b"]' },
    gives: { config: { attributes: ["x-amz-tagging: a=b"] } },
  },
  {
    key: "`attributes`",
    form: "other JSON",
    databag: { attributes: '{"a":"b"}' },
    gives: { refused: "attributes holds an object; expected a list." },
  },
  {
    key: "`s3-api-version`",
    form: "`4`",
    databag: { "s3-api-version": "4" },
    gives: { config: { "s3-api-version": 4 } },
  },
  {
    key: "`s3-api-version`",
    form: "`v4`",
    databag: { "s3-api-version": "v4" },
    gives: { refused: 's3-api-version is "v4"; expected 2 or 4.' },
  },
  {
    key: "other keys",
    form: "whatever it is",
    databag: { "delete-older-than-days": "30", data: "{}" },
    gives: { config: {} },
  },
];
