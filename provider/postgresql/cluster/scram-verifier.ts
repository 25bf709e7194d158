/**
 * What PostgreSQL keeps of a password: a verifier, from which the password cannot be found. It is made here, so that no
 * statement holds a password, which PostgreSQL may log. Pure but for the random salt.
 *
 * @module
 * @see https://www.postgresql.org/docs/15/catalog-pg-authid.html
 * @see https://www.rfc-editor.org/rfc/rfc5803
 */
import { createHash, createHmac, pbkdf2Sync, randomBytes } from "node:crypto";

/** PostgreSQL's own. */
const iterations = 4096;
const saltBytes = 16;

/**
 * Makes the verifier of a password.
 *
 * @param password Of printable ASCII, for which there is nothing to normalise.
 */
export function scramVerifier(password: string, salt: Buffer = randomBytes(saltBytes)): string {
  return verifierOf(password, salt, iterations);
}

/** Whether a verifier is that of a password. What is kept in another form is none. */
export function isVerifierOf(verifier: string, password: string): boolean {
  const found = /^SCRAM-SHA-256\$(\d{1,7}):([\w+/=]+)\$/.exec(verifier);
  if (found === null) return false;
  const [, count = "", salt = ""] = found;
  return verifierOf(password, Buffer.from(salt, "base64"), Number(count)) === verifier;
}

function verifierOf(password: string, salt: Buffer, count: number): string {
  const salted = pbkdf2Sync(password, salt, count, 32, "sha256");
  const keyOf = (what: string): Buffer => createHmac("sha256", salted).update(what).digest();
  const stored = createHash("sha256").update(keyOf("Client Key")).digest("base64");
  const server = keyOf("Server Key").toString("base64");
  return `SCRAM-SHA-256$${count}:${salt.toString("base64")}$${stored}:${server}`;
}
