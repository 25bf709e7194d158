/**
 * Why an S3 server refuses a request, by its own error codes, whoever met them. Pure.
 *
 * @module
 */
import type { StorageFault } from "./storage-failure.ts";

/** What an error code of S3 means. */
export interface S3Refusal {
  /** For example `QuotaExceeded`. */
  readonly name: string;
  readonly fault: Extract<StorageFault, "access-denied" | "clock-differs" | "full">;
  /** For the end of a sentence. */
  readonly why: string;
  /** One imperative sentence. */
  readonly remedy: string;
}

const checkKeys = "Check access key, secret key and region, and that they may read and write the bucket.";
const makeRoom =
  "Raise the quota of the bucket or of its user, or make room in it, then request the job again.";

const refusals: readonly S3Refusal[] = [
  denied("InvalidAccessKeyId", "it does not know the access key"),
  denied("SignatureDoesNotMatch", "the secret key does not belong to the access key"),
  denied("ExpiredToken", "they have expired"),
  denied("InvalidToken", "it does not know them"),
  denied("AccessDenied", "they have no right to it"),
  denied("AuthorizationHeaderMalformed", "the region is not the one it expects"),
  { name: "QuotaExceeded", fault: "full", why: "the quota is used up", remedy: makeRoom },
  { name: "XMinioStorageFull", fault: "full", why: "it has no room left", remedy: makeRoom },
  {
    name: "RequestTimeTooSkewed",
    fault: "clock-differs",
    why: "its clock and this machine's are too far apart",
    remedy: "Set this machine's clock right, or the storage server's, then request the job again.",
  },
];

/** The refusal that an error code names. */
export function s3Refusal(name: string): S3Refusal | undefined {
  return refusals.find((refusal) => refusal.name === name);
}

/** The refusal that a server's answer names, in whatever text the answer is repeated. */
export function s3RefusalIn(text: string): S3Refusal | undefined {
  const name = /<Code>(\w+)<\/Code>/.exec(text)?.[1];
  return name === undefined ? undefined : s3Refusal(name);
}

/** What to do about a server that refuses and does not say why. */
export const refusedRemedy: string = checkKeys;

function denied(name: string, why: string): S3Refusal {
  return { name, fault: "access-denied", why, remedy: checkKeys };
}
