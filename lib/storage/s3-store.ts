/**
 * The artefact store on an S3 server. The only file that names the AWS SDK, and it loads it only when a store is
 * opened: the SDK takes longer to load than a hook may think about.
 *
 * @module
 */
import { Agent } from "node:https";
import { errnoOf } from "../process/errno.ts";
import { regionOf, uriStyleOf } from "../job/storage-address.ts";
import {
  defaultEndpoint,
  describeLocation,
  storageLocation,
  type StorageConfig,
} from "../job/storage-config.ts";
import type { ArtefactStore } from "./artefact-store.ts";
import { readCaChain } from "./ca-chain.ts";
import { refusedRemedy, s3Refusal } from "./s3-refusals.ts";
import { StorageFaultError, type StorageFault } from "./storage-failure.ts";

const connectTimeoutMs = 5_000;
const requestTimeoutMs = 60_000;
const attempts = 3;

/** Keeps the SDK from warning about the version of Node.js that it will need one day. */
const silenceVariable = "AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED";

/**
 * Opens the store of a storage configuration. Nothing is sent until it is used, and a configuration that cannot be used
 * is told only then.
 *
 * It does not need https, for it only proves and stores; an engine that does says so itself.
 */
export async function openS3Store(storage: StorageConfig): Promise<ArtefactStore> {
  process.env[silenceVariable] ??= "true";
  const { GetObjectCommand, ListObjectsV2Command, PutObjectCommand, S3Client } =
    await import("@aws-sdk/client-s3");
  const location = storageLocation(storage);
  const { accessKey, secretKey } = storage.credentials.reveal();
  const chain = readCaChain(storage.tlsCaChain);
  const authorities = chain.readable ? [...chain.certificates] : [];
  const agent = new Agent({
    keepAlive: true,
    maxSockets: 8,
    // As with pgBackRest, a chain that is given stands in place of the authorities that the system knows.
    ...(authorities.length === 0 ? {} : { ca: authorities }),
  });
  const client = new S3Client({
    // The SDK finds the region's own host at AWS by itself.
    ...(location.endpoint === defaultEndpoint ? {} : { endpoint: location.endpoint }),
    region: regionOf(storage),
    credentials: { accessKeyId: accessKey, secretAccessKey: secretKey },
    forcePathStyle: uriStyleOf(storage) === "path",
    maxAttempts: attempts,
    // Servers that are not AWS refuse the checksums that the SDK adds by default.
    requestChecksumCalculation: "WHEN_REQUIRED",
    responseChecksumValidation: "WHEN_REQUIRED",
    requestHandler: {
      httpsAgent: agent,
      connectionTimeout: connectTimeoutMs,
      requestTimeout: requestTimeoutMs,
      throwOnRequestTimeout: true,
    },
  });
  const folder = location.path.slice(1);
  const keyOf = (key: string): string => (folder === "" ? key : `${folder}/${key}`);
  const attempt = async <Answer>(what: string, send: () => Promise<Answer>): Promise<Answer> => {
    // Without the authorities that were meant, those of the system would be asked.
    if (!chain.readable) throw unreadableChain(chain.item);
    try {
      return await send();
    } catch (error) {
      throw explain(error, storage, what);
    }
  };

  const textObject = (key: string, text: string) => ({
    Bucket: location.bucket,
    Key: keyOf(key),
    Body: Buffer.from(text, "utf8"),
    ContentType: "text/plain; charset=utf-8",
  });

  return {
    // Listing, not HEAD: the answer to HEAD has no body, so it could not tell a missing bucket from a missing right.
    probe: async () => {
      await attempt("be read", async () =>
        client.send(new ListObjectsV2Command({ Bucket: location.bucket, Prefix: keyOf(""), MaxKeys: 1 })),
      );
    },
    put: async (key, text) => {
      await attempt("be written to", async () => client.send(new PutObjectCommand(textObject(key, text))));
    },
    create: async (key, text) =>
      await attempt("be written to", async () => {
        try {
          await client.send(new PutObjectCommand({ ...textObject(key, text), IfNoneMatch: "*" }));
          return true;
        } catch (error) {
          // 409: somebody else is creating it at this moment.
          if (statusOf(error) === 412 || statusOf(error) === 409) return false;
          throw error;
        }
      }),
    get: async (key) =>
      await attempt("be read", async () => {
        try {
          const { Body: body } = await client.send(
            new GetObjectCommand({ Bucket: location.bucket, Key: keyOf(key) }),
          );
          return await body?.transformToString("utf8");
        } catch (error) {
          if (nameOf(error) === "NoSuchKey") return undefined;
          throw error;
        }
      }),
    close: () => {
      client.destroy();
      agent.destroy();
    },
  };
}

const certificateErrors: ReadonlySet<string> = new Set([
  "CERT_HAS_EXPIRED",
  "CERT_NOT_YET_VALID",
  "CERT_SIGNATURE_FAILURE",
  "CERT_UNTRUSTED",
  "CERT_REJECTED",
  "DEPTH_ZERO_SELF_SIGNED_CERT",
  "ERR_TLS_CERT_ALTNAME_INVALID",
  "SELF_SIGNED_CERT_IN_CHAIN",
  "UNABLE_TO_GET_ISSUER_CERT",
  "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
  "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
  "ERR_SSL_WRONG_VERSION_NUMBER",
  "EPROTO",
]);

