/**
 * The model: applications, units, relations and statuses, as Juju's controller holds them.
 *
 * Pure data and the operations that change it. What Juju could not be in is refused at the door. Every change that
 * may give an agent something to do is announced to the listener.
 *
 * @module
 * @see https://documentation.ubuntu.com/juju/3.6/reference/model/
 */
import { ConfigurationError } from "../../errors.ts";
import type { CharmMetadata, ConfigValue } from "./charm-metadata.ts";
import { checkConfig, isConfigurable, listed, withoutUndefined } from "./declared-values.ts";
import { applyHookChanges, type HookChanges } from "./hook-changes.ts";
import type { Relation, RelationEnd } from "./relation.ts";
import { Relations } from "./relations.ts";
import { Secrets } from "./secrets.ts";
import { applicationOf, isApplicationName, isUnitName, numberOf } from "./unit-name.ts";

/** A status with the time it was set. */
export interface Status {
  readonly name: string;
  readonly message: string;
  readonly since: Date;
}

/** A unit of an application. */
export interface Unit {
  readonly name: string;
  readonly application: string;
  readonly address: string;
  life: "alive" | "dying";
  workload: Status;
  agent: Status;
  /** What the charm keeps with `state-set`. */
  state: Readonly<Record<string, string>>;
  workloadVersion: string;
}

/** An application and its units. */
export interface Application {
  readonly name: string;
  charm: CharmMetadata;
  /** Counts the charms that the application has had. */
  charmVersion: number;
  readonly units: Map<string, Unit>;
  life: "alive" | "dying";
  nextUnit: number;
  /** Whether a new unit takes the lowest number that is free, as on Kubernetes. */
  readonly reusesUnitNumbers: boolean;
  leader: string | undefined;
  /** Whether nobody leads until somebody is made to, as after a crash of the leader until its lease has run out. */
  isLeaderless: boolean;
  /** The options that were set; the others have their defaults. */
  config: Readonly<Record<string, ConfigValue>>;
  configVersion: number;
  /** What the leader set with `status-set --application`, if it did. */
  status: Status | undefined;
}

/** The model. */
export class Model {
  readonly name: string;
  readonly uuid: string;
  readonly version: string;
  readonly secrets: Secrets;
  readonly #applications = new Map<string, Application>();
  readonly #relations: Relations;
  readonly #now: () => Date;
  readonly #onChange: () => void;
  #nextAddress = 1;

  constructor(options: {
    readonly name: string;
    readonly uuid: string;
    readonly version: string;
    readonly now: () => Date;
    readonly onChange: () => void;
  }) {
    this.name = options.name;
    this.uuid = options.uuid;
    this.version = options.version;
    this.#now = options.now;
    this.#onChange = options.onChange;
    this.secrets = new Secrets({ modelUuid: options.uuid, now: options.now, onChange: options.onChange });
    this.#relations = new Relations((id) => this.secrets.forgetRelation(id));
  }

  /** Whether this is a version of Juju, or a later one. */
  isAtLeast(major: number, minor = 0): boolean {
    const [ownMajor = 0, ownMinor = 0] = this.version.split(".").map((part) => Number.parseInt(part, 10));
    return ownMajor > major || (ownMajor === major && ownMinor >= minor);
  }

  /** The time in this model. */
  now(): Date {
    return this.#now();
  }

  get applications(): ReadonlyMap<string, Application> {
    return this.#applications;
  }

