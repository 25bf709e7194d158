/**
 * The controller of a simulated Juju: what an admin does to the model, and what can be read of it, without any agent.
 *
 * @module
 */
import { ConfigurationError } from "../errors.ts";
import type { ConfigValue } from "./model/charm-metadata.ts";
import type { Model } from "./model/model.ts";
import { modelReport, type ModelReport } from "./model/model-status.ts";
import { relationId } from "./model/relation-id.ts";
import { secretReports, type SecretReport } from "./model/secret-report.ts";

/** The model of a simulated Juju, as an admin and a test reach it. */
export abstract class SimulatedController {
  /** The model itself. */
  protected abstract readonly model: Model;

  /** The model's UUID, which every process of a charm has in its environment as `JUJU_MODEL_UUID`. */
  get modelUuid(): string {
    return this.model.uuid;
  }

  /**
   * Relates two endpoints, each written as `application:endpoint`, and gives the id of the relation.
   *
   * @param options `offeredBy` lets the relation go across models, offered by that application's. Both stay in this one, under
   * their names: charms are told of another model, and the side that consumes the offer can grant no secret. Default: one model.
   * @throws ConfigurationError where there is no such endpoint, or interfaces or roles do not match.
   */
  async integrate(
    first: string,
    second: string,
    options: { readonly offeredBy?: string } = {},
  ): Promise<number> {
    return this.model.integrate(first, second, options.offeredBy).id;
  }

  /** Removes the relation between two endpoints. Its hooks have run when the model has settled. */
  async removeRelation(first: string, second: string): Promise<void> {
    this.model.removeRelation(first, second);
  }

  /** Removes an application with its units and relations. Their hooks have run when the model has settled. */
  async removeApplication(application: string): Promise<void> {
    this.model.removeApplication(application);
  }

  /** Sets configuration; `undefined` resets an option. Setting what is set already changes nothing. */
  async configure(
    application: string,
    changes: Readonly<Record<string, ConfigValue | undefined>>,
  ): Promise<void> {
    this.model.configure(application, changes);
  }

  /** The state of the model, as `juju status` shows it. */
  status(): ModelReport {
    return modelReport(this.model);
  }

  /** The leader of an application; nothing where it has none. */
  leader(application: string): string | undefined {
    return this.model.application(application).leader;
  }

  /** Makes another unit the leader. Nobody tells the old one. */
  async setLeader(unit: string): Promise<void> {
    this.model.setLeader(unit);
  }

  /** Leaves an application without a leader until {@link setLeader}, as after a crash until the lease has run out. */
  async removeLeader(application: string): Promise<void> {
    this.model.removeLeader(application);
  }

  /**
   * Looks into a databag.
   *
   * @param relation The relation's id: `3` or `database-backup:3`.
   * @param owner A unit or an application.
   */
  databag(relation: number | string, owner: string): Record<string, string> {
    return { ...this.model.relation(relationId(relation)).bag(owner).map };
  }

  /**
   * The id of an application's peer relation.
   *
   * @throws ConfigurationError where its charm declares no such endpoint.
   */
  peerRelation(application: string, endpoint: string): number {
    for (const relation of this.model.relationsOf(application)) {
      if (relation.isPeer && relation.endOf(application)?.endpoint.name === endpoint) return relation.id;
    }
    throw new ConfigurationError(`Application "${application}" has no peer endpoint "${endpoint}"`, {
      remedy: "Declare it under peers in charmcraft.yaml.",
    });
  }

  /** Writes to a databag from outside any hook, as a foreign charm would have. The empty string deletes a key. */
  async writeDatabag(
    relation: number | string,
    owner: string,
    changes: Readonly<Record<string, string>>,
  ): Promise<void> {
    this.model.writeDatabag(relationId(relation), owner, changes);
  }

  /** The secrets of all charms with their content, oldest first. */
  secrets(): readonly SecretReport[] {
    return secretReports(this.model.secrets);
  }
}
