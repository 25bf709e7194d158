/**
 * The part of a simulated Juju that is on this machine: its folders, and the agents with their sockets.
 *
 * @module
 */
import { mkdir, mkdtemp, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, dirname, join, resolve } from "node:path";
import { ConfigurationError } from "../../errors.ts";
import { AgentProcess, type AgentProcessOptions } from "./agent-process.ts";
import { installTools, registerAgents } from "./tools-directory.ts";
import { unitTag } from "../model/unit-name.ts";

const systemPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
const longestSocketPath = 107;

/** Where a machine lies. */
export interface MachineOptions {
  /** Default: a new folder, removed at the end. */
  readonly directory: string | undefined;
  /** Folders at the end of the charms' PATH. Default: that of the running node. */
  readonly extraPath: readonly string[] | undefined;
}

/** The folders and the agents of one simulated Juju. */
export class Machine {
  readonly directory: string;
  readonly socketDirectory: string;
  readonly #tools: string;
  readonly #path: string;
  readonly #isTemporary: boolean;
  readonly #agents = new Map<string, AgentProcess>();
  readonly #retiring = new Set<Promise<unknown>>();
  #registration: Promise<void> = Promise.resolve();
  #sockets = 0;
  #isClosed = false;

  private constructor(directory: string, socketDirectory: string, options: MachineOptions) {
    this.directory = directory;
    this.socketDirectory = socketDirectory;
    this.#tools = join(directory, "tools");
    this.#path = [this.#tools, systemPath, ...(options.extraPath ?? [dirname(process.execPath)])].join(
      delimiter,
    );
    this.#isTemporary = options.directory === undefined;
  }

  /** Prepares the folders. */
  static async prepare(options: MachineOptions): Promise<Machine> {
    const directory =
      options.directory === undefined ? await mkdtemp(join(tmpdir(), "juju-")) : resolve(options.directory);
    // The path of a unix socket is short by nature, and the test's folder may be deep.
    const beside = join(directory, "sockets");
    const fits = Buffer.byteLength(join(beside, "1234567.sock")) <= longestSocketPath;
    const sockets = fits ? beside : await mkdtemp("/tmp/juju-");
    const machine = new Machine(directory, sockets, options);
    await rm(machine.#tools, { recursive: true, force: true });
    await Promise.all([mkdir(sockets, { recursive: true }), installTools(machine.#tools)]);
    return machine;
  }

  /** The agents that live. */
  get agents(): ReadonlyMap<string, AgentProcess> {
    return this.#agents;
  }

  /** Starts a unit's agent, which begins to act when it is woken. */
  async startAgent(charm: string, options: Omit<AgentProcessOptions, "places">): Promise<AgentProcess> {
    this.#requireOpen();
    const { unit } = options;
    const agentDirectory = join(this.directory, "agents", unitTag(unit));
    const charmDirectory = join(agentDirectory, "charm");
    await mkdir(agentDirectory, { recursive: true });
    await rm(charmDirectory, { force: true });
    await symlink(charm, charmDirectory);
    const socketPath = join(this.socketDirectory, `${this.#sockets++}.sock`);
    this.#requireOpen();
    const agent = await AgentProcess.start({
      ...options,
      places: { charmDirectory, socketPath, path: this.#path },
    });
    this.#agents.set(unit, agent);
    await this.#register();
    this.#requireOpen();
    return agent;
  }

  /** Lets an agent go whose unit is no more. */
  retire(unit: string): void {
    const agent = this.#agents.get(unit);
    if (agent === undefined) return;
    this.#agents.delete(unit);
    this.#retiring.add(Promise.all([agent.stop(), this.#register()]));
  }

  /** Stops every agent. */
  async stopAgents(): Promise<void> {
    this.#isClosed = true;
    await Promise.all([...this.#agents.values()].map((agent) => agent.stop()));
    this.#agents.clear();
    await Promise.all(this.#retiring);
    await this.#registration;
  }

  /** Removes what was written for the time being. */
  async clear(): Promise<void> {
    await rm(this.socketDirectory, { recursive: true, force: true });
    if (this.#isTemporary) await rm(this.directory, { recursive: true, force: true });
  }

  #requireOpen(): void {
    if (this.#isClosed) {
      throw new ConfigurationError("The simulated Juju was stopped", { remedy: "Start another one." });
    }
  }

  /** One after the other: the registry must end up with what is true last. */
  async #register(): Promise<void> {
    this.#registration = this.#registration.then(() =>
      registerAgents(
        this.#tools,
        new Map([...this.#agents].map(([unit, { socketPath }]) => [unit, socketPath])),
      ),
    );
    await this.#registration;
  }
}
