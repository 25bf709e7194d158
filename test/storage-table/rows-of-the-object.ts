/**
 * The fields that say which object is meant, and who asks for it: bucket, keys and path.
 *
 * @module
 */
import { rejected, used, type StorageRow } from "./row.ts";

const invalid = "storage-config-invalid";
const inHost = "https://backups.s3.example.com";

const bucketRows: readonly StorageRow[] = [
  used("bucket", "`backups`", {}, ["repo1-s3-bucket=backups", "repo1-s3-uri-style=host"], {
    url: `${inHost}/log`,
  }),
  used("bucket", "blanks and slashes at its ends", { bucket: " /backups/ " }, ["repo1-s3-bucket=backups"], {
    url: `${inHost}/log`,
  }),
  used(
    "bucket",
    "`My_Bucket`: not one label of the DNS",
    { bucket: "My_Bucket" },
    ["repo1-s3-bucket=My_Bucket", "repo1-s3-uri-style=path"],
    { url: "https://s3.example.com/My_Bucket/log" },
  ),
  used(
    "bucket",
    "`tenant:backups`: of another tenant of Ceph",
    { bucket: "tenant:backups" },
    ["repo1-s3-bucket=tenant:backups", "repo1-s3-uri-style=path"],
    { url: "https://s3.example.com/tenant%3Abackups/log" },
  ),
  rejected("bucket", "absent", { bucket: undefined }, "request-invalid"),
  rejected("bucket", "a number", { bucket: 7 }, "request-invalid"),
  rejected("bucket", '`""`', { bucket: "" }, invalid),
  rejected("bucket", "slashes and blanks alone", { bucket: " / " }, invalid),
  rejected("bucket", "`my bucket`: a blank inside", { bucket: "my bucket" }, invalid),
  rejected("bucket", "`backups/prod`: a slash inside", { bucket: "backups/prod" }, invalid),
  rejected("bucket", "`sicherungen-büro`: not ASCII", { bucket: "sicherungen-büro" }, invalid),
  rejected("bucket", "`nightly.backups`: a dot inside", { bucket: "nightly.backups" }, invalid),
  rejected("bucket", "`..`", { bucket: ".." }, invalid),
  rejected("bucket", "an ARN", { bucket: "arn:aws:s3:eu-west-1:1:accesspoint:a" }, invalid),
  rejected("bucket", "a line break inside", { bucket: "backups\nrepo1-retention-full=1" }, invalid),
];

const keyRows: readonly StorageRow[] = [
  used("access-key", "`example-access-key`", {}, ["repo1-s3-key=example-access-key"]),
  used(
    "access-key",
    "blanks at its ends",
    { "access-key": " example-access-key\n" },
    ["repo1-s3-key=example-access-key"],
    { region: "us-east-1" },
  ),
  rejected("access-key", "absent", { "access-key": undefined }, "credentials-missing"),
  rejected("access-key", '`""`', { "access-key": "" }, "credentials-missing"),
  rejected("access-key", "blanks alone", { "access-key": "  " }, "credentials-missing"),
  rejected("access-key", "a number", { "access-key": 12345 }, "request-invalid"),
  rejected("access-key", "a line break inside", { "access-key": "a\nb" }, invalid),
  used("secret-key", "`example-secret-key`", {}, ["repo1-s3-key-secret=example-secret-key"]),
  used("secret-key", "blanks at its ends", { "secret-key": "\texample-secret-key " }, [
    "repo1-s3-key-secret=example-secret-key",
  ]),
  rejected("secret-key", "absent", { "secret-key": undefined }, "credentials-missing"),
  rejected("secret-key", '`""`', { "secret-key": "" }, "credentials-missing"),
  rejected("secret-key", "blanks alone", { "secret-key": " " }, "credentials-missing"),
  rejected("secret-key", "a number", { "secret-key": 12345 }, "request-invalid"),
  rejected("secret-key", "a line break inside", { "secret-key": "hunter2\nb" }, invalid),
];

const pathRows: readonly StorageRow[] = [
  used("path", "absent", {}, ["repo1-path=/"], { url: `${inHost}/log` }),
  used("path", '`""`', { path: "" }, ["repo1-path=/"], { url: `${inHost}/log` }),
  used("path", "`/`", { path: "/" }, ["repo1-path=/"], { url: `${inHost}/log` }),
  used("path", "`prod/db`", { path: "prod/db" }, ["repo1-path=/prod/db"], { url: `${inHost}/prod/db/log` }),
  used("path", "`/prod/db/`", { path: "/prod/db/" }, ["repo1-path=/prod/db"], {
    url: `${inHost}/prod/db/log`,
  }),
  used("path", "slashes in a row, blanks at its ends", { path: " //prod//db// " }, ["repo1-path=/prod/db"], {
    url: `${inHost}/prod/db/log`,
  }),
  used("path", "`prod data`: a blank inside", { path: "prod data" }, ["repo1-path=/prod data"], {
    url: `${inHost}/prod%20data/log`,
  }),
  used("path", "`a+b%20&c=ü?#~`: odd characters", { path: "a+b%20&c=ü?#~" }, ["repo1-path=/a+b%20&c=ü?#~"], {
    url: `${inHost}/a%2Bb%2520%26c%3D%C3%BC%3F%23~/log`,
  }),
  rejected("path", "`prod/../other`", { path: "prod/../other" }, invalid),
  rejected("path", "`.`", { path: "." }, invalid),
  rejected("path", "a line break inside", { path: "prod\nrepo1-retention-full=1" }, invalid),
  rejected("path", "a number", { path: 7 }, "request-invalid"),
];

/** Bucket, keys and path. */
export const objectRows: readonly StorageRow[] = [...bucketRows, ...keyRows, ...pathRows];
