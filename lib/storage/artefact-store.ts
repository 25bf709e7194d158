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

  /** Frees connections. The store is not used afterwards. */
  close(): void;
}
