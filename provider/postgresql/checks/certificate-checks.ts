/**
 * The decisions on this unit's certificate, before those on pgBackRest's TLS server, which it starts and its removal stops.
 * Pure.
 *
 * @module
 */
import { createPrivateKey, X509Certificate } from "node:crypto";
import type { CertificateAnswer, CertificateRequest } from "../cluster/certificate-databags.ts";

/** What is known before anything is asked for, kept or taken away. */
export interface CertificateFacts {
  /** Whether a provider of certificates is related, and is not going. */
  readonly isRelated: boolean;
  /** What was asked for last; undefined where nothing was. */
  readonly request: CertificateRequest | undefined;
  /** The certificate that was put in place last, PEM, for this request or an earlier one; undefined where none is. */
  readonly kept: string | undefined;
  /** Whom the certificate has to be for. */
  readonly wanted: Pick<CertificateRequest, "commonName" | "address">;
  /** What the provider says to the request. */
  readonly answer: CertificateAnswer;
  readonly now: Date;
}

/** What is to be done about the certificate. */
export type CertificateDecision =
  /** There is nothing to do. */
  | { readonly kind: "returned"; readonly why: string }
  /** A new key and a new request. With `takesAway`, what is in place goes first; else it serves until the next is there. */
  | { readonly kind: "request"; readonly why: string; readonly takesAway: boolean }
  | { readonly kind: "keep"; readonly certificate: string; readonly ca: string }
  /** What is in place goes, with the request. */
  | { readonly kind: "remove"; readonly why: string }
  | { readonly kind: "unusable"; readonly why: string };

/** One decision. */
export interface CertificateCheck {
  readonly name: string;
  /** Undefined where it lets the next one decide. */
  decide(facts: CertificateFacts): CertificateDecision | undefined;
}

/** Of a certificate's life, after which the next one is asked for. */
const renewedAfter = 0.9;

/** The decisions, in order. One of them ends the walk. */
export const certificateChecks: readonly CertificateCheck[] = [
  {
    name: "is-provider-related",
    decide: ({ isRelated, request }) => {
      if (isRelated) return undefined;
      return request === undefined
        ? { kind: "returned", why: "no provider of certificates is related" }
        : { kind: "remove", why: "no provider of certificates is related any more" };
    },
  },
  {
    name: "was-certificate-asked-for",
    decide: ({ request }) =>
      request === undefined
        ? { kind: "request", why: "a provider of certificates is related", takesAway: false }
        : undefined,
  },
  {
    name: "is-request-for-this-unit",
    decide: ({ request, wanted }) =>
      request?.commonName === wanted.commonName && request.address === wanted.address
        ? undefined
        : { kind: "request", why: "the unit has another name or address", takesAway: false },
  },
  {
    // A key whose certificate was taken back may be known to somebody: it is not used again.
    name: "was-certificate-taken-back",
    decide: ({ answer, kept, request }) => {
      const isWithdrawn = answer.kind === "none" && kept !== undefined && isOf(kept, request);
      return answer.kind === "revoked" || isWithdrawn
        ? { kind: "request", why: "the provider took the certificate back", takesAway: true }
        : undefined;
    },
  },
  {
    name: "is-certificate-there",
    decide: ({ answer }) =>
      answer.kind === "none" ? { kind: "returned", why: "the certificate is not signed yet" } : undefined,
  },
  {
    name: "can-certificate-be-used",
    decide: ({ answer }) => (answer.kind === "unusable" ? answer : undefined),
  },
  {
    // A certificate that is new serves at least until the next dispatch, however short it lives: no circle of requests.
    name: "is-certificate-to-be-renewed",
    decide: ({ answer, kept, now }) =>
      answer.kind === "given" && answer.certificate === kept && isDue(kept, now)
        ? { kind: "request", why: "the certificate expires soon", takesAway: false }
        : undefined,
  },
  {
    name: "keep-certificate",
    decide: ({ answer }) =>
      answer.kind === "given" ? { kind: "keep", certificate: answer.certificate, ca: answer.ca } : undefined,
  },
];

/**
 * Decides in order, up to the first check that ends the walk.
 *
 * @param note Called with the name of each check.
 */
export function decideCertificate(
  facts: CertificateFacts,
  note: (name: string) => void = () => undefined,
): CertificateDecision {
  for (const check of certificateChecks) {
    note(check.name);
    const decision = check.decide(facts);
    if (decision !== undefined) return decision;
  }
  throw new TypeError("the last decision on a certificate ends every walk");
}

function isOf(certificate: string, request: CertificateRequest | undefined): boolean {
  return (
    request !== undefined && new X509Certificate(certificate).checkPrivateKey(createPrivateKey(request.key))
  );
}

function isDue(certificate: string, now: Date): boolean {
  const { validFrom, validTo } = new X509Certificate(certificate);
  const [from, to] = [Date.parse(validFrom), Date.parse(validTo)];
  return now.getTime() >= from + renewedAfter * (to - from);
}
