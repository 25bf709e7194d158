/**
 * The store of a scripted database, which fails as often as a test says. The shape of a store module.
 *
 * @module
 */
import type { StorageConfig } from "../../lib/job/storage-config.ts";
import type { ArtefactStore } from "../../lib/storage/artefact-store.ts";
import { openStore as open, type ScriptedModule } from "../../lib/testing/scripted/scripted-database.ts";

/** What the creation of objects is to fail with, and how many times more. By the database's name; without one, for all. */
export const failures: Map<string, { readonly error: Error; times: number }> = new Map();

/** Opens the store. */
export async function openStore(
  storage: StorageConfig,
  options: ScriptedModule["options"],
): Promise<ArtefactStore> {
  const store = await open(storage, options);
  return {
    ...store,
    create: async (key, text) => {
      const failure = failures.get(options.database) ?? failures.get("");
      if (failure === undefined || failure.times === 0) return await store.create(key, text);
      failure.times -= 1;
      throw failure.error;
    },
  };
}
