/**
 * The fields that say which server is meant and how it is spoken to: endpoint, region, style and certificates.
 *
 * @module
 */
import { rejected, used, type StorageRow } from "./row.ts";

const invalid = "storage-config-invalid";

const endpointRows: readonly StorageRow[] = [
  used("endpoint", "absent: AWS", { endpoint: undefined }, ["repo1-s3-endpoint=s3.us-east-1.amazonaws.com"], {
    url: "https://backups.s3.us-east-1.amazonaws.com/log",
  }),
  used("endpoint", '`""`', { endpoint: "" }, ["repo1-s3-endpoint=s3.us-east-1.amazonaws.com"], {
    url: "https://backups.s3.us-east-1.amazonaws.com/log",
  }),
  used(
    "endpoint",
    "`https://s3.amazonaws.com`, region `eu-west-1`",
    { endpoint: "https://s3.amazonaws.com", region: "eu-west-1" },
    ["repo1-s3-endpoint=s3.eu-west-1.amazonaws.com"],
    { url: "https://backups.s3.eu-west-1.amazonaws.com/log" },
  ),
  used("endpoint", "`https://s3.example.com`", {}, ["repo1-s3-endpoint=s3.example.com"], {
    url: "https://backups.s3.example.com/log",
  }),
  used(
    "endpoint",
    "with a port",
    { endpoint: "https://s3.example.com:9000" },
    ["repo1-s3-endpoint=s3.example.com", "repo1-storage-port=9000"],
    { url: "https://backups.s3.example.com:9000/log" },
  ),
  used(
    "endpoint",
    "slashes and blanks at its ends",
    { endpoint: " https://s3.example.com// " },
    ["repo1-s3-endpoint=s3.example.com"],
    { url: "https://backups.s3.example.com/log" },
  ),
  used(
    "endpoint",
    "`s3.example.com:9000`: without a scheme",
    { endpoint: "s3.example.com:9000" },
    ["repo1-s3-endpoint=s3.example.com", "repo1-storage-port=9000"],
    { url: "https://backups.s3.example.com:9000/log" },
  ),
  used(
    "endpoint",
    "an IPv4 address",
    { endpoint: "https://10.0.0.7:9000" },
    ["repo1-s3-endpoint=10.0.0.7", "repo1-storage-port=9000", "repo1-s3-uri-style=path"],
    { url: "https://10.0.0.7:9000/backups/log" },
  ),
  used(
    "endpoint",
    "an IPv6 address",
    { endpoint: "https://[2001:db8::7]:9000" },
    ["repo1-s3-endpoint=[2001:db8::7]", "repo1-storage-port=9000", "repo1-s3-uri-style=path"],
    { url: "https://[2001:db8::7]:9000/backups/log" },
  ),
  rejected(
    "endpoint",
    "`http://s3.example.com`: without TLS",
    { endpoint: "http://s3.example.com" },
    "storage-endpoint-insecure",
  ),
  rejected("endpoint", "another scheme", { endpoint: "s3://backups" }, "storage-endpoint-insecure"),
  rejected("endpoint", "with a path", { endpoint: "https://s3.example.com/storage" }, invalid),
  rejected("endpoint", "with a query", { endpoint: "https://s3.example.com?region=eu" }, invalid),
  rejected(
    "endpoint",
    "with a user and a password",
    { endpoint: "https://admin:hunter2@s3.example.com" },
    invalid,
  ),
  rejected("endpoint", "no URL", { endpoint: "not a host" }, invalid),
  rejected("endpoint", "a port that is none", { endpoint: "https://s3.example.com:99999" }, invalid),
  rejected("endpoint", "a list", { endpoint: ["https://s3.example.com"] }, "request-invalid"),
];

const regionRows: readonly StorageRow[] = [
  used("region", "absent", {}, ["repo1-s3-region=us-east-1"], { region: "us-east-1" }),
  used("region", '`""`', { region: "" }, ["repo1-s3-region=us-east-1"], { region: "us-east-1" }),
  used("region", "`eu-west-1`", { region: "eu-west-1" }, ["repo1-s3-region=eu-west-1"], {
    region: "eu-west-1",
  }),
  used("region", "`RegionOne`", { region: "RegionOne" }, ["repo1-s3-region=RegionOne"], {
    region: "RegionOne",
  }),
  used("region", "blanks at its ends", { region: " eu-west-1 " }, ["repo1-s3-region=eu-west-1"], {
    region: "eu-west-1",
  }),
  used("region", "blanks alone", { region: "  " }, ["repo1-s3-region=us-east-1"], { region: "us-east-1" }),
  used(
    "region",
    "`cn-north-1`, endpoint absent",
    { region: "cn-north-1", endpoint: undefined },
    ["repo1-s3-endpoint=s3.cn-north-1.amazonaws.com.cn"],
    { url: "https://backups.s3.cn-north-1.amazonaws.com.cn/log", region: "cn-north-1" },
  ),
  rejected("region", "`eu west`: a blank inside", { region: "eu west" }, invalid),
  rejected("region", "`us_east`: no host can have the name", { region: "us_east" }, invalid),
  rejected("region", "a line break inside", { region: "eu\nx=1" }, invalid),
  rejected("region", "a number", { region: 1 }, "request-invalid"),
];

