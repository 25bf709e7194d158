/**
 * Has this unit's certificate signed by what is related, in every dispatch (tls-certificates v1, requirer).
 *
 * @module
 */
import { ExecutorError } from "../../../lib/errors.ts";
import type { JujuEvent } from "../../../lib/juju/event.ts";
import type { Juju } from "../../../lib/juju/juju.ts";
import { readRemoteApplication } from "../../../lib/juju/remote-application.ts";
import { standingRelation } from "../../../lib/juju/standing-relation.ts";
import { decideCertificate, type CertificateDecision } from "../checks/certificate-checks.ts";
import type { TlsOptions } from "../options.ts";
import type { Parts } from "../parts.ts";
import {
  answerTo,
  certificatesKey,
  formatRequests,
  requestsKey,
  type CertificateRequest,
} from "./certificate-databags.ts";
import { makeRequest, readRequest, rememberRequest } from "./certificate-request.ts";
import { keepCertificate } from "./certificates.ts";

/** What a dispatch knows of the provider of certificates. */
export interface CertificateDispatch {
  readonly juju: Juju;
  readonly event: JujuEvent;
  /** The endpoint with the interface tls-certificates. Default: `certificates`. */
  readonly endpoint?: string;
}

/** The longest common name that X.509 has room for. The end of a unit's name tells it from the others. */
const longestCommonName = 64;

/**
 * Asks for a certificate, puts the one that is there in place, or takes away what is no longer to be used.
 *
 * @returns What was decided.
 * @throws ExecutorError `signing-request-failed`, `certificate-refused`
 */
export async function settleCertificate(
  parts: Parts,
  tls: Required<TlsOptions>,
  { juju, event, endpoint = "certificates" }: CertificateDispatch,
): Promise<CertificateDecision> {
  const { settings, user } = parts;
  const file = settings.files.certificateRequest;
  const relation = await standingRelation(juju, endpoint, event);
  const known = await readRequest(file);
  const wanted = {
    commonName: settings.environment.unit.replace("/", "-").slice(-longestCommonName),
    address: tls.address,
  };
  const decision = decideCertificate({
    isRelated: relation !== undefined,
    request: known?.request,
    kept: known?.kept,
    wanted,
    answer: await readAnswer(juju, relation, known?.request),
    now: new Date(),
  });
  let request = known?.request;
  switch (decision.kind) {
    case "returned":
    case "unusable":
      break;
    case "remove":
      // What was never ours may be an admin's.
      if (known?.kept !== undefined) await keepCertificate(user, tls, undefined);
      await rememberRequest(file, undefined);
      await juju.log("INFO", `The certificate was taken away: ${decision.why}.`);
      request = undefined;
      break;
    case "request": {
      request = await makeRequest(wanted);
      const kept = decision.takesAway ? undefined : known?.kept;
      if (decision.takesAway) await keepCertificate(user, tls, undefined);
      await rememberRequest(file, kept === undefined ? { request } : { request, kept });
      await juju.log("INFO", `A certificate is asked for: ${decision.why}.`);
      break;
    }
    case "keep": {
      if (request === undefined) break;
      const { certificate, ca } = decision;
      // First the record: what lies there without one would never be taken away.
      if (certificate !== known?.kept) {
        await rememberRequest(file, { request, kept: certificate });
        await juju.log("INFO", "A certificate was put in place.");
      }
      await keepCertificate(user, tls, { key: request.key, certificate, ca });
    }
  }
  if (relation !== undefined && request !== undefined) await ask(juju, relation, request);
  if (decision.kind === "unusable") throw refused(relation ?? endpoint, decision.why);
  return decision;
}

async function readAnswer(
  juju: Juju,
  relation: string | undefined,
  request: CertificateRequest | undefined,
): Promise<ReturnType<typeof answerTo>> {
  if (relation === undefined || request === undefined) return { kind: "none" };
  const { databag } = await readRemoteApplication(juju, relation);
  return answerTo(request, databag[certificatesKey]);
}

/** What a hook that failed had written, Juju has dropped; the record on disk has not. */
async function ask(juju: Juju, relation: string, request: CertificateRequest): Promise<void> {
  const text = formatRequests(request);
  const said = await juju.readUnitDatabag(relation, juju.unit);
  if (said[requestsKey] !== text) await juju.writeUnitDatabag(relation, { [requestsKey]: text });
}

function refused(relation: string, why: string): ExecutorError {
  return new ExecutorError({
    code: "certificate-refused",
    message: `The certificate that ${relation} gave cannot be used: ${why}.`,
    remedy: "Have the provider of certificates sign the unit's request again, or relate another one.",
  });
}
