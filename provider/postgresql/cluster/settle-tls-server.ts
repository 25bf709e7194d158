/**
 * Starts and stops pgBackRest's TLS server as the members of the cluster come and go, in every dispatch.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Juju } from "../../../lib/juju/juju.ts";
import { archivesToRelated } from "../archiving/archiving-record.ts";
import { decideTlsServer, type TlsServerDecision } from "../checks/tls-server-checks.ts";
import type { Settings, TlsOptions } from "../options.ts";
import type { Parts } from "../parts.ts";
import { leaderOf } from "../patroni/cluster-view.ts";
import { renderServerConfig } from "../pgbackrest/tls-config.ts";
import { commonNameOf } from "./certificates.ts";
import { exchangeMembers } from "./cluster-peers.ts";
import { keepMembers, type KnownMembers } from "./known-members.ts";
import type { MemberRecord } from "./member-record.ts";
import { answersPing, ownAddress, tlsServer, tlsServerFailed } from "./tls-server.ts";

/** What a dispatch knows of the cluster. */
export interface ClusterDispatch {
  readonly juju: Juju;
  /** The peer endpoint of the cluster's units. Not that of the library. Default: `database-peers`. */
  readonly peerEndpoint?: string;
  /** The unit that is going, in its departed hook. */
  readonly departing?: string;
}

const memberTimeoutMs = 900;
const pollMs = 100;

/**
 * Tells the other units of this one, learns of them, and starts or stops the TLS server.
 *
 * @returns What was decided about the TLS server.
 * @throws ExecutorError `tls-certificate-unusable`, `tls-server-failed`
 */
export async function settleMembers(
  parts: Parts,
  { juju, peerEndpoint = "database-peers", departing }: ClusterDispatch,
): Promise<TlsServerDecision> {
  const { settings } = parts;
  const commonName = await commonNameOf(settings.tls);
  const own = describeMember(settings, commonName, await archivesToRelated(settings));
  const known = await exchangeMembers(juju, peerEndpoint, own, departing);
  await keepMembers(settings, known);
  return settleTlsServer(parts, known, async (line) => juju.log("INFO", line));
}

/** What this unit tells the others of itself. */
function describeMember(settings: Settings, commonName: string | undefined, archives: boolean): MemberRecord {
  const { patroni, postgresql, tls } = settings;
  const { dataDirectory, socketDirectory, port, user } = postgresql;
  return {
    member: patroni.member,
    configFile: tls?.configFile ?? settings.files.archiveConfig,
    dataDirectory,
    socketDirectory,
    port,
    user,
    ...(archives ? { archives } : {}),
    ...(tls === undefined || commonName === undefined
      ? {}
      : { tls: { address: tls.address, port: tls.port, commonName } }),
  };
}

/** Starts or stops the TLS server for the members that are known. */
export async function settleTlsServer(
  parts: Parts,
  { others }: KnownMembers,
  log: (line: string) => Promise<void>,
): Promise<TlsServerDecision> {
  const { settings, user, patroni } = parts;
  const { tls } = settings;
  if (tls === undefined) return { kind: "stop", why: "TLS is not enabled" };
  const server = tlsServer(settings, tls);
  const commonName = await commonNameOf(tls);
  const reached = Object.values(others).filter((other) => other.tls !== undefined);
  const config = renderServerConfig(settings, {
    commonNames: reached.flatMap((other) => other.tls?.commonName ?? []),
  });
  const digest = await digestOf(tls, config);
  const isRunning = await server.running();
  const isServing = isRunning && (await servedDigest(settings)) === digest;
  const isSingle = commonName === undefined || reached.length === 0;
  const member = isSingle || isServing ? undefined : await patroni.member(memberTimeoutMs);
  const asksPrimary = member !== undefined && !member.isPrimary;
  const decision = decideTlsServer({
    isTlsEnabled: commonName !== undefined,
    otherMembers: reached.length,
    isServing,
    isPrimary: member?.isPrimary,
    isPrimaryServing: asksPrimary ? await isPrimaryServing(parts, others) : undefined,
  });
  if (decision.kind === "stop" && isRunning) {
    await server.stop();
    await rm(digestFile(settings), { force: true });
    await log(`pgBackRest's TLS server was stopped: ${decision.why}.`);
  }
  if (decision.kind === "start") {
    await user.makeDirectory(settings.files.pgbackrest, 0o750);
    for (const name of ["log", "lock", "spool"])
      await user.makeDirectory(join(settings.files.pgbackrest, name), 0o750);
    await user.writeFile(tls.configFile, config, 0o644);
    await server.start();
    await waitUntilServing(parts, tls);
    await writeFile(digestFile(settings), `${digest}\n`);
    await log(`pgBackRest's TLS server was started for ${Object.keys(others).join(", ")}.`);
  }
  return decision;
}

/** A server that dislikes its certificate dies without a word to whoever started it. */
async function waitUntilServing({ settings, user }: Parts, tls: Required<TlsOptions>): Promise<void> {
  const deadline = performance.now() + settings.timeLimits.pingMs;
  while (!(await answersPing(settings, user, ownAddress(tls)))) {
    if (performance.now() > deadline) throw tlsServerFailed("it does not answer");
    await sleep(pollMs);
  }
}

async function isPrimaryServing(
  { settings, user, patroni }: Parts,
  others: KnownMembers["others"],
): Promise<boolean> {
  const leader = leaderOf(await patroni.cluster());
  const primary = Object.values(others).find(({ member }) => member === leader?.name);
  return primary?.tls !== undefined && answersPing(settings, user, primary.tls);
}

function digestFile(settings: Settings): string {
  return join(settings.files.pgbackrest, "server.digest");
}

async function servedDigest(settings: Settings): Promise<string> {
  return (await readFile(digestFile(settings), "utf8").catch(() => "")).trim();
}

/** Tells settings and certificate from all others, so that the server reads them again when they change. */
async function digestOf(tls: Required<TlsOptions>, config: string): Promise<string> {
  const hash = createHash("sha256").update(config);
  for (const file of [tls.keyFile, tls.certificateFile, tls.caFile])
    hash.update(await readFile(file).catch(() => ""));
  return hash.digest("hex");
}
