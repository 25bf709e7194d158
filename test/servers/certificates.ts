/**
 * Certificates for the TLS of the S3 server, and of whatever else is asked for, from a certificate authority that lives as long
 * as the servers do.
 *
 * @module
 */
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { runOrThrow } from "./server-error.ts";

/** The files made by {@link createCertificates}. */
export interface Certificates {
  /** The authority that signed the server's certificate. */
  readonly caFile: string;
  /** The content of `caFile`. */
  readonly caPem: string;
  /** Another authority, which signed nothing: a client that trusts it alone must refuse the server. */
  readonly untrustedCaFile: string;
  /** For the names that were given. */
  readonly certificateFile: string;
  readonly keyFile: string;
  /** As those, but of the past. */
  readonly expired: { readonly certificateFile: string; readonly keyFile: string };
  /** Makes another certificate of the same authority, for a program that both serves and asks. */
  issue(commonName: string, names: readonly string[]): Promise<IssuedCertificate>;
}

/** A certificate made by {@link Certificates.issue}, all of it PEM. */
export interface IssuedCertificate {
  readonly key: string;
  readonly certificate: string;
  readonly ca: string;
}

// A configuration of our own, because the one of the system adds extensions that differ between versions.
const opensslConfiguration = (names: readonly string[]): string => `
[req]
distinguished_name = name
prompt = no
[name]
[authority]
basicConstraints = critical,CA:TRUE
keyUsage = critical,keyCertSign,cRLSign
subjectKeyIdentifier = hash
[server]
basicConstraints = critical,CA:FALSE
keyUsage = critical,digitalSignature
extendedKeyUsage = serverAuth
subjectAltName = ${names.join(",")}
[member]
basicConstraints = critical,CA:FALSE
keyUsage = critical,digitalSignature
extendedKeyUsage = serverAuth,clientAuth
subjectAltName = ${names.join(",")}
`;

const localNames = ["DNS:localhost", "DNS:*.s3.localhost", "IP:127.0.0.1"];

/**
 * Makes the certificates in a directory, which is created where it is missing.
 *
 * @param names What the server's certificate is for. Default: localhost, *.s3.localhost and 127.0.0.1.
 */
export async function createCertificates(
  directory: string,
  names: readonly string[] = localNames,
): Promise<Certificates> {
  await mkdir(directory, { recursive: true });
  const ownConfiguration = join(directory, "openssl.cnf");
  await writeFile(ownConfiguration, opensslConfiguration(names));
  const file = (name: string): string => join(directory, name);

  const create = async (
    name: string,
    commonName: string,
    extensions: string,
    signer: readonly string[],
    configuration: string = ownConfiguration,
    isExpired: boolean = false,
  ): Promise<void> => {
    await runOrThrow(`make the certificate ${name}`, [
      // openssl makes no certificate that has expired, unless it takes today for another day.
      ...(isExpired ? (["faketime", "-f", "-40d", "openssl"] as const) : (["openssl"] as const)),
      "req",
      "-x509",
      "-config",
      configuration,
      "-extensions",
      extensions,
      "-newkey",
      "ec",
      "-pkeyopt",
      "ec_paramgen_curve:prime256v1",
      "-nodes",
      "-days",
      "30",
      "-subj",
      `/CN=${commonName}`,
      "-keyout",
      file(`${name}.key`),
      "-out",
      file(`${name}.crt`),
      ...signer,
    ]);
  };
  await Promise.all([
    create("ca", "Authority of the test servers", "authority", []),
    create("untrusted-ca", "Authority that signed nothing", "authority", []),
  ]);
  const authority = ["-CA", file("ca.crt"), "-CAkey", file("ca.key")];
  await Promise.all([
    create("server", "localhost", "server", authority),
    create("expired-server", "localhost", "server", authority, ownConfiguration, true),
  ]);
  const caPem = await readFile(file("ca.crt"), "utf8");
  return {
    issue: async (commonName, memberNames) => {
      const configuration = file(`${commonName}.cnf`);
      await writeFile(configuration, opensslConfiguration(memberNames));
      await create(commonName, commonName, "member", authority, configuration);
      return {
        key: await readFile(file(`${commonName}.key`), "utf8"),
        certificate: await readFile(file(`${commonName}.crt`), "utf8"),
        ca: caPem,
      };
    },
    caFile: file("ca.crt"),
    caPem,
    untrustedCaFile: file("untrusted-ca.crt"),
    certificateFile: file("server.crt"),
    keyFile: file("server.key"),
    expired: { certificateFile: file("expired-server.crt"), keyFile: file("expired-server.key") },
  };
}
