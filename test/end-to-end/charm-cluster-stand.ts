/**
 * The example PostgreSQL charm on three units, as real processes on the real servers: each unit has a node of the cluster,
 * and is related to a storage, to a provider of certificates, and to two backup managers.
 *
 * @module
 */
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "vitest";
import { nodeMachine } from "../../lib/machine/node-machine.ts";
import { SimulatedJuju } from "../../lib/testing/index.ts";
import { StateDirectory } from "../../provider/journal/state-directory.ts";
import type { RepositoryEntry } from "../../provider/postgresql/index.ts";
import { freezeWhileCopying, pgBackRestIn, thaw } from "../faults/pgbackrest-at-work.ts";
import { freePort } from "../servers/free-port.ts";
import type { Servers } from "../servers/servers.ts";
import { until } from "../simulation/until.ts";
import { charmOfNodes, configOfNodes, giveNode } from "./charm-of-a-node.ts";
import { clientRefusalOf, membersOf, type Member } from "./cluster-members.ts";
import type { Owner } from "./cluster-processes.ts";
import { killNextDispatch, type Killed } from "./killable-charm.ts";
import { optionsOfNode } from "./node-options.ts";
import { s3Fields } from "./postgresql-model.ts";
import { startWatchedServers } from "./watched-servers.ts";

const application = "postgresql";
/** Who signs the certificates. */
export const authority = "self-signed-certificates";
/** Who requests jobs. */
export const managers = ["manager", "other-manager"] as const;
/** One of those. */
export type Manager = (typeof managers)[number];

/** A unit and its node. */
export interface CharmUnit extends Owner {
  readonly name: string;
  readonly index: number;
  readonly tlsPort: number;
}

/** A job that a test holds in the middle of its backup. */
export interface HeldJob {
  readonly id: string;
  /** The unit that runs it. */
  readonly unit: CharmUnit;
  /** Its worker. */
  readonly worker: number;
  /** Lets it go on. */
  resume(): void;
}

/** So long that only what hangs exceeds it, on a machine that is busy with others. */
const limitMs = 240_000;

/** The cluster, its units and its managers. */
export class CharmClusterStand {
  readonly servers: Servers;
  readonly juju: SimulatedJuju;
  readonly #units: readonly CharmUnit[];

  private constructor(servers: Servers, juju: SimulatedJuju, units: readonly CharmUnit[]) {
    this.servers = servers;
    this.juju = juju;
    this.#units = units;
  }

  /** Deploys everything, and relates all but the certificates. */
  static async start(): Promise<CharmClusterStand> {
    const servers = await startWatchedServers({ nodes: 3, synchronous: true });
    await servers.s3.createBucket("backups");
    const { directory, nodes } = servers;
    const stateDirectory = join(directory, "state");
    const charm = await charmOfNodes(directory);
    const units = await Promise.all(
      nodes.map(async (node, index): Promise<CharmUnit> => {
        const name = `${application}/${index}`;
        const tlsPort = await freePort();
        await giveNode(directory, name, node, tlsPort);
        const state = new StateDirectory(join(stateDirectory, `${application}-${index}`), nodeMachine);
        const environment = {
          unit: name,
          application,
          modelUuid: "",
          workDirectory: state.executorDirectory,
        };
        return { name, index, tlsPort, options: optionsOfNode(node), environment };
      }),
    );
    const juju = await SimulatedJuju.start({ directory: join(directory, "juju"), hookRetryDelayMs: 100 });
    const config = configOfNodes(nodes, stateDirectory);
    await juju.deploy({ application, charm, units: units.length, config });
    const { "tls-ca-chain": chain, ...fields } = s3Fields(servers);
    await juju.deploy({
      application: "s3-integrator",
      charm: "examples/demo/s3-integrator",
      config: {
        ...(fields as Readonly<Record<string, string>>),
        bucket: "backups",
        path: "/charms",
        "tls-ca-chain": JSON.stringify(chain),
      },
    });
    await mkdir(join(directory, "authority"));
    await juju.deploy({
      application: authority,
      charm: `test/charms/${authority}`,
      config: { directory: join(directory, "authority/own") },
    });
    await juju.integrate(`${application}:s3-parameters`, "s3-integrator:s3-credentials");
    for (const manager of managers) {
      await juju.deploy({ application: manager, charm: "examples/backup-manager-charm" });
      await juju.integrate(`${manager}:s3-parameters`, "s3-integrator:s3-credentials");
      await juju.integrate(`${manager}:database-backup`, `${application}:database-backup`);
    }
    return new CharmClusterStand(servers, juju, units);
  }

  async stop(): Promise<void> {
    await this.juju.stop();
    await this.servers.stop();
  }

  /** Runs hooks until there is nothing more to do. A dispatch that the test killed is run again. */
  async settle(): Promise<void> {
    await this.juju.settle({ timeoutMs: limitMs, allowErrors: true });
  }

  /** An update-status on every unit of the database, and what comes of it. */
  async updateStatus(): Promise<void> {
    for (const { name } of this.units) await this.juju.updateStatus(name);
    await this.settle();
  }

  /** The units that there are. */
  get units(): readonly CharmUnit[] {
    const { units = {} } = this.juju.status().applications[application] ?? {};
    return this.#units.filter(({ name }) => Object.hasOwn(units, name));
  }

  /** The unit that leads the application. */
  get leader(): CharmUnit {
    const name = this.juju.leader(application);
    const unit = this.#units.find((each) => each.name === name);
    if (unit === undefined) throw new Error("no unit leads");
    return unit;
  }

