/**
 * The decisions on pgBackRest's TLS server, through which the other members reach this one: the boxes of the flowchart
 * s3-credentials-changed from "Is TLS disabled or single unit cluster" on, which certificates and their removal walk too.
 * Pure.
 *
 * @module
 */

/** What is known before the TLS server is started or stopped. */
export interface TlsServerFacts {
  /** Whether key, certificate and authority are there. */
  readonly isTlsEnabled: boolean;
  /** How many other units can be reached by TLS, as they say. */
  readonly otherMembers: number;
  /** Whether the TLS server runs with the settings that it should have. */
  readonly isServing: boolean;
  /** Whether this unit is the primary; undefined where Patroni does not say. */
  readonly isPrimary: boolean | undefined;
  /** Whether the primary's TLS server answers; undefined where nobody knows who is the primary. */
  readonly isPrimaryServing: boolean | undefined;
}

/** What is to be done about the TLS server. */
export type TlsServerDecision =
  | { readonly kind: "start" }
  | { readonly kind: "stop"; readonly why: string }
  /** There is nothing to do. */
  | { readonly kind: "returned"; readonly why: string }
  /** Decided again in the next dispatch; nothing is stored. */
  | { readonly kind: "deferred"; readonly why: string };

/** A decision of the flowchart. */
export interface TlsServerCheck {
  readonly name: string;
  /** The box of the flowchart that it stands for; absent where we ask more than the chart. */
  readonly chart?: string;
  /** Undefined where it lets the next one decide. */
  decide(facts: TlsServerFacts): TlsServerDecision | undefined;
}

/** The decisions, in order. Where none of them ends the walk, the server is started. */
export const tlsServerChecks: readonly TlsServerCheck[] = [
  {
    name: "is-tls-disabled-or-single-unit-cluster",
    chart: "Is TLS disabled or single unit cluster",
    decide: ({ isTlsEnabled, otherMembers }) => {
      if (!isTlsEnabled) return { kind: "stop", why: "TLS is not enabled" };
      return otherMembers === 0 ? { kind: "stop", why: "no other unit has TLS" } : undefined;
    },
  },
  {
    name: "is-serving-already",
    decide: ({ isServing }) =>
      isServing ? { kind: "returned", why: "the TLS server runs as it should" } : undefined,
  },
  {
    name: "is-replica-and-tls-server-not-running-on-primary",
    chart: "Is current unit a replica and TLS server isn't running on primary?",
    decide: ({ isPrimary, isPrimaryServing }) => {
      if (isPrimary === true) return undefined;
      if (isPrimary === undefined)
        return { kind: "deferred", why: "Patroni does not say who is the primary" };
      return isPrimaryServing === true
        ? undefined
        : { kind: "deferred", why: "the primary's TLS server does not answer yet" };
    },
  },
];

/**
 * Decides in order, up to the first check that ends the walk.
 *
 * @param note Called with the name of each check.
 */
export function decideTlsServer(
  facts: TlsServerFacts,
  note: (name: string) => void = () => undefined,
): TlsServerDecision {
  for (const check of tlsServerChecks) {
    note(check.name);
    const decision = check.decide(facts);
    if (decision !== undefined) return decision;
  }
  return { kind: "start" };
}
