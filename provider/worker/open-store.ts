/**
 * Opens artefact stores.
 *
 * @module
 */
import type { StorageConfig } from "../../lib/job/storage-config.ts";
import type { ArtefactStore } from "../../lib/storage/artefact-store.ts";
import type { ModuleReference } from "./worker-input.ts";

/** What an artefact store's module exports. */
export interface StoreModule {
  openStore(storage: StorageConfig, options: unknown): Promise<ArtefactStore>;
}

/** Opens the store of a storage configuration: with the given module, or S3. */
export async function openStore(
  reference: ModuleReference | undefined,
  storage: StorageConfig,
): Promise<ArtefactStore> {
  if (reference === undefined) {
    const { openS3Store } = await import("../../lib/storage/s3-store.ts");
    return await openS3Store(storage);
  }
  const loaded: StoreModule = await import(reference.module);
  return await loaded.openStore(storage, reference.options);
}