  /** What the units' statuses are. */
  statuses(): readonly string[] {
    const { units = {} } = this.juju.status().applications[application] ?? {};
    return Object.values(units).map(({ workload }) => `${workload.name}: ${workload.message}`);
  }

  /** The unit whose node leads the database. */
  async primary(): Promise<CharmUnit> {
    return until("there is a primary", async () => {
      const leader = (await this.members()).find(({ role }) => role === "leader");
      return this.#units.find(({ index }) => this.servers.nodes[index]?.name === leader?.name);
    });
  }

  /** The units of the other nodes. */
  async replicas(): Promise<readonly CharmUnit[]> {
    const { name } = await this.primary();
    return this.units.filter((unit) => unit.name !== name);
  }

  /** What Patroni says of all nodes, also of those that have no unit any more. */
  async members(): Promise<readonly Member[]> {
    return membersOf(this.#units);
  }

  /** Runs an action of a database's unit. */
  async act(
    unit: CharmUnit,
    action: string,
    parameters: Readonly<Record<string, unknown>> = {},
  ): ReturnType<SimulatedJuju["runAction"]> {
    return this.juju.runAction(unit.name, action, parameters);
  }

  /** Requests a backup of a manager. @returns The job's id. */
  async request(
    manager: Manager = "manager",
    parameters: Readonly<Record<string, unknown>> = {},
  ): Promise<string> {
    const { status, results, message } = await this.juju.runAction(
      `${manager}/0`,
      "create-backup",
      parameters,
    );
    expect(status, message).toBe("completed");
    return results["job-id"] ?? "";
  }

  /** What a manager says of a job. */
  async shown(id: string, manager: Manager = "manager"): Promise<Readonly<Record<string, string>>> {
    return (await this.juju.runAction(`${manager}/0`, "show-job", { "job-id": id })).results;
  }

  /** What a manager says of a job at its end. Juju dispatches the units now and then. */
  async ended(id: string, manager: Manager = "manager"): Promise<Readonly<Record<string, string>>> {
    return await until(
      `job ${id} of ${manager} has ended`,
      async () => {
        await this.updateStatus();
        const shown = await this.shown(id, manager);
        return shown["status"] === "running" ? undefined : shown;
      },
      limitMs,
    );
  }

  /** Has a manager request a backup that is held while it copies. */
  async hold(manager: Manager = "manager"): Promise<HeldJob> {
    // From before it is asked for: hooks that the test killed run again when the backup may be over.
    const [frozen, id] = await Promise.all([
      freezeWhileCopying(this.servers.directory),
      this.request(manager).finally(async () => this.settle()),
    ]);
    // By its own configuration: that of the primary stands in its arguments as well.
    const unit = this.#units.find(({ environment }) =>
      frozen.some(({ argv }) =>
        argv.some((word) => word.startsWith(`--config=${environment.workDirectory}/`)),
      ),
    );
    if (unit === undefined) throw new Error("a backup runs that is no unit's");
    const state = new StateDirectory(join(unit.environment.workDirectory, ".."), nodeMachine);
    const entry = [...(await state.open()).entries.values()].findLast(({ job }) => job === id);
    if (entry?.process === undefined) throw new Error(`${unit.name} has no worker for job ${id}`);
    return { id, unit, worker: entry.process.pid, resume: () => thaw(frozen) };
  }

  /** Lets the next dispatch of a unit be killed. */
  async killNextDispatch(unit: CharmUnit, when: Killed): Promise<void> {
    await killNextDispatch(this.servers.directory, unit.name, when);
  }

  /** What the repository holds, as pgBackRest says. */
  async backups(): Promise<readonly Extract<RepositoryEntry, { kind: "backup" }>[]> {
    const { status, results, message } = await this.act(await this.primary(), "list-backups", {
      format: "json",
    });
    expect(status, message).toBe("completed");
    const entries: readonly RepositoryEntry[] = JSON.parse(results["backups"] ?? "[]");
    return entries.filter((entry) => entry.kind === "backup");
  }

  /** What jobs have left behind in the cluster, after a while: nothing, where all is well. */
  async remains(): Promise<readonly string[]> {
    let found: readonly string[] = [];
    await until(
      "nothing is left",
      async () => {
        found = await this.#remainsNow();
        return found.length === 0 || undefined;
      },
      20_000,
    ).catch(() => undefined);
    return found;
  }

  async #remainsNow(): Promise<readonly string[]> {
    const members = await this.members();
    const peers = this.juju.databag(
      this.juju.peerRelation(application, "database-backup-peers"),
      application,
    );
    const atWork = await pgBackRestIn(this.servers.directory);
    const refusals = await Promise.all(
      this.#units.map(async (unit) => [unit.name, await clientRefusalOf(unit)]),
    );
    return [
      ...members.flatMap(({ name, tags }) =>
        tags === undefined || Object.keys(tags).length === 0
          ? []
          : [`${name} has tags ${JSON.stringify(tags)}`],
      ),
      ...Object.keys(peers).filter((key) => key.startsWith("grant-")),
      ...atWork.filter(({ argv }) => !argv.includes("server")).map(({ argv }) => argv.join(" ")),
      ...refusals.flatMap(([name, why]) => (why === undefined ? [] : [`${name} refuses clients: ${why}`])),
    ];
  }

  async sql(unit: CharmUnit, statement: string): Promise<string> {
    return (await this.servers.psql(unit.index, statement)).trim();
  }
}