  /** Makes a status that is set now. */
  status(name: string, message: string): Status {
    return { name, message, since: this.#now() };
  }

  /** The application of this name. @throws ConfigurationError where there is none. */
  application(name: string): Application {
    const application = this.#applications.get(name);
    if (application !== undefined) return application;
    throw new ConfigurationError(`There is no application "${name}" in model "${this.name}"`, {
      remedy: `Use one of: ${listed(this.#applications.keys())}.`,
    });
  }

  /** The unit of this name, or nothing where it is gone or never was. */
  findUnit(name: string): Unit | undefined {
    return this.#applications.get(applicationOf(name))?.units.get(name);
  }

  /** The unit of this name. @throws ConfigurationError where there is none. */
  unit(name: string): Unit {
    const unit = this.findUnit(name);
    if (unit !== undefined) return unit;
    const application = isUnitName(name) ? this.application(applicationOf(name)) : undefined;
    throw new ConfigurationError(`There is no unit "${name}" in model "${this.name}"`, {
      remedy: `Use one of: ${listed(application?.units.keys() ?? [])}.`,
    });
  }

  /** The relation of this id. @throws ConfigurationError where there is none. */
  relation(id: number): Relation {
    return this.#relations.get(id);
  }

  /** The relations of an application, in the order of their ids. */
  relationsOf(application: string): readonly Relation[] {
    return this.#relations.of(application);
  }

  isLeader(unit: string): boolean {
    return this.#applications.get(applicationOf(unit))?.leader === unit;
  }

  /** Adds an application without units, with its peer relations. */
  addApplication(
    name: string,
    charm: CharmMetadata,
    config: Readonly<Record<string, ConfigValue | undefined>>,
    reusesUnitNumbers = false,
  ): Application {
    if (!isApplicationName(name)) {
      throw new ConfigurationError(`"${name}" cannot name an application`, {
        remedy: "Use lower-case letters, digits and hyphens; begin with a letter.",
      });
    }
    if (this.#applications.has(name)) {
      throw new ConfigurationError(`There is an application "${name}" already`, {
        remedy: "Choose another name.",
      });
    }
    checkConfig(charm, config);
    const application: Application = {
      name,
      charm,
      charmVersion: 1,
      units: new Map(),
      life: "alive",
      nextUnit: 0,
      reusesUnitNumbers,
      leader: undefined,
      isLeaderless: false,
      config: withoutUndefined(config),
      configVersion: 1,
      status: undefined,
    };
    this.#applications.set(name, application);
    this.#addPeerRelations(application);
    this.#onChange();
    return application;
  }

  /** Gives an application another charm. @throws ConfigurationError where it lacks an endpoint that is related. */
  refresh(name: string, charm: CharmMetadata): void {
    const application = this.application(name);
    requireAlive(application);
    for (const relation of this.relationsOf(name)) {
      const { name: endpoint, role, interface: wire } = relation.endOf(name)?.endpoint ?? {};
      const next = charm.endpoints.get(endpoint ?? "");
      if (next?.role === role && next?.interface === wire) continue;
      throw new ConfigurationError(`The new charm of "${name}" would break relation "${relation.key}"`, {
        remedy: "Remove the relation first, or keep its endpoint.",
      });
    }
    application.charm = charm;
    application.charmVersion += 1;
    // What the new charm does not declare so any more is forgotten.
    application.config = Object.fromEntries(
      Object.entries(application.config).filter(([key, value]) => isConfigurable(charm, key, value)),
    );
    this.#addPeerRelations(application);
    this.#onChange();
  }

  #addPeerRelations({ name, charm }: Application): void {
    const related = new Set(this.relationsOf(name).map((relation) => relation.endOf(name)?.endpoint.name));
    for (const endpoint of charm.endpoints.values()) {
      if (endpoint.role === "peer" && !related.has(endpoint.name))
        this.#relations.addPeer({ application: name, endpoint });
    }
  }

  /** Adds a unit. The first one of an application leads it. */
  addUnit(applicationName: string): Unit {
    const application = this.application(applicationName);
    requireAlive(application);
    const number = this.#nextAddress++;
    const unit: Unit = {
      name: `${applicationName}/${numberOfNext(application)}`,
      application: applicationName,
      address: `10.0.${Math.floor(number / 256)}.${number % 256}`,
      life: "alive",
      workload: this.status("waiting", "agent initialising"),
      agent: this.status("allocating", ""),
      state: {},
      workloadVersion: "",
    };
    application.units.set(unit.name, unit);
    if (!application.isLeaderless) application.leader ??= unit.name;
    this.#onChange();
    return unit;
  }

  /** Begins to remove a unit: its agent still runs the hooks of its departure. */
  removeUnit(name: string): void {
    this.unit(name).life = "dying";
    this.#onChange();
  }

  /** Begins to remove an application with its units and relations. */
  removeApplication(name: string): void {
    const application = this.application(name);
    application.life = "dying";
    for (const unit of application.units.values()) unit.life = "dying";
    for (const relation of this.relationsOf(name)) if (!relation.isPeer) this.#relations.end(relation);
    this.#forgetIfGone(application);
    this.#onChange();
  }

  /** Forgets a unit whose agent has finished. Leadership passes to the lowest number that lives. */
  unitIsDead(name: string): void {
    const application = this.application(applicationOf(name));
    for (const relation of this.relationsOf(application.name)) this.#relations.leave(relation, name);
    application.units.delete(name);
    this.secrets.forgetOwner(name);
    if (application.leader === name) {
      const living = [...application.units.values()].filter((unit) => unit.life === "alive");
      application.leader = living.map((unit) => unit.name).toSorted((a, b) => numberOf(a) - numberOf(b))[0];
    }
    this.#forgetIfGone(application);
    this.#onChange();
  }

