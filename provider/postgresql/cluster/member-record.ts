/**
 * What a unit of a cluster tells the others of itself, so that they reach its pgBackRest. Holds no secret. Pure.
 *
 * @module
 */
import { isJsonRecord } from "../json-record.ts";

/** What a unit tells of itself. */
export interface MemberRecord {
  /** Patroni's name of it. */
  readonly member: string;
  /** The configuration of pgBackRest by which those who reach it work there. */
  readonly configFile: string;
  readonly dataDirectory: string;
  readonly socketDirectory: string;
  readonly port: number;
  readonly user: string;
  /** Whether it has the storage that is related, and would archive to it as the primary. Default: it does not. */
  readonly archives?: true;
  /** Whether it lets no clients in, because it makes a backup. Default: it lets them in. */
  readonly refusesClients?: true;
  /** Where its Patroni answers the other members, once Patroni knows it. */
  readonly apiUrl?: string;
  /** Absent while its TLS is off. */
  readonly tls?: MemberTls;
}

/** Where a unit's TLS server is, and how its own requests introduce themselves. */
export interface MemberTls {
  readonly address: string;
  readonly port: number;
  /** Of its certificate. */
  readonly commonName: string;
}

/** Writes a record for a databag. */
export function formatMember(record: MemberRecord): string {
  return JSON.stringify(record);
}

/** Reads a record; undefined for what is none: another revision of the charm may write another form. */
export function parseMember(text: string | undefined): MemberRecord | undefined {
  try {
    const given: unknown = JSON.parse(text ?? "null");
    if (!isJsonRecord(given)) return undefined;
    const { member, configFile, dataDirectory, socketDirectory, port, user } = given;
    if (
      !isWord(member) ||
      !isWord(configFile) ||
      !isWord(dataDirectory) ||
      !isWord(socketDirectory) ||
      !isWord(user) ||
      !isPort(port)
    )
      return undefined;
    const tls = parseTls(given["tls"]);
    const archives = given["archives"] === true ? ({ archives: true } as const) : {};
    const refuses = given["refusesClients"] === true ? ({ refusesClients: true } as const) : {};
    const { apiUrl } = given;
    const answers = isWord(apiUrl) && URL.canParse(apiUrl) ? { apiUrl } : {};
    const paths = { member, configFile, dataDirectory, socketDirectory, port, user };
    const known = { ...paths, ...archives, ...refuses, ...answers };
    return tls === undefined ? known : { ...known, tls };
  } catch {
    return undefined;
  }
}

function parseTls(given: unknown): MemberTls | undefined {
  if (!isJsonRecord(given)) return undefined;
  const { address, port, commonName } = given;
  return isWord(address) && isPort(port) && isWord(commonName) ? { address, port, commonName } : undefined;
}

/** A text that can stand in a configuration file: on one line, and not empty. */
function isWord(value: unknown): value is string {
  return typeof value === "string" && value !== "" && value === value.trim() && !/\p{Cc}/u.test(value);
}

function isPort(value: unknown): value is number {
  return typeof value === "number" && Number.isInteger(value) && value > 0 && value < 65_536;
}
