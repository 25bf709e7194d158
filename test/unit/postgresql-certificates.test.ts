import { fc, test } from "@fast-check/vitest";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { answerTo, formatRequests } from "../../provider/postgresql/cluster/certificate-databags.ts";
import {
  makeRequest,
  readRequest,
  rememberRequest,
} from "../../provider/postgresql/cluster/certificate-request.ts";
import { createCertificates, type IssuedCertificate } from "../servers/certificates.ts";

let folder: string;
let own: IssuedCertificate;
let other: IssuedCertificate;
let nameless: IssuedCertificate;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "certificates-"));
  const certificates = await createCertificates(folder);
  own = await certificates.issue("pg-0", ["DNS:localhost"]);
  other = await certificates.issue("pg-1", ["DNS:localhost"]);
  nameless = await certificates.issue("pg-2", ["DNS:elsewhere"]);
});
afterAll(async () => rm(folder, { recursive: true }));

const requestWith = (key: string) => ({
  key,
  signingRequest: "-----A REQUEST-----\n",
  commonName: "pg-0",
  address: "localhost",
});
const entryOf = ({ certificate, ca }: IssuedCertificate, more: Readonly<Record<string, unknown>> = {}) => ({
  certificate_signing_request: "-----A REQUEST-----",
  certificate,
  ca,
  chain: [certificate, ca],
  ...more,
});
const answer = (entries: unknown) => answerTo(requestWith(own.key), JSON.stringify(entries));

describe("what a provider of certificates answers", () => {
  it("is a certificate with its authority, and what stands between them", () => {
    const given = { kind: "given", certificate: own.certificate, ca: own.ca };
    expect(answer([entryOf(own)])).toEqual(given);
    const between = other.certificate.trim();
    expect(answer([entryOf(own, { chain: [own.certificate, between, own.ca] })])).toEqual({
      ...given,
      ca: `${own.ca}${between}\n`,
    });
    expect(answer([entryOf(own, { chain: undefined })])).toEqual(given);
  });

  it("is nothing while only others were answered", () => {
    expect(answerTo(requestWith(own.key), undefined)).toEqual({ kind: "none" });
    const another = { certificate_signing_request: "-----ANOTHER-----" };
    expect(answer([entryOf(other, another), "garbage", null])).toEqual({ kind: "none" });
  });

  it("may be that it is revoked, until it is signed anew", () => {
    const revoked = entryOf(own, { revoked: true });
    expect(answer([revoked])).toEqual({ kind: "revoked" });
    expect(answer([revoked, entryOf(own)])).toMatchObject({ kind: "given" });
  });

  it.each([
    ["no JSON", () => answerTo(requestWith(own.key), "{"), /is not JSON/],
    ["no list", () => answer({}), /is no list/],
    ["no certificate", () => answer([entryOf(own, { certificate: "garbage" })]), /no PEM certificate/],
    ["nothing", () => answer([entryOf(own, { certificate: 7 })]), /no PEM certificate/],
    ["another's", () => answer([entryOf(other)]), /not for this unit's key/],
    ["no authority", () => answer([entryOf(own, { ca: undefined })]), /authority/],
    ["a bad chain", () => answer([entryOf(own, { chain: ["garbage"] })]), /authority/],
    [
      "for another name",
      () => answerTo(requestWith(nameless.key), JSON.stringify([entryOf(nameless)])),
      /not for the name localhost/,
    ],
  ])("cannot be used where it is %s", (_, answered, why) => {
    expect(answered()).toEqual({ kind: "unusable", why: expect.stringMatching(why) });
  });

  const field = fc.oneof(fc.string(), fc.constant(undefined), fc.array(fc.string()), fc.boolean());
  test.prop([
    fc.oneof(
      fc.string(),
      fc.json(),
      fc
        .array(
          fc.record({ certificate: field, ca: field, chain: field, revoked: field }, { requiredKeys: [] }),
        )
        .map((entries) => JSON.stringify(entries.map((each) => ({ ...entryOf(own), ...each })))),
    ),
  ])("is never an exception, and never a certificate of another key", (text) => {
    const answered = answerTo(requestWith(other.key), text);
    expect(answered.kind).not.toBe("given");
  });
});

describe("a request", () => {
  it("is remembered with its key, for nobody else, and forgotten", async () => {
    const file = join(folder, "deep", "request.json");
    expect(await readRequest(file)).toBeUndefined();
    const request = await makeRequest({ commonName: "pg-0", address: "*.pg_0.example" });
    expect(request.key).toMatch(/^-----BEGIN PRIVATE KEY-----/);
    expect(JSON.parse(formatRequests(request))).toEqual([
      { certificate_signing_request: request.signingRequest.trim(), ca: false },
    ]);
    await rememberRequest(file, { request, kept: "C" });
    expect(await readRequest(file)).toEqual({ request, kept: "C" });
    await rememberRequest(file, undefined);
    expect(await readRequest(file)).toBeUndefined();
  });

  it.each(["", "a,IP:10.0.0.1", "a b", "-subj", "a\nb", "."])(
    "is not made for an address that is none: %j",
    async (address) => {
      await expect(makeRequest({ commonName: "pg-0", address })).rejects.toMatchObject({
        failure: { code: "signing-request-failed", remedy: expect.stringContaining("tls.address") },
      });
    },
  );
});
