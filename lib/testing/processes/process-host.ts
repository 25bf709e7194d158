/**
 * What a simulated Juju has on this machine to run charms as processes: its folders, the hook tools, and a socket for
 * each unit.
 *
 * @module
 */
import { mkdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, dirname, join, resolve } from "node:path";
import { ConfigurationError } from "../../errors.ts";
import { unitTag } from "../model/unit-name.ts";
import { ProcessRunner, type ProcessRunnerOptions } from "./process-runner.ts";
import { killSurvivingProcesses } from "./surviving-processes.ts";
import { installTools, registerAgents } from "./tools-directory.ts";

const systemPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
const longestSocketPath = 107;

/** Where processes are hosted. */
export interface ProcessHostOptions {
  /** Default: a new folder, removed at the end. */
  readonly directory?: string | undefined;
  /** Folders at the end of the charms' PATH. Default: that of the running node. */
  readonly extraPath?: readonly string[] | undefined;
  /** Folders before the system's on the charms' PATH. Default: none. */
  readonly precedingPath?: readonly string[] | undefined;
  /** The model's UUID, by which processes that charms leave behind are found. */
  readonly modelUuid: string;
}

/** The folders, tools and sockets of one simulated Juju. Nothing of them is there before the first process. */
export class ProcessHost {
  /** Where everything is written. */
  readonly directory: string;
  /** Where the sockets lie. */
  readonly socketDirectory: string;
  readonly #options: ProcessHostOptions;
  readonly #tools: string;
  readonly #path: string;
  readonly #sockets = new Map<string, string>();
  #installation: Promise<void> | undefined;
  #registration: Promise<void> = Promise.resolve();
  #nextSocket = 0;
  #isClosed = false;

  constructor(options: ProcessHostOptions) {
    const { modelUuid } = options;
    this.#options = options;
    this.directory = resolve(options.directory ?? join(tmpdir(), `juju-${modelUuid}`));
    // The path of a unix socket is short by nature, and the test's folder may be deep.
    const beside = join(this.directory, "sockets");
    const fits = Buffer.byteLength(join(beside, "1234567.sock")) <= longestSocketPath;
    this.socketDirectory = fits ? beside : `/tmp/juju-sockets-${modelUuid}`;
    this.#tools = join(this.directory, "tools");
    const extra = options.extraPath ?? [dirname(process.execPath)];
    this.#path = [this.#tools, ...(options.precedingPath ?? []), systemPath, ...extra].join(delimiter);
  }

  /** Makes ready to run a unit's charm. */
  async runner(options: Omit<ProcessRunnerOptions, "places">): Promise<ProcessRunner> {
    this.#requireOpen();
    const { unit } = options;
    const agentDirectory = join(this.directory, "agents", unitTag(unit));
    const charmDirectory = join(agentDirectory, "charm");
    this.#installation ??= this.#install();
    await this.#installation;
    await mkdir(agentDirectory, { recursive: true });
    const socketPath = join(this.socketDirectory, `${this.#nextSocket++}.sock`);
    this.#requireOpen();
    const runner = await ProcessRunner.start({
      ...options,
      places: { charmDirectory, socketPath, path: this.#path },
    });
    this.#sockets.set(unit, socketPath);
    await this.#register();
    this.#requireOpen();
    return runner;
  }

  /** Forgets a unit that is no more. */
  async retire(unit: string): Promise<void> {
    if (this.#sockets.delete(unit)) await this.#register();
  }

  /** Hosts nothing new from now on. */
  shut(): void {
    this.#isClosed = true;
  }

  /** Kills what charms left behind, and removes what was written for the time being. */
  async close(): Promise<void> {
    await this.#registration;
    if (this.#installation === undefined) return;
    await killSurvivingProcesses(this.#options.modelUuid);
    await rm(this.socketDirectory, { recursive: true, force: true });
    if (this.#options.directory === undefined) await rm(this.directory, { recursive: true, force: true });
  }

  async #install(): Promise<void> {
    // What charms write is nobody else's business.
    for (const path of [this.directory, this.socketDirectory]) {
      await mkdir(path, { recursive: true, mode: 0o700 });
    }
    await rm(this.#tools, { recursive: true, force: true });
    await installTools(this.#tools);
  }

  #requireOpen(): void {
    if (this.#isClosed) {
      throw new ConfigurationError("The simulated Juju was stopped", { remedy: "Start another one." });
    }
  }

  /** One after the other: the registry must end up with what is true last. */
  async #register(): Promise<void> {
    this.#registration = this.#registration.then(
      async () => await registerAgents(this.#tools, new Map(this.#sockets)),
    );
    await this.#registration;
  }
}
