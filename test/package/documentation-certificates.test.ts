/**
 * Every combination of what is known of a unit's certificate, over the real decisions, compared with the table of the
 * reference.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import {
  certificateChecks,
  decideCertificate,
  type CertificateDecision,
  type CertificateFacts,
} from "../../provider/postgresql/checks/certificate-checks.ts";
import { createCertificates, type IssuedCertificate } from "../servers/certificates.ts";
import { tableOf } from "./pages.ts";

const page = "docs/reference/postgresql.md";
const wanted = { commonName: "pg-0", address: "localhost" };
const dayMs = 86_400_000;
let folder: string;
let own: IssuedCertificate;
let earlier: IssuedCertificate;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "certificates-"));
  const certificates = await createCertificates(folder);
  own = await certificates.issue("pg-0", ["DNS:localhost"]);
  earlier = await certificates.issue("earlier", ["DNS:localhost"]);
});
afterAll(async () => rm(folder, { recursive: true }));

/** Every combination of values that some decision tells apart. */
function everything(): readonly CertificateFacts[] {
  const request = { ...wanted, key: own.key, signingRequest: "R" };
  const { certificate, ca } = own;
  return [true, false].flatMap((isRelated) =>
    [undefined, request, { ...request, address: "elsewhere" }].flatMap((asked) =>
      [undefined, own.certificate, earlier.certificate].flatMap((kept) =>
        (
          [
            { kind: "none" },
            { kind: "revoked" },
            { kind: "unusable", why: "W" },
            { kind: "given", certificate, ca },
          ] as const
        ).flatMap((answer) =>
          // The certificates live for thirty days.
          [0, 28 * dayMs].map((later) => ({
            isRelated,
            request: asked,
            kept,
            wanted,
            answer,
            now: new Date(Date.now() + later),
          })),
        ),
      ),
    ),
  );
}

/** What the decision does, as the table says it. */
function outcomeOf(decision: CertificateDecision): string {
  return decision.kind === "request" && decision.takesAway ? "remove, request" : decision.kind;
}

test("the table of the decisions on a certificate says how each of them ends, in their order", () => {
  const ends = new Map<string, Set<string>>(certificateChecks.map(({ name }) => [name, new Set()]));
  const usable: [boolean, string][] = [];
  for (const facts of everything()) {
    const path: string[] = [];
    const decision = decideCertificate(facts, (name) => path.push(name));
    expect(path).toEqual(certificateChecks.slice(0, path.length).map(({ name }) => name));
    ends.get(path.at(-1) ?? "")?.add(outcomeOf(decision));
    if (facts.isRelated && facts.answer.kind === "given" && facts.request?.address === wanted.address) {
      const isOver = facts.kept === own.certificate && facts.now > new Date(Date.now() + dayMs);
      usable.push([isOver, decision.kind]);
    }
  }
  // What can be used is neither asked for again nor taken away before its time.
  expect(usable.filter(([isOver, kind]) => kind !== (isOver ? "request" : "keep"))).toEqual([]);
  expect(new Set(usable.map(([isOver]) => isOver)).size).toBe(2);
  expect(
    tableOf(page, "certificate")
      .slice(1)
      .map(([name = "", , outcome = ""]) => [name.replaceAll("`", ""), outcome]),
  ).toEqual([...ends].map(([name, outcomes]) => [name, [...outcomes].toSorted().join("; ")]));
});
