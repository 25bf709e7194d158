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
import { checkConfig, listed } from "./declared-values.ts";
import { applyHookChanges, type HookChanges } from "./hook-changes.ts";
import { Relation, type RelationEnd } from "./relation.ts";
import { requireRelatable } from "./relatable-ends.ts";
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
  readonly charm: CharmMetadata;
  readonly units: Map<string, Unit>;
  life: "alive" | "dying";
  nextUnit: number;
  leader: string | undefined;
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
  readonly #relations = new Map<number, Relation>();
  readonly #now: () => Date;
  readonly #onChange: () => void;
  #nextRelation = 0;
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

  get relations(): ReadonlyMap<number, Relation> {
    return this.#relations;
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
    const relation = this.#relations.get(id);
    if (relation !== undefined) return relation;
    throw new ConfigurationError(`There is no relation ${id} in model "${this.name}"`, {
      remedy: `Use one of: ${listed([...this.#relations.keys()].map(String))}.`,
    });
  }

  /** The relations of an application, in the order of their ids. */
  relationsOf(application: string): readonly Relation[] {
    return [...this.#relations.values()].filter((relation) => relation.endOf(application) !== undefined);
  }

  isLeader(unit: string): boolean {
    return this.#applications.get(applicationOf(unit))?.leader === unit;
  }

  /** Adds an application without units, with its peer relations. */
  addApplication(
    name: string,
    charm: CharmMetadata,
    config: Readonly<Record<string, ConfigValue | undefined>>,
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
      units: new Map(),
      life: "alive",
      nextUnit: 0,
      leader: undefined,
      config: withoutUndefined(config),
      configVersion: 1,
      status: undefined,
    };
    this.#applications.set(name, application);
    for (const endpoint of charm.endpoints.values()) {
      if (endpoint.role === "peer") this.#addRelation([{ application: name, endpoint }]);
    }
    this.#onChange();
    return application;
  }

  /** Adds a unit. The first one of an application leads it. */
  addUnit(applicationName: string): Unit {
    const application = this.application(applicationName);
    if (application.life === "dying") {
      throw new ConfigurationError(`Application "${applicationName}" is being removed`, {
        remedy: "Wait until it is gone, and deploy it again.",
      });
    }
    const number = this.#nextAddress++;
    const unit: Unit = {
      name: `${applicationName}/${application.nextUnit++}`,
      application: applicationName,
      address: `10.0.${Math.floor(number / 256)}.${number % 256}`,
      life: "alive",
      workload: this.status("waiting", "agent initialising"),
      agent: this.status("allocating", ""),
      state: {},
      workloadVersion: "",
    };
    application.units.set(unit.name, unit);
    application.leader ??= unit.name;
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
    for (const relation of this.relationsOf(name)) if (!relation.isPeer) this.#endRelation(relation);
    this.#forgetIfGone(application);
    this.#onChange();
  }

  /** Forgets a unit whose agent has finished. Leadership passes to the lowest number that lives. */
  unitIsDead(name: string): void {
    const application = this.application(applicationOf(name));
    for (const relation of this.relationsOf(application.name)) this.leaveScope(relation, name);
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
    for (const relation of this.relationsOf(application.name))
      if (relation.isPeer) this.#forgetRelation(relation.id);
    this.secrets.forgetOwner(application.name);
    this.#applications.delete(application.name);
  }

  #forgetRelation(id: number): void {
    this.#relations.delete(id);
    this.secrets.forgetRelation(id);
  }

  setLeader(unit: string): void {
    this.application(this.unit(unit).application).leader = unit;
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
  integrate(first: string, second: string): Relation {
    const ends = [this.#end(first), this.#end(second)] as const;
    requireRelatable(ends, (end) =>
      this.relationsOf(end.application).filter(
        (other) => other.endOf(end.application)?.endpoint === end.endpoint,
      ),
    );
    const relation = this.#addRelation(ends);
    this.#onChange();
    return relation;
  }

  /** The relation between two endpoints, if there is one. */
  findRelation(first: string, second: string): Relation | undefined {
    const wanted = [first, second].toSorted().join(" ");
    return [...this.#relations.values()].find(
      ({ ends }) =>
        wanted ===
        ends
          .map((end) => `${end.application}:${end.endpoint.name}`)
          .toSorted()
          .join(" "),
    );
  }

  /** Begins to remove a relation. @throws ConfigurationError where the two are not related. */
  removeRelation(first: string, second: string): void {
    const relation = this.findRelation(first, second);
    if (relation === undefined) {
      throw new ConfigurationError(`"${first}" and "${second}" are not related`, {
        remedy: `Name both as application:endpoint; the relations are: ${listed([...this.#relations.values()].map((each) => each.key))}.`,
      });
    }
    this.#endRelation(relation);
    this.#onChange();
  }

  #endRelation(relation: Relation): void {
    relation.life = "dying";
    if (relation.scope.size === 0) this.#forgetRelation(relation.id);
  }

  /** Lets a unit take part in a relation, with the addresses that Juju writes for it. */
  enterScope(relation: Relation, unit: Unit): void {
    relation.scope.add(unit.name);
    relation.update(unit.name, {
      "egress-subnets": `${unit.address}/32`,
      "ingress-address": unit.address,
      "private-address": unit.address,
    });
    this.#onChange();
  }

  leaveScope(relation: Relation, unit: string): void {
    relation.scope.delete(unit);
    if (relation.life === "dying") this.#endRelation(relation);
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
    for (const [key, value] of Object.entries(changes)) {
      if (typeof value === "string") continue;
      throw new ConfigurationError(`The value of "${key}" is no string`, {
        remedy: "Databags hold strings only.",
      });
    }
    if (relation.update(owner, changes)) this.#onChange();
  }

  /** Takes over what a hook wrote, see {@link applyHookChanges}. @throws CommitRefused */
  commit(unit: string, changes: HookChanges): void {
    if (applyHookChanges(this, unit, changes)) this.#onChange();
  }

  #addRelation(ends: readonly RelationEnd[]): Relation {
    const relation = new Relation(this.#nextRelation++, ends);
    this.#relations.set(relation.id, relation);
    return relation;
  }

  #end(text: string): RelationEnd {
    const [name = "", endpointName, ...rest] = text.split(":");
    if (endpointName === undefined || rest.length > 0) {
      throw new ConfigurationError(`"${text}" names no endpoint`, { remedy: "Write application:endpoint." });
    }
    const application = this.application(name);
    const endpoint = application.charm.endpoints.get(endpointName);
    if (endpoint !== undefined) return { application: name, endpoint };
    throw new ConfigurationError(`Application "${name}" has no endpoint "${endpointName}"`, {
      remedy: `Use one of: ${listed(application.charm.endpoints.keys())}.`,
    });
  }
}

function withoutUndefined(
  values: Readonly<Record<string, ConfigValue | undefined>>,
): Record<string, ConfigValue> {
  return Object.fromEntries(
    Object.entries(values).filter((entry): entry is [string, ConfigValue] => entry[1] !== undefined),
  );
}
