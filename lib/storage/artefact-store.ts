/**
 * The artefact-store port: where the library itself keeps what belongs to an artefact, its log and the job's record.
 * Engines read and write their backups by their own means.
 *
 * @module
 */

/** The artefact store of one job's storage configuration. Keys are relative to the configuration's path. */
export interface ArtefactStore {
  /**
   * Proves that the bucket exists and that the credentials may read it.
   *
   * @throws StorageError saying which of the two it is, or that the server cannot be reached.
   */
  probe(): Promise<void>;

  /**
   * Stores a text under a key, over whatever stands there.
   *
   * @throws StorageError
   */
  put(key: string, text: string): Promise<void>;

  /**
   * Stores a text under a key where nothing stands there yet, as one step for all who try (`If-None-Match`).
   *
   * @returns False where something stood there, which stays as it is. A server may ignore the condition: then true, and
   *   what stood there is lost; whoever relies on it has to try that server out first.
   * @throws StorageError
   */
  create(key: string, text: string): Promise<boolean>;

  /**
   * Reads a text.
   *
   * @returns Undefined where nothing stands under the key.
   * @throws StorageError
   */
  get(key: string): Promise<string | undefined>;

  /** Frees connections. The store is not used afterwards. */
  close(): void;
}
