/**
 * A PostgreSQL charm on a real server, whose dispatches can be killed, and managers that are databags which the test
 * writes.
 */
import { join } from "node:path";
import { bucket, postgresqlConfig } from "../../examples/demo/model.ts";
import { nodeMachine } from "../../lib/machine/node-machine.ts";
import { SimulatedJuju } from "../../lib/testing/index.ts";
import { StateDirectory } from "../../provider/journal/state-directory.ts";
import type { Servers } from "../servers/servers.ts";
import { RequestsModel } from "../simulation/requests-model.ts";
import { until } from "../simulation/until.ts";
import { killablePostgresqlCharm, killNextDispatch, type Killed } from "./killable-charm.ts";

/** The only unit. */
export const unit = "database/0";

/** So long that only what hangs exceeds it. */
const limitMs = 150_000;

/** The fields of a storage at the test's S3 server, but for where in it. */
export function s3Fields({ s3 }: Servers): Readonly<Record<string, string | readonly string[]>> {
  return {
    endpoint: s3.endpoint,
    region: s3.region,
    "s3-uri-style": "path",
    "tls-ca-chain": [s3.caPem],
    "access-key": s3.users.admin.accessKey,
    "secret-key": s3.users.admin.secretKey,
  };
}

/** A running model. */
export class PostgresqlModel extends RequestsModel {
  readonly #servers: Servers;

  private constructor(juju: SimulatedJuju, relations: ReadonlyMap<string, number>, servers: Servers) {
    super(juju, relations, { bucket, path: "/coordination", ...s3Fields(servers) });
    this.#servers = servers;
  }

  static async start(servers: Servers, managers: readonly string[]): Promise<PostgresqlModel> {
    const { directory } = servers;
    const charm = await killablePostgresqlCharm(directory);
    const juju = await SimulatedJuju.start({ directory: join(directory, "juju"), hookRetryDelayMs: 100 });
    await juju.deploy({ charm, application: "database", config: postgresqlConfig(servers) });
    return new PostgresqlModel(juju, await RequestsModel.relate(juju, managers), servers);
  }

  /** Lets the next dispatch be killed. */
  async tell(what: Killed): Promise<void> {
    await killNextDispatch(this.#servers.directory, unit, what);
  }

  /** Waits until a job is reported so. Juju dispatches the unit now and then. */
  async reported(id: string, phase: string, manager: string = "manager"): Promise<Record<string, unknown>> {
    return await until(
      `job ${id} of ${manager} is ${phase}`,
      async () => {
        const report = Object.values(this.reports(id, manager)).find((each) => each["phase"] === phase);
        if (report === undefined) await this.updateStatus();
        return report;
      },
      limitMs,
    );
  }

  /** The worker of a job, once pgBackRest is about its business. */
  async worker(id: string): Promise<number> {
    const state = new StateDirectory(join(this.#servers.directory, "state/database-0"), nodeMachine);
    return await until(
      `job ${id} is at work`,
      async () => {
        const entry = [...(await state.open()).entries.values()].findLast((each) => each.job === id);
        return entry?.progress.phase === "running" ? entry.process?.pid : undefined;
      },
      limitMs,
    );
  }

  /** A dispatch that the test killed is run again. */
  protected override async rest(): Promise<void> {
    await this.juju.settle({ allowErrors: true });
  }
}
