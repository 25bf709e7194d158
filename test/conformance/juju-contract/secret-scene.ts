/**
 * Two related applications, one of which has secrets.
 *
 * @module
 */
import type { SecretReport, SimulatedJujuOptions } from "../../../lib/testing/index.ts";
import type { Probe } from "./probe.ts";
import { tool, type ToolCall } from "./script.ts";
import { startForTest, type Way } from "./ways.ts";

/** The id of a secret that is not there. */
export const unknown = "secret:9m4e2mr0ui3e8a215n4g";
/** The id of the peer relation of application alpha. */
export const cluster = 0;

/** Applications alpha, of two units, and beta. */
export class SecretScene {
  readonly probe: Probe;
  /** The id of their relation. */
  readonly backend: number;

  private constructor(probe: Probe, backend: number) {
    this.probe = probe;
    this.backend = backend;
  }

  /** Sets it in a simulated Juju that somebody else stops. A failed hook runs again only when a test says so. */
  static async set(probe: Probe, betas = 2): Promise<SecretScene> {
    await probe.deploy("alpha", { units: 2 });
    await probe.deploy("beta", { units: betas });
    const backend = await probe.juju.integrate("alpha:backend", "beta:frontend");
    await probe.juju.settle();
    return new SecretScene(probe, backend);
  }

  /** Sets it in a simulated Juju of one test, with one unit of beta. */
  static async forTest(way: Way, options: SimulatedJujuOptions = {}): Promise<SecretScene> {
    return await SecretScene.set(await startForTest(way, { automaticallyRetryHooks: false, ...options }), 1);
  }

  /** Adds a secret in a hook of its own, and gives its id. */
  async add(unit: string, call: ToolCall): Promise<string> {
    return (await this.probe.output(unit, call)).trim();
  }

  /** Grants a secret of alpha's to application beta. */
  async grant(uri: string): Promise<void> {
    await this.probe.output("alpha/0", tool`secret-grant ${uri} -r ${this.backend}`);
  }

  /** A secret, as the controller has it. */
  secret(uri: string): SecretReport {
    const found = this.probe.juju.secrets().find((each) => each.id === uri);
    if (found === undefined) throw new Error(`There is no ${uri}.`);
    return found;
  }

  /** The ids of all secrets. */
  get ids(): readonly string[] {
    return this.probe.juju.secrets().map(({ id }) => id);
  }

  /** The numbers of a secret's revisions. */
  revisions(uri: string): readonly string[] {
    return Object.keys(this.secret(uri).revisions);
  }

  /** Makes calls in a hook that fails after them, and counts it as done then. */
  async failing(unit: string, ...calls: readonly ToolCall[]): Promise<void> {
    await this.probe.failing(unit, "update-status", ...calls);
    await this.probe.updateStatus(unit);
    await this.probe.off(unit, "update-status");
    await this.#giveUp(unit);
  }

  /** Makes calls in a hook whose commit is refused, and tells why; the hook counts as done then. */
  async refusedCommit(unit: string, ...calls: readonly ToolCall[]): Promise<string> {
    const { juju } = this.probe;
    const from = juju.log().length;
    await this.probe.run(unit, ...calls);
    await this.#giveUp(unit);
    const lines = juju.log().slice(from);
    return lines.find(({ level }) => level === "ERROR")?.message ?? "";
  }

  async #giveUp(unit: string): Promise<void> {
    await this.probe.juju.resolve(unit, { retry: false });
    await this.probe.juju.settle();
  }
}
