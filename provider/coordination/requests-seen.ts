/**
 * The requests as one dispatch saw them, and whether one that it did not see is gone.
 *
 * @module
 */
import type { JobRequest } from "../../lib/job/request.ts";
import type { Problem } from "../../lib/wire/problem.ts";
import type { RejectedRequest } from "../../lib/wire/requests.ts";
import { jobKey } from "./peer-records.ts";

/** The requests of one relation. */
export interface RelationRequests {
  /** For example `database-backup:3`; `action` for what the charm's own actions ask for. */
  readonly relation: string;
  /** The remote application, or the unit whose action asks. */
  readonly application: string;
  readonly requests: readonly JobRequest[];
  /** Why the keys of a request's storage cannot be read, by its id. Default: all can. */
  readonly withoutKeys?: ReadonlyMap<string, string>;
  readonly rejected: readonly RejectedRequest[];
  /** What could not be read: a request that is not seen may be among it. */
  readonly problems: readonly Problem[];
}

/** A request that stands. */
export type SeenRequest = {
  readonly relation: string;
  readonly application: string;
  /** By {@link jobKey}. */
  readonly key: string;
} & (
  | {
      readonly request: JobRequest;
      readonly rejected?: never;
      /** Why the keys of its storage cannot be read; absent where they can. */
      readonly keysMissing?: string;
    }
  | { readonly rejected: RejectedRequest; readonly request?: never; readonly keysMissing?: never }
);

/** The place of a job: its relation, who asks there, and its id. */
export interface JobPlace {
  readonly relation: string;
  readonly application: string;
  readonly job: string;
}

/** What a dispatch saw of all relations. */
export interface SeenRelations {
  readonly relations: readonly RelationRequests[];
  /** The remote applications that Juju expects on the endpoint, whether this unit has met them or not. */
  readonly expected: ReadonlySet<string>;
  /** The relation that is being broken in this hook, which says nothing. */
  readonly broken?: string;
  /** The units whose actions' requests were read, and those of the application that were not but may come. */
  readonly askers: { readonly read: ReadonlySet<string>; readonly expected: ReadonlySet<string> };
}

/** The requests of one dispatch, by job. */
export class RequestsSeen {
  readonly #byKey = new Map<string, SeenRequest>();
  readonly #seen: SeenRelations;

  constructor(seen: SeenRelations) {
    this.#seen = seen;
    for (const { relation, application, requests, withoutKeys, rejected } of seen.relations) {
      for (const request of requests) {
        const key = jobKey(relation, request.id);
        const keysMissing = withoutKeys?.get(request.id);
        this.#byKey.set(key, {
          relation,
          application,
          key,
          request,
          ...(keysMissing === undefined ? {} : { keysMissing }),
        });
      }
      for (const request of rejected) {
        const key = jobKey(relation, request.id);
        this.#byKey.set(key, { relation, application, key, rejected: request });
      }
    }
  }

  /** All requests that stand, in the order of their databags. */
  get all(): Iterable<SeenRequest> {
    return this.#byKey.values();
  }

  /** The request of a job; undefined where it was not seen, for whatever reason. */
  find(relation: string, job: string): SeenRequest | undefined {
    return this.#byKey.get(jobKey(relation, job));
  }

  /**
   * Whether a request is gone, on positive evidence: the databag was read without it, or the relation is neither known
   * here nor expected by Juju. A relation that is being broken proves nothing.
   */
  isGone({ relation, application, job }: JobPlace): boolean {
    const { relations, expected, broken, askers } = this.#seen;
    if (this.#byKey.has(jobKey(relation, job)) || relation === broken) return false;
    if (relation === "action") return askers.read.has(application) || !askers.expected.has(application);
    const read = relations.find((each) => each.relation === relation);
    if (read !== undefined) return read.problems.length === 0;
    if (!expected.has(application)) return true;
    // One application is related anew under a higher number: Juju gives none twice.
    return relations.some(
      (each) => each.application === application && numberOf(each.relation) > numberOf(relation),
    );
  }
}

function numberOf(relation: string): number {
  return Number(relation.slice(relation.lastIndexOf(":") + 1));
}
