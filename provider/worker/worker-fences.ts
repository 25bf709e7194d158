/**
 * The tasks of a worker that are about fences at the artefact store.
 *
 * @module
 */
import { storageId } from "../coordination/digest.ts";
import { grantId } from "../coordination/peer-records.ts";
import { keepsFences, revokeFence } from "./fence-keeper.ts";
import { isDatabaseBackupError } from "../../lib/errors.ts";
import { storageLocation } from "../../lib/job/storage-config.ts";
import type { Machine } from "../../lib/machine/machine.ts";
import { storageFailure } from "../../lib/storage/storage-failure.ts";
import { openStore } from "./open-store.ts";
import { Poker } from "./poke.ts";
import type { StateDirectory } from "../journal/state-directory.ts";
import type { ProbeTask, RevokeTask } from "./worker-input.ts";

/** Revokes a fence, and keeps what came of it. A store that cannot be reached is tried again by a later dispatch. */
export async function revoke(input: RevokeTask, state: StateDirectory, machine: Machine): Promise<void> {
  const store = await openStore(input.store, input.storage);
  try {
    await state.keepRevocation(grantId(input), { revoked: await revokeFence(store, input) });
  } finally {
    store.close();
  }
  new Poker(machine.processes, input.poke).pokeAndLeave();
}

/**
 * Finds out whether a storage keeps fences, and keeps that; or why it cannot be found out, so that whoever waits comes to know.
 * Then a later dispatch tries again.
 */
export async function probeStorage(input: ProbeTask, state: StateDirectory, machine: Machine): Promise<void> {
  const storage = storageId(input.storage);
  const key = `database-backup/fence-probes/${crypto.randomUUID()}`;
  try {
    const store = await openStore(input.store, input.storage);
    try {
      await state.keepProbe({ storage, keepsFences: await keepsFences(store, key) });
    } finally {
      store.close();
    }
  } catch (error) {
    if (!isDatabaseBackupError(error)) throw error;
    await state.keepProbe({ storage, failure: storageFailure(error, storageLocation(input.storage)) });
    return;
  }
  new Poker(machine.processes, input.poke).pokeAndLeave();
}
