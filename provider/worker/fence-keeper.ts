/**
 * Fences at the artefact store: one object each, which whoever comes first creates. The worker that is to run a job
 * enters itself before its first effect; whoever takes the job away from a unit that is gone enters that it is revoked.
 * So never both.
 *
 * @module
 */
import { StorageError } from "../../lib/errors.ts";
import type { ArtefactStore } from "../../lib/storage/artefact-store.ts";

/** Who holds a fence. */
export type FenceHolder =
  { readonly unit: string; readonly incarnation: string } | { readonly revoked: true };

type Fences = Pick<ArtefactStore, "create" | "get">;

interface FenceReference {
  readonly lineage: string;
  readonly fence: number;
}

/**
 * Claims a fence for a unit.
 *
 * @returns Whether the unit holds it now: it may have held it before, because clients repeat what got no answer.
 * @throws StorageError
 */
export async function claimFence(
  store: Fences,
  fence: FenceReference,
  holder: { readonly unit: string; readonly incarnation: string },
): Promise<boolean> {
  const found = await createOrRead(store, fence, holder);
  return (
    found === undefined ||
    (!("revoked" in found) && found.unit === holder.unit && found.incarnation === holder.incarnation)
  );
}

/**
 * Revokes a fence.
 *
 * @returns Whether nobody can claim it any more; false where somebody holds it.
 * @throws StorageError
 */
export async function revokeFence(store: Fences, fence: FenceReference): Promise<boolean> {
  const found = await createOrRead(store, fence, { revoked: true });
  return found === undefined || "revoked" in found;
}

/**
 * Finds out whether a store keeps fences: of two who create one object, it must refuse the second.
 *
 * @param key What the object is called; nothing stands there.
 * @throws StorageError
 */
export async function keepsFences(store: Fences, key: string): Promise<boolean> {
  const first = await store.create(key, "1");
  const second = await store.create(key, "2");
  return first && !second && (await store.get(key)) === "1";
}

/** Somebody holds it who cannot be read: it is not ours, and nobody else can take it. */
const nobodyKnown: FenceHolder = { unit: "", incarnation: "" };

/** Creates the object. @returns What stood there; undefined where nothing did. */
async function createOrRead(
  store: Fences,
  { lineage, fence }: FenceReference,
  holder: FenceHolder,
): Promise<FenceHolder | undefined> {
  const key = `database-backup/${lineage}/fences/${fence}.json`;
  if (await store.create(key, JSON.stringify(holder))) return undefined;
  const text = await store.get(key);
  // A server refuses one that comes while another is being made, too, and that other one may come to nothing.
  if (text === undefined) {
    throw new StorageError(`The storage refused the object ${key}, and has none of that name.`, {
      remedy: "Nothing needs to be done: it is tried again.",
      retryable: true,
    });
  }
  return holderIn(text);
}

function holderIn(text: string): FenceHolder {
  try {
    const found: unknown = JSON.parse(text);
    if (typeof found !== "object" || found === null) return nobodyKnown;
    if ("revoked" in found) return { revoked: true };
    const { unit, incarnation }: { unit?: unknown; incarnation?: unknown } = found;
    return typeof unit === "string" && typeof incarnation === "string" ? { unit, incarnation } : nobodyKnown;
  } catch {
    return nobodyKnown;
  }
}
