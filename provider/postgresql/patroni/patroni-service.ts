/**
 * Starting and stopping Patroni: the one place that knows what supervises it.
 *
 * @module
 */
import { mkdir, rm, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { ExecutorError } from "../../../lib/errors.ts";
import type { PatroniServiceOptions, Settings } from "../options.ts";
import { endProcesses, findPostmaster, findProcesses, send, waitUntilGone } from "../processes.ts";
import { startDetached } from "../service/detached-process.ts";
import { SystemdUnit } from "../service/systemd-unit.ts";

const stopGraceMs = 120_000;
const immediateGraceMs = 30_000;
const becomingMs = 50;

/** Starts and stops Patroni. */
export interface PatroniService {
  /** Whether Patroni runs. */
  running(): Promise<boolean>;
  /** Starts Patroni; returns when its process is there. */
  start(): Promise<void>;
  /** Asks Patroni to end, and returns at once. */
  requestStop(): Promise<void>;
  /** Kills Patroni. */
  kill(): Promise<void>;
  /** Keeps a supervisor from starting Patroni again when it ends by itself. */
  suspendRestarts(): Promise<void>;
  /** Undoes {@link PatroniService.suspendRestarts}. May be called when there is nothing to undo. */
  resumeRestarts(): Promise<void>;
}

/** The service that the options describe. */
export function patroniService(settings: Settings): PatroniService {
  const { service, configDirectory } = settings.patroni;
  return service.kind === "systemd"
    ? new SystemdService(service.unit)
    : new ProcessService(service, configDirectory);
}

/**
 * Stops Patroni and with it PostgreSQL, and proves that both are gone.
 *
 * @param mode `fast` lets PostgreSQL write a checkpoint and archive its last WAL; `immediate` is for a database that
 * is thrown away.
 * @throws ExecutorError `patroni-stop-failed`.
 */
export async function stopCluster(
  service: PatroniService,
  dataDirectory: string,
  mode: "fast" | "immediate",
): Promise<void> {
  await service.requestStop();
  const deadline = performance.now() + (mode === "fast" ? stopGraceMs : immediateGraceMs);
  while (await service.running()) {
    const postmaster = mode === "immediate" ? await findPostmaster(dataDirectory) : undefined;
    if (postmaster !== undefined) send(postmaster.pid, "SIGQUIT");
    if (performance.now() > deadline) {
      await service.kill();
      break;
    }
    await sleep(100);
  }
  const left = await findPostmaster(dataDirectory);
  const gone = left === undefined || (await endProcesses([left.pid], "SIGQUIT", immediateGraceMs));
  if (!gone || (await service.running()))
    throw new ExecutorError({
      code: "patroni-stop-failed",
      message: `Patroni or the PostgreSQL server of ${dataDirectory} could not be stopped.`,
      remedy: "Stop Patroni and PostgreSQL by hand, then request the job again.",
    });
}

/** Patroni as a detached process, for machines without an init system. */
class ProcessService implements PatroniService {
  readonly #options: Extract<PatroniServiceOptions, { kind: "process" }>;
  readonly #configDirectory: string;

  constructor(options: Extract<PatroniServiceOptions, { kind: "process" }>, configDirectory: string) {
    this.#options = options;
    this.#configDirectory = configDirectory;
  }

  async running(): Promise<boolean> {
    if ((await this.#pids()).length > 0) return true;
    // A process that is just becoming another program shows no command line for a moment.
    await sleep(becomingMs);
    return (await this.#pids()).length > 0;
  }

  async start(): Promise<void> {
    if (await this.running()) return;
    await startDetached(this.#options, serviceFailed);
  }

  async requestStop(): Promise<void> {
    for (const pid of await this.#pids()) send(pid, "SIGTERM");
  }

  async kill(): Promise<void> {
    const pids = await this.#pids();
    for (const pid of pids) send(pid, "SIGKILL");
    await waitUntilGone(pids, 10_000);
  }

  async suspendRestarts(): Promise<void> {
    // Nothing supervises a detached process.
  }

  async resumeRestarts(): Promise<void> {
    // Nothing supervises a detached process.
  }

  /** By their command line, not by the pid file: a number in a file may be anybody's by now. */
  async #pids(): Promise<readonly number[]> {
    const directory = this.#configDirectory.replace(/\/+$/, "");
    const found = await findProcesses(
      (argv) =>
        argv.some((argument) => basename(argument) === "patroni") &&
        argv.some((argument) => argument.replace(/\/+$/, "") === directory),
    );
    return found.map(({ pid }) => pid);
  }
}

/** Patroni as a systemd service. */
class SystemdService implements PatroniService {
  readonly #unit: SystemdUnit;
  /** In /run, so that a reboot takes it away. */
  readonly #dropIn: string;

  constructor(unit: string) {
    this.#unit = new SystemdUnit(unit, serviceFailed);
    this.#dropIn = `/run/systemd/system/${this.#unit.name}.d/zz-database-backup-restore.conf`;
  }

  async running(): Promise<boolean> {
    return this.#unit.running();
  }

  async start(): Promise<void> {
    await this.#unit.start();
  }

  async requestStop(): Promise<void> {
    await this.#unit.tell("stop", "--no-block", this.#unit.name);
  }

  async kill(): Promise<void> {
    await this.#unit.tell("kill", "--signal=SIGKILL", this.#unit.name);
    for (let tries = 0; tries < 100 && (await this.running()); tries += 1) await sleep(100);
  }

  async suspendRestarts(): Promise<void> {
    await mkdir(join(this.#dropIn, ".."), { recursive: true });
    await writeFile(this.#dropIn, "[Service]\nRestart=no\n");
    await this.#unit.tell("daemon-reload");
  }

  async resumeRestarts(): Promise<void> {
    await rm(this.#dropIn, { force: true });
    await this.#unit.tell("daemon-reload");
  }
}

function serviceFailed(why: string): ExecutorError {
  return new ExecutorError({
    code: "patroni-service-failed",
    message: `Patroni's service does not do what it is told: ${why}.`,
    remedy: "Check the option patroni.service and the service's own log.",
  });
}
