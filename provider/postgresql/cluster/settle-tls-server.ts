/**
 * Starts and stops pgBackRest's TLS server as the members of the cluster come and go, in every dispatch.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { decideTlsServer, type TlsServerDecision } from "../checks/tls-server-checks.ts";
import type { Settings, TlsOptions } from "../options.ts";
import type { Parts } from "../parts.ts";
import { leaderOf } from "../patroni/cluster-view.ts";
import { renderServerConfig } from "../pgbackrest/tls-config.ts";
import { commonNameOf } from "./certificates.ts";
import type { KnownMembers } from "./known-members.ts";
import { answersPing, ownAddress, tlsServer, tlsServerFailed } from "./tls-server.ts";

const memberTimeoutMs = 900;
const pollMs = 100;

/**
 * Starts or stops the TLS server for the members that are known.
 *
 * @returns What was decided.
 * @throws ExecutorError `tls-certificate-unusable`, `tls-server-failed`
 */
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
