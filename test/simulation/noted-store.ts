/**
 * The store of a scripted database, with a note of the keys that it was opened with. The shape of a store module.
 *
 * @module
 */
import type { StorageConfig } from "../../lib/job/storage-config.ts";
import type { ArtefactStore } from "../../lib/storage/artefact-store.ts";
import { openStore as open, type ScriptedModule } from "../../lib/testing/scripted/scripted-database.ts";

const openings: { readonly database: string; readonly accessKey: string }[] = [];

/** The access keys with which a database's jobs opened the store, in order, each once in a row. */
export function accessKeysOf({ options }: ScriptedModule): readonly string[] {
  return openings
    .filter(({ database }) => database === options.database)
    .map(({ accessKey }) => accessKey)
    .filter((accessKey, index, all) => accessKey !== all[index - 1]);
}

/** Opens the store. */
export async function openStore(
  storage: StorageConfig,
  options: ScriptedModule["options"],
): Promise<ArtefactStore> {
  openings.push({ database: options.database, accessKey: storage.credentials.reveal().accessKey });
  return await open(storage, options);
}
