/**
 * What is done to make a storage the one that this cluster archives to.
 *
 * @module
 */
import type { Failure } from "../../../lib/job/report.ts";
import { storageLocation, type StorageConfig } from "../../../lib/job/storage-config.ts";
import { openS3Store } from "../../../lib/storage/s3-store.ts";
import { storageFailure } from "../../../lib/storage/storage-failure.ts";
import { rejectOwner } from "../checks/create-backup-checks.ts";
import type { ArchivingPort } from "../checks/s3-credentials-checks.ts";
import { isForeignRepository } from "./foreign-repositories.ts";
import { inspect } from "../inspection.ts";
import { failureIn } from "../job-failure.ts";
import type { Parts } from "../parts.ts";
import type { MemberState } from "../patroni/patroni.ts";
import { PgBackRest } from "../pgbackrest/pgbackrest.ts";
import { explainWal } from "./archiver-state.ts";
import { archiveAsThePrimary, archiveTo, createStanza } from "./archive-storage.ts";

/** A hook waits for it, and the next one asks again. */
const archiveTimeoutS = 15;

/**
 * The deeds, on the real servers.
 *
 * @param log Hears what was changed.
 */
export function archivingPort(
  parts: Parts,
  storage: StorageConfig,
  member: MemberState | undefined,
  log: (line: string) => void,
): ArchivingPort {
  const { settings, user } = parts;
  return {
    probe: async () => {
      const store = await openS3Store(storage);
      try {
        await store.probe();
        return undefined;
      } catch (error) {
        return storageFailure(error, storageLocation(storage));
      } finally {
        store.close();
      }
    },
    checkOwner: async () => {
      let owner: Failure | undefined;
      const failed = await failureIn(async () => {
        const { stanzas } = await inspect(parts, storage, async (pgbackrest) => pgbackrest.info());
        const stanza = stanzas.find(({ name }) => name === settings.stanza);
        const isForeign = await isForeignRepository(settings, storage);
        owner = rejectOwner({
          stanza,
          stanzaName: settings.stanza,
          member,
          isForeignRepository: isForeign,
        });
      });
      return failed ?? owner;
    },
    initialiseStanza: async () => failureIn(async () => createStanza(parts, storage)),
    followPrimary: async () => failureIn(async () => archiveAsThePrimary({ ...parts, log }, storage)),
    updateSettings: async () => failureIn(async () => archiveTo({ ...parts, log }, storage)),
    proveArchiving: async () => {
      const failure = await failureIn(async () =>
        PgBackRest.existing(settings, user, settings.files.archiveConfig).check(undefined, archiveTimeoutS),
      );
      return failure === undefined ? undefined : explainWal(parts.psql, failure);
    },
  };
}
