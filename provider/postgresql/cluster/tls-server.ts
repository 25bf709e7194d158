/**
 * pgBackRest's TLS server of this unit: the one place that knows what supervises it.
 *
 * @module
 */
import { join } from "node:path";
import { ExecutorError } from "../../../lib/errors.ts";
import type { DatabaseUser } from "../database-user.ts";
import type { Settings, TlsOptions } from "../options.ts";
import { endProcesses, findProcesses, send } from "../processes.ts";
import { startDetached } from "../service/detached-process.ts";
import { SystemdUnit } from "../service/systemd-unit.ts";
import type { MemberTls } from "./member-record.ts";

/** Starts and stops the TLS server. */
export interface TlsServer {
  running(): Promise<boolean>;
  /** Starts it, or has it read its settings again where it runs: a backup that goes through it goes on. */
  start(): Promise<void>;
  /** Stops it, and what goes through it. */
  stop(): Promise<void>;
}

const stopGraceMs = 10_000;

/** The TLS server that the options describe. */
export function tlsServer(settings: Settings, tls: Required<TlsOptions>): TlsServer {
  return tls.service.kind === "systemd"
    ? new SystemdServer(new SystemdUnit(tls.service.unit, tlsServerFailed))
    : new ProcessServer(settings, tls.configFile);
}

/** Whether a member's TLS server takes connections. */
export async function answersPing(
  settings: Settings,
  user: DatabaseUser,
  { address, port }: Pick<MemberTls, "address" | "port">,
): Promise<boolean> {
  const { program, timeLimits } = settings;
  const seconds = Math.max(1, Math.ceil(timeLimits.pingMs / 1000));
  const result = await user.run(
    [
      program,
      "--no-config",
      `--tls-server-port=${port}`,
      `--io-timeout=${seconds}`,
      "--log-level-file=off",
      "--log-level-console=off",
      "server-ping",
      address,
    ],
    { timeoutMs: timeLimits.pingMs },
  );
  return result.exitCode === 0;
}

/** Where this unit's own TLS server answers. */
export function ownAddress({
  listenAddress,
  port,
}: Required<TlsOptions>): Pick<MemberTls, "address" | "port"> {
  return { address: listenAddress === "*" ? "localhost" : listenAddress, port };
}

/** The server as a detached process, for machines without an init system. */
class ProcessServer implements TlsServer {
  readonly #settings: Settings;
  readonly #configFile: string;

  constructor(settings: Settings, configFile: string) {
    this.#settings = settings;
    this.#configFile = configFile;
  }

  async running(): Promise<boolean> {
    return (await this.#pids()).length > 0;
  }

  async start(): Promise<void> {
    const running = await this.#pids();
    if (running.length > 0) {
      for (const pid of running) send(pid, "SIGHUP");
      return;
    }
    const { program, postgresql, files } = this.#settings;
    await startDetached(
      {
        argv: [program, `--config=${this.#configFile}`, "server"],
        logFile: join(files.pgbackrest, "server.log"),
        pidFile: join(files.pgbackrest, "server.pid"),
        user: postgresql.user,
      },
      tlsServerFailed,
    );
  }

  async stop(): Promise<void> {
    if (!(await endProcesses(await this.#pids(), "SIGTERM", stopGraceMs)))
      throw tlsServerFailed("its process does not end");
  }

  /** By their command line: a number in a file may be anybody's by now. Those that serve a client look like it. */
  async #pids(): Promise<readonly number[]> {
    const found = await findProcesses(
      (argv) => argv.includes(`--config=${this.#configFile}`) && argv.includes("server"),
    );
    return found.map(({ pid }) => pid);
  }
}

/** The server as a systemd service. */
class SystemdServer implements TlsServer {
  readonly #unit: SystemdUnit;

  constructor(unit: SystemdUnit) {
    this.#unit = unit;
  }

  async running(): Promise<boolean> {
    return this.#unit.running();
  }

  async start(): Promise<void> {
    if (await this.running()) await this.#unit.tell("kill", "--signal=SIGHUP", this.#unit.name);
    else await this.#unit.start();
  }

  async stop(): Promise<void> {
    await this.#unit.tell("stop", this.#unit.name);
  }
}

/** The error of a TLS server that does not do what it is told. */
export function tlsServerFailed(why: string): ExecutorError {
  return new ExecutorError({
    code: "tls-server-failed",
    message: `pgBackRest's TLS server does not do what it is told: ${why}.`,
    remedy: "Check the option tls.service, and server.log in the executor's work directory.",
  });
}
