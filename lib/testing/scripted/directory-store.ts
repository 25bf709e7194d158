/**
 * An artefact store that keeps texts as files in a directory, for tests.
 *
 * @module
 */
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { StorageConfig } from "../../job/storage-config.ts";
import { errnoOf } from "../../process/errno.ts";
import type { ArtefactStore } from "../../storage/artefact-store.ts";

/** Where the store is. */
export interface DirectoryStoreOptions {
  readonly directory: string;
}

/** Opens the store of one bucket: a folder of that name. The shape of a store module. */
export async function openStore(
  storage: StorageConfig,
  options: DirectoryStoreOptions,
): Promise<ArtefactStore> {
  const bucket = join(options.directory, storage.bucket, storage.path ?? "");
  return {
    probe: async () => {
      await mkdir(bucket, { recursive: true });
    },
    put: async (key, text) => {
      const file = join(bucket, key);
      await mkdir(dirname(file), { recursive: true });
      await writeFile(file, text);
    },
    create: async (key, text) => {
      const file = join(bucket, key);
      await mkdir(dirname(file), { recursive: true });
      try {
        await writeFile(file, text, { flag: "wx" });
        return true;
      } catch (error) {
        if (errnoOf(error) === "EEXIST") return false;
        throw error;
      }
    },
    get: async (key) => {
      try {
        return await readFile(join(bucket, key), "utf8");
      } catch (error) {
        if (errnoOf(error) === "ENOENT") return undefined;
        throw error;
      }
    },
    close: () => undefined,
  };
}
