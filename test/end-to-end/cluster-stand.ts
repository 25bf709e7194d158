/**
 * A cluster of three on the real servers: a unit for each node, whose hooks a simulated Juju runs in this process, and
 * whose jobs the test gives to the executors itself.
 *
 * @module
 */
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { Credentials, type StorageConfig } from "../../lib/job/storage-config.ts";
import type { Executor, ExecutorEnvironment } from "../../lib/executor.ts";
import { SimulatedJuju, type CharmFunction } from "../../lib/testing/index.ts";
import {
  archiveToRelatedStorage,
  createExecutor,
  joinCluster,
  keepMemberCertificate,
  type MemberCertificate,
  type PostgresqlOptions,
} from "../../provider/postgresql/index.ts";
import { freePort } from "../servers/free-port.ts";
import type { Servers } from "../servers/servers.ts";
import { until } from "../simulation/until.ts";
import { startWatchedServers } from "./watched-servers.ts";

/** A unit and its node. */
export interface Unit {
  readonly name: string;
  readonly index: number;
  readonly options: PostgresqlOptions;
  readonly environment: ExecutorEnvironment;
  readonly executor: Executor;
  /** Signed for the unit. Undefined: its TLS is off. */
  certificate: MemberCertificate | undefined;
}

/** What Patroni says of a member. */
export interface Member {
  readonly name: string;
  readonly role: string;
  readonly state: string;
  readonly timeline?: number;
  readonly tags?: Readonly<Record<string, unknown>>;
}

/** The cluster. */
export class ClusterStand {
  readonly servers: Servers;
  readonly juju: SimulatedJuju;
  readonly storage: StorageConfig;
  readonly units: readonly Unit[];

  private constructor(servers: Servers, juju: SimulatedJuju, storage: StorageConfig, units: readonly Unit[]) {
    this.servers = servers;
    this.juju = juju;
    this.storage = storage;
    this.units = units;
  }

  /** @param nodes How many. Default: 3. */
  static async start(nodes: number = 3): Promise<ClusterStand> {
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
    const units = await Promise.all(
      servers.nodes.map(async (_, index): Promise<Unit> => {
        const options = optionsOf(servers, index, ports[index] ?? 0);
        const environment = {
          unit: `postgresql/${index}`,
          application: "postgresql",
          modelUuid: "6c1c2ddc-75a1-4c18-8c39-2ef1d4c4b8a9",
          workDirectory: join(servers.directory, `executor-${index}`),
        };
        await mkdir(environment.workDirectory);
        return {
          name: environment.unit,
          index,
          options,
          environment,
          executor: createExecutor(options, environment),
          certificate: await certificates.issue(`postgresql-${index}`, ["DNS:localhost"]),
        };
      }),
    );
    const charm: CharmFunction = async ({ juju, event }) => {
      const unit = units.find(({ name }) => name === juju.unit);
      if (unit === undefined) throw new Error(`there is no node for ${juju.unit}`);
      const { options, environment } = unit;
      await keepMemberCertificate(options, environment, unit.certificate);
      const departing =
        event.kind === "relation" && event.change === "departed" ? event.departingUnit : undefined;
      const joined = await joinCluster(options, environment, {
        juju,
        ...(departing === undefined ? {} : { departing }),
      });
      const archiving = await archiveToRelatedStorage(options, environment, {
        juju,
        related: { complete: true, storage, problems: [] },
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
    return new ClusterStand(servers, juju, storage, units);
  }

  async stop(): Promise<void> {
    await this.juju.stop();
    await this.servers.stop();
  }

  /** Runs hooks until there is nothing more to do. */
  async settle(): Promise<void> {
    await this.juju.settle({ timeoutMs: 300_000 });
  }

  /** An update-status on every unit, and what comes of it. */
  async updateStatus(): Promise<void> {
    for (const { name } of this.units) await this.juju.updateStatus(name);
    await this.settle();
  }

  /** What Patroni says of the members, whichever of them answers. */
  async members(): Promise<readonly Member[]> {
    for (const { options } of this.units) {
      try {
        const response = await fetch(`${options.patroni.restUrl}/cluster`, {
          signal: AbortSignal.timeout(5_000),
        });
        const { members } = (await response.json()) as { readonly members: readonly Member[] };
        return members;
      } catch {
        continue;
      }
    }
    return [];
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

  async sql(unit: Unit, statement: string): Promise<string> {
    return (await this.servers.psql(unit.index, statement)).trim();
  }
}

function optionsOf(servers: Servers, index: number, port: number): PostgresqlOptions {
  const node = servers.nodes[index];
  if (node === undefined) throw new Error(`there is no node ${index}`);
  const { patroni, postgresql } = node;
  const certificates = join(node.directory, "tls");
  return {
    stanza: "test.postgresql",
    patroni: {
      configDirectory: patroni.configDirectory,
      restUrl: patroni.restUrl,
      scope: patroni.scope,
      member: node.name,
      service: {
        kind: "process",
        pidFile: patroni.pidFile,
        argv: patroni.startArgv,
        logFile: patroni.logFile,
        user: patroni.user.name,
      },
    },
    postgresql: {
      dataDirectory: postgresql.dataDirectory,
      binDirectory: postgresql.binDirectory,
      socketDirectory: postgresql.socketDirectory,
      port: postgresql.port,
      user: patroni.user.name,
    },
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
