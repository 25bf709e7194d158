/**
 * All rows of the table of storage fields, in the order of the schema's fields.
 *
 * @module
 */
import { ignored, rejected, used, type StorageRow } from "./row.ts";
import { objectRows } from "./rows-of-the-object.ts";
import { serverRows } from "./rows-of-the-server.ts";

const restRows: readonly StorageRow[] = [
  used("storage-class", 'absent, `""`', { "storage-class": "" }, []),
  ignored(
    "storage-class",
    "`STANDARD_IA`",
    { "storage-class": "STANDARD_IA" },
    "storage-config.storage-class is ignored: pgBackRest stores in the bucket's default class.",
  ),
  rejected("storage-class", "a list", { "storage-class": ["STANDARD_IA"] }, "request-invalid"),
  used("attributes", 'absent, `[]`, `[""]`', { attributes: [""] }, []),
  ignored(
    "attributes",
    "`x-amz-tagging: team=databases`",
    { attributes: ["x-amz-tagging: team=databases"] },
    "storage-config.attributes is ignored: pgBackRest adds no headers to its requests.",
  ),
  rejected("attributes", '`""`, a text', { attributes: "" }, "request-invalid"),
  used("s3-api-version", "absent", {}, []),
  used("s3-api-version", "`4`", { "s3-api-version": 4 }, []),
  rejected("s3-api-version", "`2`", { "s3-api-version": 2 }, "storage-config-invalid"),
  rejected("s3-api-version", "`3`", { "s3-api-version": 3 }, "request-invalid"),
  rejected("s3-api-version", '`""`, a text', { "s3-api-version": "" }, "request-invalid"),
  used("other fields", '`""` or null', { retention: "", other: null }, []),
  ignored(
    "other fields",
    "`delete-older-than-days`",
    { "delete-older-than-days": 30 },
    "storage-config.delete-older-than-days is ignored: the interface s3 has no such field.",
  ),
  ignored(
    "other fields",
    "several",
    { retention: { full: 2 }, proxy: "hunter2" },
    "storage-config.retention and storage-config.proxy are ignored: the interface s3 has no such fields.",
  ),
  ignored(
    "other fields",
    "very many",
    Object.fromEntries(["a", "b", "c", "d", "e", "f", "g\n"].map((field) => [field, "hunter2"])),
    "storage-config.a, storage-config.b, storage-config.c, storage-config.d, storage-config.e and 2 more are ignored: " +
      "the interface s3 has no such fields.",
  ),
];

/** The rows. */
export const storageRows: readonly StorageRow[] = [...objectRows, ...serverRows, ...restRows];