  #forgetIfGone(application: Application): void {
    if (application.life === "alive" || application.units.size > 0) return;
    this.#relations.endPeers(application.name);
    this.secrets.forgetOwner(application.name);
    this.#applications.delete(application.name);
  }

  setLeader(unit: string): void {
    const application = this.application(this.unit(unit).application);
    application.leader = unit;
    application.isLeaderless = false;
    this.#onChange();
  }

  /** Leaves an application without a leader until {@link setLeader} gives it one. */
  removeLeader(name: string): void {
    const application = this.application(name);
    application.leader = undefined;
    application.isLeaderless = true;
    this.#onChange();
  }

  /** Sets options; `undefined` resets one to its default. */
  configure(name: string, changes: Readonly<Record<string, ConfigValue | undefined>>): void {
    const application = this.application(name);
    checkConfig(application.charm, changes);
    const config = withoutUndefined({ ...application.config, ...changes });
    if (JSON.stringify(config) === JSON.stringify(application.config)) return;
    application.config = config;
    application.configVersion += 1;
    this.#onChange();
  }

  /** The configuration as `config-get` shows it: defaults filled in, options without a value left out. */
  effectiveConfig(name: string): Record<string, ConfigValue> {
    const { charm, config } = this.application(name);
    const effective: Record<string, ConfigValue> = {};
    for (const option of charm.config.values()) {
      const value = config[option.name] ?? option.default;
      if (value !== undefined) effective[option.name] = value;
    }
    return effective;
  }

  /** Relates two endpoints. @throws ConfigurationError where Juju would refuse to. */
  integrate(first: string, second: string, offeredBy?: string): Relation {
    const relation = this.#relations.integrate([this.#end(first), this.#end(second)], offeredBy);
    this.#onChange();
    return relation;
  }

  /** Begins to remove a relation. @throws ConfigurationError where the two are not related. */
  removeRelation(first: string, second: string): void {
    this.#relations.remove(first, second);
    this.#onChange();
  }

  /** Lets a unit take part in a relation, with the addresses that Juju writes for it. */
  enterScope(relation: Relation, unit: Unit): void {
    relation.scope.add(unit.name);
    // A unit of the same number may have been here before; nothing of it is left.
    relation.replace(unit.name, {
      "egress-subnets": `${unit.address}/32`,
      "ingress-address": unit.address,
      "private-address": unit.address,
    });
    this.#onChange();
  }

  leaveScope(relation: Relation, unit: string): void {
    this.#relations.leave(relation, unit);
    this.#onChange();
  }

  /** Changes a databag from outside any hook, as a foreign charm would have. */
  writeDatabag(id: number, owner: string, changes: Readonly<Record<string, string>>): void {
    const relation = this.relation(id);
    const application = owner.includes("/") ? this.unit(owner).application : this.application(owner).name;
    if (relation.endOf(application) === undefined) {
      throw new ConfigurationError(`"${owner}" takes no part in relation ${id} (${relation.key})`, {
        remedy: "Name a unit or an application of the relation.",
      });
    }
    if (owner.includes("/") && !relation.scope.has(owner)) {
      throw new ConfigurationError(`"${owner}" has not yet entered relation ${id} (${relation.key})`, {
        remedy: "Call settle() first.",
      });
    }
    for (const [key, value] of Object.entries(changes)) {
      if (key !== "" && typeof value === "string") continue;
      throw new ConfigurationError(
        key === "" ? "A key of a databag is empty" : `The value of "${key}" is no string`,
        { remedy: "Databags hold strings only, under keys that are not empty." },
      );
    }
    if (relation.update(owner, changes)) this.#onChange();
  }

  /** Takes over what a hook wrote, see {@link applyHookChanges}. @throws CommitRefused */
  commit(unit: string, changes: HookChanges): void {
    if (applyHookChanges(this, unit, changes)) this.#onChange();
  }

  #end(text: string): RelationEnd {
    const [name = "", endpointName, ...rest] = text.split(":");
    if (endpointName === undefined || rest.length > 0) {
      throw new ConfigurationError(`"${text}" names no endpoint`, { remedy: "Write application:endpoint." });
    }
    const application = this.application(name);
    requireAlive(application);
    const endpoint = application.charm.endpoints.get(endpointName);
    if (endpoint !== undefined) return { application: name, endpoint };
    throw new ConfigurationError(`Application "${name}" has no endpoint "${endpointName}"`, {
      remedy: `Use one of: ${listed(application.charm.endpoints.keys())}.`,
    });
  }
}

function requireAlive({ name, life }: Application): void {
  if (life === "alive") return;
  throw new ConfigurationError(`Application "${name}" is being removed`, {
    remedy: "Wait until it is gone, and deploy it again.",
  });
}

function numberOfNext(application: Application): number {
  if (!application.reusesUnitNumbers) return application.nextUnit++;
  let free = 0;
  while (application.units.has(`${application.name}/${free}`)) free += 1;
  return free;
}
