/**
 * The keys of storages as Juju secrets: one for each relation and storage, there as long as a request names it.
 *
 * @module
 * @see https://documentation.ubuntu.com/juju/3.6/reference/secret/
 */
import type { JobRequest } from "../lib/job/request.ts";
import { sameLocation, storageLocation, type StorageConfig } from "../lib/job/storage-config.ts";
import type { JujuEvent } from "../lib/juju/event.ts";
import type { Juju, SecretContent } from "../lib/juju/juju.ts";

/** The secrets that this application made and has not removed: their labels by their URIs. */
export type KnownSecrets = ReadonlyMap<string, string>;

/** Makes, renews and removes secrets of one dispatch. */
export class StorageSecrets {
  readonly #juju: Juju;
  readonly #known: Map<string, string>;

  /** @param known What the last dispatch left. */
  constructor(juju: Juju, known: KnownSecrets) {
    this.#juju = juju;
    this.#known = new Map(known);
  }

  /** What there is now. */
  get known(): KnownSecrets {
    return this.#known;
  }

  /**
   * Puts the keys of a storage where the other side of a relation, and nobody else, can read them.
   *
   * @returns The URI of the secret.
   */
  async provide(relation: string, storage: StorageConfig): Promise<string> {
    const label = labelOf(relation, storage);
    const uri = await this.#uriOf(label, contentOf(storage));
    this.#known.set(uri, label);
    await this.#juju.grantSecret(uri, relation);
    return uri;
  }

  /** Gives secrets that requests name the keys that the storage has now. */
  async renew(relation: string, requests: readonly JobRequest[], storage: StorageConfig): Promise<void> {
    const label = labelOf(relation, storage);
    const uris = new Set(requests.map(({ secretExtra }) => secretExtra));
    for (const [uri, known] of this.#known) {
      if (known === label && uris.has(uri)) await this.#update(uri, contentOf(storage));
    }
  }

  /** Removes a content that nobody reads any more, which Juju tells in the hook `secret-remove` and does not do by itself. */
  async removeOld(event: JujuEvent | undefined): Promise<void> {
    if (event?.kind !== "hook" || event.name !== "secret-remove") return;
    const { uri = "", revision } = event.secret ?? {};
    if (revision !== undefined && this.#known.has(uri)) await this.#juju.removeSecret(uri, revision);
  }

  /** Removes the secrets that no request names any more. */
  async removeOthers(named: ReadonlySet<string>): Promise<void> {
    for (const uri of [...this.#known.keys()].filter((known) => !named.has(known))) {
      await this.#juju.removeSecret(uri);
      this.#known.delete(uri);
    }
  }

  async #uriOf(label: string, content: SecretContent): Promise<string> {
    const [known] = [...this.#known].find(([, each]) => each === label) ?? [];
    // Up to Juju 3.6 a secret stays where the databag that was to name it was refused.
    const uri = known ?? (await this.#juju.secretInfo(label))?.uri;
    if (uri === undefined) return await this.#juju.addSecret(label, content);
    await this.#update(uri, content);
    return uri;
  }

  /** Before Juju 3.6 the same content would make a new revision. */
  async #update(uri: string, content: SecretContent): Promise<void> {
    const before = await this.#juju.readSecret(uri);
    const isSame =
      before !== undefined && Object.entries(content).every(([key, value]) => before[key] === value);
    if (!isSame) await this.#juju.updateSecret(uri, content);
  }
}

/** The request with the keys that the storage has now, where it brings its own and may still begin with others. */
export function withKeysOf<Request extends JobRequest>(request: Request, storage: StorageConfig): Request {
  if (request.secretExtra !== undefined) return request;
  if (!sameLocation(storageLocation(request.storage), storageLocation(storage))) return request;
  const [before, now] = [request.storage.credentials.reveal(), storage.credentials.reveal()];
  if (before.accessKey === now.accessKey && before.secretKey === now.secretKey) return request;
  return { ...request, storage: { ...request.storage, credentials: storage.credentials } };
}

function contentOf({ credentials }: StorageConfig): SecretContent {
  const { accessKey, secretKey } = credentials.reveal();
  return { "access-key": accessKey, "secret-key": secretKey };
}

/** Tells which relation and which storage a secret is for. */
function labelOf(relation: string, storage: StorageConfig): string {
  const { endpoint, bucket, path } = storageLocation(storage);
  const { createHash } = process.getBuiltinModule("node:crypto");
  const place = createHash("sha256")
    .update(JSON.stringify([endpoint, bucket, path]))
    .digest("hex")
    .slice(0, 16);
  return `${relation.replace(":", ".")}.storage.${place}`;
}
