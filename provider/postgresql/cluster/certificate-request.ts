/**
 * What this unit asked to have signed, on disk, with its private key; and how it is made.
 *
 * @module
 */
import { readFile, rm } from "node:fs/promises";
import { ExecutorError } from "../../../lib/errors.ts";
import { errnoOf } from "../../../lib/process/errno.ts";
import { describeEnd, run } from "../../../lib/process/run.ts";
import { plainEnvironment } from "../database-user.ts";
import { keepRecord } from "../kept-record.ts";
import type { CertificateRequest } from "./certificate-databags.ts";

/** What is remembered. */
export interface RequestRecord {
  readonly request: CertificateRequest;
  /** The certificate that was put in place last, PEM, for this request or an earlier one. */
  readonly kept?: string;
}

const opensslTimeoutMs = 30_000;

/** What is remembered; undefined where nothing was asked for. */
export async function readRequest(file: string): Promise<RequestRecord | undefined> {
  try {
    const record: RequestRecord = JSON.parse(await readFile(file, "utf8"));
    return record;
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return undefined;
    throw error;
  }
}

/** Remembers, all or nothing; undefined forgets. Nobody but the owner can read it: it holds the key. */
export async function rememberRequest(file: string, record: RequestRecord | undefined): Promise<void> {
  if (record === undefined) return rm(file, { force: true });
  await keepRecord(file, record);
}

/**
 * Makes a key and a request for it. The certificate is to serve and to ask, as pgBackRest does with one and the same.
 *
 * @throws ExecutorError `signing-request-failed`
 */
export async function makeRequest(
  subject: Pick<CertificateRequest, "commonName" | "address">,
): Promise<CertificateRequest> {
  // No certificate can have another address, and to openssl a comma would begin a name that nobody meant.
  if (!/^[A-Za-z0-9_*](?:[A-Za-z0-9_.-]*[A-Za-z0-9_])?$/.test(subject.address))
    throw failed(`"${subject.address}" is no DNS name`, "Set the option tls.address to a DNS name.");
  const result = await run(
    [
      "openssl",
      "req",
      "-new",
      "-sha256",
      "-newkey",
      "ec",
      "-pkeyopt",
      "ec_paramgen_curve:prime256v1",
      "-nodes",
      // On standard output, before the request: so the key is in no file that a crash would leave.
      "-keyout",
      "-",
      // That of the system may say anything.
      "-config",
      "/dev/null",
      "-subj",
      `/CN=${subject.commonName}`,
      "-addext",
      `subjectAltName=DNS:${subject.address}`,
      "-addext",
      "extendedKeyUsage=serverAuth,clientAuth",
    ],
    { env: plainEnvironment("/", ""), timeoutMs: opensslTimeoutMs },
  );
  const key = block(result.stdout, "PRIVATE KEY");
  const signingRequest = block(result.stdout, "CERTIFICATE REQUEST");
  if (result.exitCode !== 0 || key === undefined || signingRequest === undefined)
    throw failed(
      `openssl ${describeEnd(result)}`,
      "Install openssl 1.1.1 or newer on the unit's machine; the next dispatch tries again.",
    );
  return { ...subject, key, signingRequest };
}

/** A block of a PEM text. */
function block(text: string, label: string): string | undefined {
  return new RegExp(`-----BEGIN ${label}-----[^-]+-----END ${label}-----\\n`).exec(text)?.[0];
}

function failed(why: string, remedy: string): ExecutorError {
  return new ExecutorError({
    code: "signing-request-failed",
    message: `No certificate can be asked for, because ${why}.`,
    remedy,
  });
}