const networkErrors: ReadonlySet<string> = new Set([
  "ECONNREFUSED",
  "ECONNRESET",
  "EAI_AGAIN",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "ENOTFOUND",
  "EPIPE",
  "ETIMEDOUT",
]);

function unreadableChain(item: number): StorageFaultError {
  return new StorageFaultError(
    "certificate",
    `tls-ca-chain[${item}] holds no certificate that can be read.`,
    {
      remedy: "Give each certificate of tls-ca-chain as PEM, or as base64 of it.",
    },
  );
}

/**
 * Says what was wrong, by code and status alone: an answer's body may hold a key.
 */
function explain(error: unknown, storage: StorageConfig, what: string): StorageFaultError {
  const location = storageLocation(storage);
  const place = describeLocation(location);
  const name = nameOf(error);
  const status = statusOf(error);
  const network = networkCodeOf(error);
  const fault = (kind: StorageFault, message: string, remedy: string, retryable = false): StorageFaultError =>
    new StorageFaultError(kind, message, { remedy, retryable, httpStatus: status });

  if (network !== undefined && certificateErrors.has(network))
    return fault(
      "certificate",
      `The certificate of ${location.endpoint} was not accepted (${network}).`,
      "Put the authority that signed the server's certificate into tls-ca-chain, or renew the certificate.",
    );
  if (network === "ENOTFOUND" && uriStyleOf(storage) === "host")
    return fault(
      "unreachable",
      `The host of the bucket "${location.bucket}" at ${location.endpoint} is not known to the DNS (${network}).`,
      "Check the endpoint; set s3-uri-style to path where the server has no host name for each bucket.",
      true,
    );
  if ((network === "ECONNRESET" || network === "EPIPE") && location.endpoint.startsWith("http:"))
    return fault(
      "unreachable",
      `The storage server at ${location.endpoint} broke off a connection without TLS (${network}), as a server does that speaks https alone.`,
      "Write the endpoint with https, unless the server is meant to be reached without TLS.",
      true,
    );
  if (network !== undefined && networkErrors.has(network))
    return fault(
      "unreachable",
      `The storage server at ${location.endpoint} cannot be reached (${network}).`,
      "Check the endpoint, and the network and firewall between this machine and it.",
      true,
    );
  if (name === "TimeoutError" || name === "RequestTimeout")
    return fault(
      "unreachable",
      `The storage server at ${location.endpoint} did not answer in time.`,
      "Check the endpoint, and the network and firewall between this machine and it.",
      true,
    );
  if (name === "NoSuchBucket")
    return fault(
      "bucket-missing",
      `The bucket "${location.bucket}" does not exist at ${location.endpoint}.`,
      "Create the bucket, or correct its name in the storage configuration.",
    );
  const refusal = s3Refusal(name);
  if (refusal !== undefined && refusal.fault !== "access-denied")
    return fault(
      refusal.fault,
      `The storage server refused a request for ${place}: ${refusal.why}.`,
      refusal.remedy,
    );
  if (refusal !== undefined || status === 401 || status === 403)
    return fault(
      "access-denied",
      `The storage server refused the credentials for ${place}: ${refusal?.why ?? `it answered ${status ?? "no"}`}.`,
      refusedRemedy,
    );
  if (status === 301 || status === 307 || name === "PermanentRedirect")
    return fault(
      "other",
      `The bucket "${location.bucket}" lies in another region than the one given.`,
      "Correct region and endpoint in the storage configuration.",
    );
  return fault(
    "other",
    `The storage (${place}) could not ${what}: ${name}${status === undefined ? "" : `, status ${status}`}.`,
    "Check the storage server, then request the job again.",
    status !== undefined && status >= 500,
  );
}

function nameOf(error: unknown): string {
  const code = error instanceof Error && "Code" in error ? error.Code : undefined;
  const name = typeof code === "string" ? code : error instanceof Error ? error.name : "unknown error";
  // Names are codes such as NoSuchBucket; whatever else a server puts there is not repeated.
  return /^[A-Za-z]{1,60}$/.test(name) ? name : "unknown error";
}

function statusOf(error: unknown): number | undefined {
  if (!(error instanceof Error) || !("$metadata" in error)) return undefined;
  const { $metadata: metadata } = error;
  if (typeof metadata !== "object" || metadata === null || !("httpStatusCode" in metadata)) return undefined;
  return typeof metadata.httpStatusCode === "number" ? metadata.httpStatusCode : undefined;
}

/** The code of the system error at the bottom, wherever the SDK has put it. */
function networkCodeOf(error: unknown): string | undefined {
  for (let thrown: unknown = error, depth = 0; thrown instanceof Error && depth < 5; depth += 1) {
    const code = errnoOf(thrown);
    if (code !== undefined) return code;
    if (thrown instanceof AggregateError && thrown.errors.length > 0) thrown = thrown.errors[0];
    else thrown = thrown.cause;
  }
  return undefined;
}
