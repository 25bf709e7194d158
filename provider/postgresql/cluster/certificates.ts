/**
 * The certificate by which the members of a cluster know each other's pgBackRest, on disk.
 *
 * @module
 */
import { X509Certificate } from "node:crypto";
import { access, readFile, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { ExecutorError } from "../../../lib/errors.ts";
import type { DatabaseUser } from "../database-user.ts";
import type { TlsOptions } from "../options.ts";
import { commonNameIn } from "./certificate-databags.ts";

/** A member's certificate, all of it PEM. */
export interface MemberCertificate {
  readonly key: string;
  readonly certificate: string;
  readonly ca: string;
}

type Files = Pick<TlsOptions, "keyFile" | "certificateFile" | "caFile">;

/**
 * The common name of the certificate that is there; undefined where TLS is off, because a file is missing.
 *
 * @throws ExecutorError `tls-certificate-unusable`
 */
export async function commonNameOf(files: Files | undefined): Promise<string | undefined> {
  if (files === undefined) return undefined;
  const paths = [files.keyFile, files.certificateFile, files.caFile];
  const there = await Promise.all(
    paths.map((path) =>
      access(path).then(
        () => true,
        () => false,
      ),
    ),
  );
  if (there.includes(false)) return undefined;
  const { certificateFile } = files;
  try {
    const name = commonNameIn(new X509Certificate(await readFile(certificateFile)));
    if (name !== undefined) return name;
  } catch (error) {
    throw unusable(certificateFile, error);
  }
  throw unusable(certificateFile);
}

/** Puts a certificate where the options want it; undefined takes it away, and TLS is off. */
export async function keepCertificate(
  user: DatabaseUser,
  files: Files,
  given: MemberCertificate | undefined,
): Promise<void> {
  const { keyFile, certificateFile, caFile } = files;
  if (given === undefined) {
    for (const file of [keyFile, certificateFile, caFile]) await rm(file, { force: true });
    return;
  }
  await user.makeDirectory(dirname(keyFile), 0o750);
  const contents = [
    [caFile, given.ca, 0o644],
    [certificateFile, given.certificate, 0o644],
    [keyFile, given.key, 0o600],
  ] as const;
  for (const [file, text, mode] of contents) {
    if (text !== (await readFile(file, "utf8").catch(() => undefined)))
      await user.writeFile(file, text, mode);
  }
}

function unusable(file: string, cause?: unknown): ExecutorError {
  return new ExecutorError(
    {
      code: "tls-certificate-unusable",
      message: `The certificate in ${file} cannot be read, or has no common name.`,
      remedy: "Put a PEM certificate with a common name there, or take it away to switch TLS off.",
    },
    cause,
  );
}
