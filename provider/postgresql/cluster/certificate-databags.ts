/**
 * What the two sides of the interface tls-certificates v1 write, as its requirer needs it. Pure.
 *
 * @module
 * @see https://documentation.ubuntu.com/charmlibs/reference/interfaces/tls-certificates/v1
 */
import { createPrivateKey, X509Certificate } from "node:crypto";
import { isJsonRecord, type JsonRecord } from "../json-record.ts";

/** The key of the requirer's unit databag. */
export const requestsKey = "certificate_signing_requests";
/** The key of the provider's application databag. */
export const certificatesKey = "certificates";

/** What a unit asks to have signed. */
export interface CertificateRequest {
  /** The private key, PEM. Never leaves the unit. */
  readonly key: string;
  /** The certificate signing request, PEM. */
  readonly signingRequest: string;
  readonly commonName: string;
  /** The DNS name that the certificate is to be for. */
  readonly address: string;
}

/** What the provider of certificates says to a request. */
export type CertificateAnswer =
  | { readonly kind: "none" }
  | {
      readonly kind: "given";
      /** PEM, for all that follow. */
      readonly certificate: string;
      /** The authority and what stands between it and the certificate. */
      readonly ca: string;
    }
  /** Taken back, in words: providers of today leave the certificate out, those of before say so. */
  | { readonly kind: "revoked" }
  | { readonly kind: "unusable"; readonly why: string };

/** Writes the unit's databag: one request, for a certificate that signs no others. */
export function formatRequests({ signingRequest }: CertificateRequest): string {
  return JSON.stringify([{ certificate_signing_request: signingRequest.trim(), ca: false }]);
}

/** Reads the provider's databag for what answers a request. */
export function answerTo(request: CertificateRequest, text: string | undefined): CertificateAnswer {
  if (text === undefined) return { kind: "none" };
  let given: unknown;
  try {
    given = JSON.parse(text);
  } catch {
    return { kind: "unusable", why: `what it wrote as ${certificatesKey} is not JSON` };
  }
  if (!Array.isArray(given))
    return { kind: "unusable", why: `what it wrote as ${certificatesKey} is no list` };
  const signed = request.signingRequest.trim();
  const entries = given.filter(
    (entry: unknown): entry is JsonRecord =>
      isJsonRecord(entry) && pem(entry["certificate_signing_request"]) === signed,
  );
  const standing = entries.findLast((entry) => entry["revoked"] !== true);
  if (standing !== undefined) return certificateIn(standing, request);
  return { kind: entries.length === 0 ? "none" : "revoked" };
}

function certificateIn(entry: JsonRecord, { key, address }: CertificateRequest): CertificateAnswer {
  const certificate = pem(entry["certificate"]);
  const chain: readonly unknown[] = Array.isArray(entry["chain"]) ? entry["chain"] : [];
  const above = [entry["ca"], ...chain].map(pem).filter((each) => each !== certificate);
  const read = certificate === undefined ? undefined : parse(certificate);
  if (certificate === undefined || read === undefined) return unusable("it is no PEM certificate");
  if (!read.checkPrivateKey(createPrivateKey(key))) return unusable("it is not for this unit's key");
  if (commonNameIn(read) === undefined) return unusable("it has no common name");
  if (read.checkHost(address) === undefined) return unusable(`it is not for the name ${address}`);
  const authorities = above.filter((each) => each !== undefined);
  if (pem(entry["ca"]) === undefined || above.some((each) => each === undefined || parse(each) === undefined))
    return unusable("the certificates of its authority are no PEM certificates");
  return { kind: "given", certificate: bundle([certificate]), ca: bundle([...new Set(authorities)]) };
}

/** The common name of a certificate's subject. */
export function commonNameIn({ subject }: X509Certificate): string | undefined {
  return /^CN=(.+)$/m.exec(subject)?.[1];
}

function unusable(why: string): CertificateAnswer {
  return { kind: "unusable", why };
}

function parse(certificate: string): X509Certificate | undefined {
  try {
    return new X509Certificate(certificate);
  } catch {
    return undefined;
  }
}

function pem(value: unknown): string | undefined {
  return typeof value === "string" && value.trim() !== "" ? value.trim() : undefined;
}

function bundle(certificates: readonly string[]): string {
  return `${certificates.join("\n")}\n`;
}
