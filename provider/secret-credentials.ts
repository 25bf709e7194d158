/**
 * The keys of storages that travel as Juju secrets: puts them where requests that bring their own have them.
 *
 * @module
 * @see https://documentation.ubuntu.com/juju/3.6/reference/hook-command/list-of-hook-commands/secret-get/
 */
import type { JobRequest } from "../lib/job/request.ts";
import { Credentials } from "../lib/job/storage-config.ts";
import type { Juju } from "../lib/juju/juju.ts";

/** Requests with their keys. */
export interface RequestsWithCredentials {
  /** In the order in which they were given. Those that wait for their secret are among them, without keys. */
  readonly requests: readonly JobRequest[];
  /** Why keys are missing, by the ids of the requests that wait for them: for people, and nothing of a secret. */
  readonly withoutKeys: ReadonlyMap<string, string>;
}

/**
 * Reads the secrets that requests name. A secret that several name is read once.
 *
 * A secret that is not there, was not granted, or lacks a key is no failure: the grant and the URI that it is for may come in
 * either order, and the next dispatch looks again.
 *
 * @throws HookToolError where Juju cannot tell.
 */
export async function withSecretCredentials(
  juju: Pick<Juju, "readSecret">,
  requests: readonly JobRequest[],
): Promise<RequestsWithCredentials> {
  const named = new Set(requests.flatMap(({ secretExtra }) => secretExtra ?? []));
  const secrets = new Map(
    await Promise.all([...named].map(async (uri) => [uri, await keysOf(juju, uri)] as const)),
  );
  const withoutKeys = new Map<string, string>();
  const completed = requests.map((request): JobRequest => {
    if (request.secretExtra === undefined) return request;
    const keys = secrets.get(request.secretExtra);
    if (keys instanceof Credentials)
      return { ...request, storage: { ...request.storage, credentials: keys } };
    withoutKeys.set(request.id, keys ?? notReadable);
    return request;
  });
  return { requests: completed, withoutKeys };
}

const notReadable =
  "The secret with the keys of its storage cannot be read yet: it may not have been granted.";

/** The keys, or why there are none. */
async function keysOf(juju: Pick<Juju, "readSecret">, uri: string): Promise<Credentials | string> {
  const content = await juju.readSecret(uri);
  if (content === undefined) return notReadable;
  const credentials = new Credentials(content["access-key"] ?? "", content["secret-key"] ?? "");
  if (credentials.present) return credentials;
  const missing = ["access-key", "secret-key"].filter((key) => (content[key] ?? "").trim() === "");
  return `The secret with the keys of its storage has no ${missing.join(" and no ")}.`;
}