const styleRows: readonly StorageRow[] = [
  used("s3-uri-style", "absent", {}, ["repo1-s3-uri-style=host"], {
    url: "https://backups.s3.example.com/log",
  }),
  used("s3-uri-style", '`""`', { "s3-uri-style": "" }, ["repo1-s3-uri-style=host"], {
    url: "https://backups.s3.example.com/log",
  }),
  used("s3-uri-style", "`path`", { "s3-uri-style": "path" }, ["repo1-s3-uri-style=path"], {
    url: "https://s3.example.com/backups/log",
  }),
  used("s3-uri-style", "`host`", { "s3-uri-style": "host" }, ["repo1-s3-uri-style=host"], {
    url: "https://backups.s3.example.com/log",
  }),
  used("s3-uri-style", "blanks at its ends", { "s3-uri-style": " path " }, ["repo1-s3-uri-style=path"], {
    url: "https://s3.example.com/backups/log",
  }),
  rejected(
    "s3-uri-style",
    "`host`, endpoint an IPv4 address",
    { "s3-uri-style": "host", endpoint: "https://10.0.0.7" },
    invalid,
  ),
  rejected(
    "s3-uri-style",
    "`host`, bucket `My_Bucket`",
    { "s3-uri-style": "host", bucket: "My_Bucket" },
    invalid,
  ),
  rejected("s3-uri-style", "anything else", { "s3-uri-style": "virtual" }, invalid),
  rejected("s3-uri-style", "a boolean", { "s3-uri-style": true }, "request-invalid"),
];

const caFile = ["repo1-storage-ca-file=/conf/ca.crt"];
const base64 = (text: string): string => Buffer.from(text).toString("base64");

const chainRows: readonly StorageRow[] = [
  used("tls-ca-chain", "absent", {}, [], { trusts: "the system" }),
  used("tls-ca-chain", "`[]`", { "tls-ca-chain": [] }, [], { trusts: "the system" }),
  used("tls-ca-chain", '`[""]`', { "tls-ca-chain": [""] }, [], { trusts: "the system" }),
  used("tls-ca-chain", "PEM", ({ signer }) => ({ "tls-ca-chain": [signer] }), caFile, {
    trusts: "the chain",
  }),
  used("tls-ca-chain", "base64 of PEM", ({ signer }) => ({ "tls-ca-chain": [base64(signer)] }), caFile, {
    trusts: "the chain",
  }),
  used(
    "tls-ca-chain",
    "base64 of PEM in lines",
    ({ signer }) => ({ "tls-ca-chain": [base64(signer).replaceAll(/.{76}/g, "$&\n")] }),
    caFile,
    { trusts: "the chain" },
  ),
  used(
    "tls-ca-chain",
    "several items, of both forms",
    ({ signer, stranger }) => ({ "tls-ca-chain": [base64(stranger), signer] }),
    caFile,
    { trusts: "the chain" },
  ),
  used(
    "tls-ca-chain",
    "several certificates in one item",
    ({ signer, stranger }) => ({ "tls-ca-chain": [`${stranger}${signer}`] }),
    caFile,
    { trusts: "the chain" },
  ),
  used(
    "tls-ca-chain",
    "a key or other text around the certificate: left out",
    ({ signer, key }) => ({ "tls-ca-chain": [`# Our authority\n${key}${signer}`] }),
    caFile,
    { trusts: "the chain" },
  ),
  rejected(
    "tls-ca-chain",
    "an authority that did not sign the server's certificate",
    ({ stranger }) => ({ "tls-ca-chain": [stranger] }),
    "storage-certificate",
    "The certificate of https://s3.example.com",
  ),
  rejected(
    "tls-ca-chain",
    "garbage",
    ({ signer }) => ({ "tls-ca-chain": [signer, "garbage"] }),
    invalid,
    "storage-config.tls-ca-chain[1]",
  ),
  rejected(
    "tls-ca-chain",
    "PEM that was damaged",
    ({ signer }) => ({ "tls-ca-chain": [signer.replace(/[A-Za-z]{8}/g, "AAAAAAAA")] }),
    invalid,
    "storage-config.tls-ca-chain[0]",
  ),
  rejected("tls-ca-chain", "PEM of a key alone", ({ key }) => ({ "tls-ca-chain": [key] }), invalid),
  rejected("tls-ca-chain", '`""`, a text', { "tls-ca-chain": "" }, "request-invalid"),
];

/** Endpoint, region, style and certificates. */
export const serverRows: readonly StorageRow[] = [...endpointRows, ...regionRows, ...styleRows, ...chainRows];
