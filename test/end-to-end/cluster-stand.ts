/**
 * A cluster of three on the real servers: a unit for each node, whose hooks a simulated Juju runs in this process, and
 * whose jobs the test gives to the executors itself.
 *
 * @module
 */
import { mkdir, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { Credentials, type StorageConfig } from "../../lib/job/storage-config.ts";
import type { BackupRequest, JobRequest, RestoreRequest } from "../../lib/job/request.ts";
import type { Dispatch } from "../../lib/juju/index.ts";
import { openS3Store } from "../../lib/storage/s3-store.ts";
import type { Executor, ExecutorEnvironment, JobContext, JobResult } from "../../lib/executor.ts";
import { SimulatedJuju, type CharmFunction } from "../../lib/testing/index.ts";
import {
  archiveToRelatedStorage,
  createExecutor,
  joinCluster,
  keepMemberCertificate,
  type ClusterDispatch,
  type MemberCertificate,
  type PostgresqlOptions,
} from "../../provider/postgresql/index.ts";
import { freePort } from "../servers/free-port.ts";
import type { Servers } from "../servers/servers.ts";
import { until } from "../simulation/until.ts";
import { clientRefusalOf, membersOf, type Member } from "./cluster-members.ts";
import { tlsServerOf } from "./cluster-processes.ts";
import { startWatchedServers } from "./watched-servers.ts";
import { optionsOfNode } from "./node-options.ts";

/** A unit and its node. */
export interface Unit {
  readonly name: string;
  readonly index: number;
  options: PostgresqlOptions;
  readonly environment: ExecutorEnvironment;
  readonly executor: Executor;
  /** Signed for the unit. Undefined: its TLS is off. */
  certificate: MemberCertificate | undefined;
}

/** A job that was given to an executor. */
export interface Running {
  readonly result: Promise<JobResult>;
  readonly controller: AbortController;
  readonly lines: readonly string[];
}

/** The cluster. */
export class ClusterStand {
  readonly servers: Servers;
  readonly juju: SimulatedJuju;
  /** What is related to the application, and what jobs bring. */
  storage: StorageConfig;
  readonly units: Unit[];
  readonly #newUnit: (number: number, index: number) => Promise<Unit>;
  #number: number;
  #jobs = 0;
  #fence = 0;

  private constructor(
    servers: Servers,
    juju: SimulatedJuju,
    storage: StorageConfig,
    units: Unit[],
    newUnit: (number: number, index: number) => Promise<Unit>,
  ) {
    this.servers = servers;
    this.juju = juju;
    this.storage = storage;
    this.units = units;
    this.#number = units.length;
    this.#newUnit = newUnit;
  }

  /**
   * @param nodes How many. Default: 3.
   * @param more What else the charm does in each dispatch, before the unit joins its cluster, and what it joins it with. Default:
   *   nothing.
   */
  static async start(
    nodes: number = 3,
    more: (dispatch: Dispatch, unit: Unit) => Promise<Pick<ClusterDispatch, "publish">> = async () => ({}),
  ): Promise<ClusterStand> {
    const servers = await startWatchedServers({ nodes, synchronous: true });
    await servers.s3.createBucket("backups");
    const { s3, certificates } = servers;
    const storage: StorageConfig = {
      bucket: "backups",
      path: "/cluster",
      endpoint: s3.endpoint,
      region: s3.region,
      uriStyle: "path",
      tlsCaChain: [s3.caPem],
      credentials: new Credentials(s3.users.admin.accessKey, s3.users.admin.secretKey),
    };
    const ports = await Promise.all(servers.nodes.map(async () => freePort()));
    const newUnit = async (number: number, index: number): Promise<Unit> => {
      const options = optionsOf(servers, index, ports[index] ?? 0);
      const environment = {
        unit: `postgresql/${number}`,
        application: "postgresql",
        modelUuid: "6c1c2ddc-75a1-4c18-8c39-2ef1d4c4b8a9",
        workDirectory: join(servers.directory, `executor-${number}`),
      };
      await mkdir(environment.workDirectory);
      return {
        name: environment.unit,
        index,
        options,
        environment,
        executor: createExecutor(options, environment),
        certificate: await certificates.issue(`postgresql-${number}`, ["DNS:localhost"]),
      };
    };
    const units = await Promise.all(servers.nodes.map(async (_, index) => newUnit(index, index)));
    let stand: ClusterStand | undefined;
    const charm: CharmFunction = async (dispatch) => {
      const { juju, event } = dispatch;
      const unit = units.find(({ name }) => name === juju.unit);
      // What a unit that is going says in its last hooks, its machine need not do.
      if (unit === undefined) return;
      const { options, environment } = unit;
      await keepMemberCertificate(options, environment, unit.certificate);
      const departing =
        event.kind === "relation" && event.change === "departed" ? event.departingUnit : undefined;
      const joined = await joinCluster(options, environment, {
        juju,
        ...(departing === undefined ? {} : { departing }),
        ...(await more(dispatch, unit)),
      });
      const archiving = await archiveToRelatedStorage(options, environment, {
        juju,
        event,
        storageEndpoint: "s3-parameters",
        related: { complete: true, storage: stand?.storage ?? storage, problems: [] },
        isJobUnderWay: false,
      });
      await juju.setStatus(joined ?? archiving ?? { name: "active", message: "" });
    };
    const juju = await SimulatedJuju.start({ directory: join(servers.directory, "juju") });
    await juju.deploy({
      application: "postgresql",
      charm: "examples/postgresql-charm",
      inProcess: charm,
      units: nodes,
    });
    stand = new ClusterStand(servers, juju, storage, units, newUnit);
    return stand;
  }

  async stop(): Promise<void> {
    await this.juju.stop();
    await this.servers.stop();
  }

  /** Runs hooks until there is nothing more to do. */
  async settle(): Promise<void> {
    await this.juju.settle({ timeoutMs: 300_000 });
  }

  /** Takes a unit away, with its machine. */
  async removeUnit(unit: Unit): Promise<void> {
    this.units.splice(this.units.indexOf(unit), 1);
    await this.servers.stopNode(unit.index);
    for (const pid of tlsServerOf(unit)) process.kill(pid, "SIGKILL");
    await this.juju.removeUnit(unit.name);
    await this.settle();
  }

  /** Adds a unit, on a new machine that takes the ports of one that was removed. */
  async addUnit(index: number): Promise<Unit> {
    const unit = await this.#newUnit(this.#number, index);
    this.#number += 1;
    const { postgresql, patroni } = unit.options;
    await rm(postgresql.dataDirectory, { recursive: true });
    for (const name of await readdir(patroni.configDirectory))
      if (name.startsWith("zz-")) await rm(join(patroni.configDirectory, name));
    this.units.push(unit);
    const added = await this.juju.addUnit("postgresql");
    if (added !== unit.name) throw new Error(`The unit ${added} was added instead of ${unit.name}.`);
    await this.settle();
    // The charm comes first: it may have to tell Patroni how to reach the others.
    await this.servers.startNode(index);
    await this.settle();
    return unit;
  }

  /** What the units' statuses are, by their names. */
  statuses(): Readonly<Record<string, string>> {
    const { units = {} } = this.juju.status().applications["postgresql"] ?? {};
    return Object.fromEntries(
      Object.entries(units).map(([name, { workload }]) => [name, `${workload.name}: ${workload.message}`]),
    );
  }

  /** An update-status on every unit, and what comes of it. */
  async updateStatus(): Promise<void> {
    for (const { name } of this.units) await this.juju.updateStatus(name);
    await this.settle();
  }

  /** What Patroni says of the members, whichever of them answers. */
  async members(): Promise<readonly Member[]> {
    return membersOf(this.units);
  }

  /** The unit that leads the database. */
  async primary(): Promise<Unit> {
    return until("there is a primary", async () => {
      const leader = (await this.members()).find(({ role }) => role === "leader");
      return this.units.find(({ options }) => options.patroni.member === leader?.name);
    });
  }

  /** The others. */
  async replicas(): Promise<readonly Unit[]> {
    const { name } = await this.primary();
    return this.units.filter((unit) => unit.name !== name);
  }

  /** Begins a job, as the unit's worker would. */
  async begin(unit: Unit, request: JobRequest): Promise<Running> {
    const controller = new AbortController();
    const lines: string[] = [];
    const context = await this.#context(controller.signal, lines);
    const result =
      request.type === "backup"
        ? unit.executor.backup(request, context)
        : unit.executor.restore(request, context);
    return { result: result.finally(() => context.store.close()), controller, lines };
  }

  /** A backup, from its request to its end. */
  async backup(unit: Unit, changes: Partial<BackupRequest> = {}): Promise<JobResult> {
    return (await this.begin(unit, this.backupRequest(changes))).result;
  }

  /** The code with which a unit refuses a job; undefined where it would take it. */
  async refusal(unit: Unit, request: JobRequest): Promise<string | undefined> {
    const context = await this.#context(new AbortController().signal, []);
    const failure = unit.executor.preflight(request, context);
    return (await failure.finally(() => context.store.close()))?.code;
  }

  /** What a unit's recovery worker does. */
  async recover(unit: Unit): Promise<string> {
    const context = await this.#context(new AbortController().signal, []);
    const recovery = unit.executor.recover(this.backupRequest(), context);
    return (await recovery.finally(() => context.store.close())).message;
  }

  backupRequest(changes: Partial<BackupRequest> = {}): BackupRequest {
    const { storage } = this;
    this.#jobs += 1;
    return {
      id: `job-${this.#jobs}`,
      type: "backup",
      backupType: "full",
      compression: true,
      storage,
      ...changes,
    };
  }

  restoreRequest(artefactPath: string): RestoreRequest {
    this.#jobs += 1;
    return {
      id: `job-${this.#jobs}`,
      type: "restore",
      compression: true,
      storage: this.storage,
      artefactPath,
    };
  }

  async #context(signal: AbortSignal, lines: string[]): Promise<JobContext> {
    this.#fence += 1;
    return {
      signal,
      fence: this.#fence,
      plannedUnits: this.units.length,
      store: await openS3Store(this.storage),
      progress: () => undefined,
      finalizing: () => undefined,
      log: (line) => void lines.push(line),
      pointOfNoReturn: async () => undefined,
    };
  }

  /** Why a client, who is no superuser, does not get in; undefined where it does. */
  async clientRefusal(unit: Unit): Promise<string | undefined> {
    return clientRefusalOf(unit);
  }

  /** Has another member lead, whichever can. */
  async switchover(): Promise<Unit> {
    const before = await this.primary();
    const { restUrl, member } = before.options.patroni;
    await until(
      "Patroni switches over",
      async () => {
        // In synchronous mode only a synchronous standby can, and it takes a while until there is one.
        const response = await fetch(`${restUrl}/switchover`, {
          method: "POST",
          headers: { "content-type": "application/json" },
          body: JSON.stringify({ leader: member }),
        });
        return response.ok ? true : undefined;
      },
      120_000,
    );
    await this.whole();
    return this.primary();
  }

  /** Waits until there is a leader, and all members follow it. */
  async whole(): Promise<void> {
    await until(
      "the cluster is whole",
      async () => {
        const members = await this.members();
        const inStep = members.filter(({ state }) => state === "running" || state === "streaming");
        const leads = members.filter(({ role }) => role === "leader");
        const timelines = new Set(members.map(({ timeline }) => timeline));
        return inStep.length === this.units.length && leads.length === 1 && timelines.size === 1
          ? true
          : undefined;
      },
      120_000,
    );
  }

  async sql(unit: Unit, statement: string): Promise<string> {
    return (await this.servers.psql(unit.index, statement)).trim();
  }
}

function optionsOf(servers: Servers, index: number, port: number): PostgresqlOptions {
  const node = servers.nodes[index];
  if (node === undefined) throw new Error(`there is no node ${index}`);
  const common = optionsOfNode(node);
  const certificates = join(node.directory, "tls");
  return {
    ...common,
    patroni: { ...common.patroni, member: node.name },
    tls: {
      keyFile: join(certificates, "member.key"),
      certificateFile: join(certificates, "member.crt"),
      caFile: join(certificates, "ca.crt"),
      address: "localhost",
      listenAddress: "127.0.0.1",
      port,
      service: { kind: "process" },
    },
  };
}
