/**
 * A database that does what a test tells it to, for tests of charms that run in the test's own process. It has no rows:
 * it keeps the list of its backups, and what the library stores beside them.
 *
 * The module is its own executor module and store module: it hands out references to itself.
 *
 * @module
 */
import { randomUUID } from "node:crypto";
import type { Executor, ExecutorEnvironment, JobResult } from "../../executor.ts";
import type { Backup } from "../../job/backup.ts";
import type { JobRequest } from "../../job/request.ts";
import type { StorageConfig } from "../../job/storage-config.ts";
import type { ArtefactStore } from "../../storage/artefact-store.ts";
import { currentProcess, waitFor } from "../in-process/simulated-process.ts";
import { wallClock, type ModelClock } from "../model-clock.ts";
import { followScript, type Script, type ScriptedCall } from "./script.ts";

/** What a provider's options take: a module by its URL, and plain data that tells it which database is meant. */
export interface ScriptedModule {
  readonly module: string;
  readonly options: { readonly database: string };
}

const databases = new Map<string, WeakRef<ScriptedDatabase>>();
const kept = new WeakMap<ScriptedModule, ScriptedDatabase>();

/** A database of one test. */
export class ScriptedDatabase {
  /** What jobs do from now on. Default: every job succeeds. */
  script: Script = {};
  /** What the executor was called for. */
  readonly calls: ScriptedCall[] = [];
  /** What lies in the store, by bucket, path and key. */
  readonly objects: Map<string, string> = new Map();
  /** The backups that were made, oldest first. */
  readonly backups: Backup[] = [];
  readonly #id = randomUUID();
  readonly #released = new Set<string>();
  readonly #waiting = new Set<() => void>();

  readonly #clock: Pick<ModelClock, "now">;

  /** @param clock Tells when a backup was made: that of the model. Default: the clock on the wall. */
  constructor(clock: Pick<ModelClock, "now"> = wallClock) {
    this.#clock = clock;
    databases.set(this.#id, new WeakRef(this));
  }

  /** For the option `executor` of a provider. */
  get executor(): ScriptedModule {
    const module = { module: import.meta.url, options: { database: this.#id } };
    // Who keeps no more of the database than this shall find it there all the same.
    kept.set(module, this);
    return module;
  }

  /** For the option `store` of a provider. */
  get store(): ScriptedModule {
    return this.executor;
  }

  /** Takes note of a job that has succeeded. */
  succeeded(request: JobRequest, result: Extract<JobResult, { succeeded: true }>): void {
    if (request.type !== "backup") return;
    const { backupId, artefactPath, sizeBytes = 0, timeline = 1 } = result;
    this.backups.push({
      id: backupId,
      type: request.backupType,
      finishedAt: this.#clock.now().toISOString(),
      sizeBytes,
      timeline,
      artefactPath: `${(request.storage.path ?? "").replace(/\/+$/u, "")}${artefactPath}`,
    });
  }

  /** Lets jobs go on that wait for this name. */
  release(name: string): void {
    this.#released.add(name);
    for (const look of this.#waiting) look();
  }

  /** Resolves once the name is released or the signal is aborted. */
  async released(name: string, signal: AbortSignal): Promise<void> {
    await waitFor(
      new Promise<void>((resolve) => {
        const look = (): void => {
          if (!this.#released.has(name) && !signal.aborted) return;
          this.#waiting.delete(look);
          resolve();
        };
        this.#waiting.add(look);
        signal.addEventListener("abort", look);
        look();
      }),
    );
  }
}

/** Makes the executor of a database. The shape of an executor module. */
export function createExecutor(
  options: ScriptedModule["options"],
  environment: ExecutorEnvironment,
): Executor {
  const database = find(options.database);
  return followScript(
    {
      read: async () => ({ backups: database.backups, ...database.script }),
      note: async (call) => void database.calls.push(call),
      released: async (name, signal) => await database.released(name, signal),
      die: async () => {
        currentProcess()?.kill();
        await currentProcess()?.act(() => undefined);
      },
      succeeded: (request, result) => database.succeeded(request, result),
    },
    environment,
  );
}

/** Opens the store of a database. The shape of a store module. */
export async function openStore(
  { bucket, path = "" }: StorageConfig,
  options: ScriptedModule["options"],
): Promise<ArtefactStore> {
  const { objects } = find(options.database);
  const placeOf = (key: string): string => `${bucket}/${path}/${key}`.replace(/\/+/gu, "/");
  return {
    probe: async () => undefined,
    put: async (key, text) => {
      objects.set(placeOf(key), text);
    },
    create: async (key, text) => {
      const place = placeOf(key);
      if (objects.has(place)) return false;
      objects.set(place, text);
      return true;
    },
    get: async (key) => objects.get(placeOf(key)),
    close: () => undefined,
  };
}

function find(id: string): ScriptedDatabase {
  const database = databases.get(id)?.deref();
  if (database === undefined) throw new Error("The scripted database belongs to a test that is over.");
  return database;
}
