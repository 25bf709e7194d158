/**
 * The certificate authorities that a storage configuration brings, read from the forms in which charms pass them on.
 *
 * @module
 */
import { X509Certificate } from "node:crypto";

/** What `tls-ca-chain` holds. */
export type CaChain =
  | {
      readonly readable: true;
      /** Each as PEM. None where the system's authorities are meant. */
      readonly certificates: readonly string[];
    }
  | {
      readonly readable: false;
      /** Which item holds no certificate, counted from 0. */
      readonly item: number;
    };

/**
 * Reads a chain. Each item is PEM of one certificate or of several, or base64 of that; what stands around certificates is
 * left out, and with it a private key that was put beside them. Blank items say nothing.
 */
export function readCaChain(items: readonly string[] | undefined): CaChain {
  const certificates: string[] = [];
  for (const [item, text] of (items ?? []).entries()) {
    if (text.trim() === "") continue;
    const read = certificatesIn(pemOf(text));
    if (read.length === 0) return { readable: false, item };
    certificates.push(...read);
  }
  return { readable: true, certificates };
}

function pemOf(text: string): string {
  return text.includes("-----BEGIN") ? text : Buffer.from(text, "base64").toString("latin1");
}

/** The certificates of a text, none where one of them is damaged. */
function certificatesIn(pem: string): readonly string[] {
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----/gs) ?? [];
  try {
    return blocks.map((block) => new X509Certificate(block).toString());
  } catch {
    return [];
  }
}
