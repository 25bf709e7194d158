/**
 * The relations of a model: which there are, who takes part in them, and when they end.
 *
 * @module
 * @see https://documentation.ubuntu.com/juju/3.6/reference/relation/
 */
import { ConfigurationError } from "../../errors.ts";
import { listed } from "./declared-values.ts";
import { requireRelatable } from "./relatable-ends.ts";
import { Relation, type RelationEnd } from "./relation.ts";

/** The relations of a model. */
export class Relations {
  readonly #byId = new Map<number, Relation>();
  readonly #onGone: (id: number) => void;
  #nextId = 0;

  /** @param onGone Called when a relation is no more. */
  constructor(onGone: (id: number) => void) {
    this.#onGone = onGone;
  }

  /** The relation of this id. @throws ConfigurationError where there is none. */
  get(id: number): Relation {
    const relation = this.#byId.get(id);
    if (relation !== undefined) return relation;
    throw new ConfigurationError(`There is no relation ${id} in this model`, {
      remedy: `Use one of: ${listed([...this.#byId.keys()].map(String))}.`,
    });
  }

  /** The relations of an application, in the order of their ids. */
  of(application: string): readonly Relation[] {
    return [...this.#byId.values()].filter((relation) => relation.endOf(application) !== undefined);
  }

  /** Makes the relation of a peer endpoint. */
  addPeer(end: RelationEnd): void {
    this.#add([end]);
  }

  /**
   * Relates two endpoints.
   *
   * @param offeredBy The application of the two whose model offers the relation to the other's. Default: they are in one.
   * @throws ConfigurationError where Juju would refuse to.
   */
  integrate(ends: readonly [RelationEnd, RelationEnd], offeredBy?: string): Relation {
    if (offeredBy !== undefined && !ends.some(({ application }) => application === offeredBy)) {
      throw new ConfigurationError(`"${offeredBy}" cannot offer a relation of others`, {
        remedy: `Name one of: ${listed(ends.map(({ application }) => application))}.`,
      });
    }

    requireRelatable(ends, ({ application, endpoint }) =>
      this.of(application).filter((other) => other.endOf(application)?.endpoint.name === endpoint.name),
    );
    return this.#add(ends, offeredBy);
  }

  /** Begins to remove a relation. @throws ConfigurationError where the two are not related. */
  remove(first: string, second: string): void {
    const wanted = [first, second].toSorted().join(" ");
    const relation = [...this.#byId.values()].find(({ ends }) => endNames(ends).join(" ") === wanted);
    if (relation !== undefined) {
      this.end(relation);
      return;
    }
    throw new ConfigurationError(`"${first}" and "${second}" are not related`, {
      remedy: `Name both as application:endpoint; the relations are: ${listed([...this.#byId.values()].map((each) => each.key))}.`,
    });
  }

  /** Lets a relation end as soon as nobody takes part in it any more. */
  end(relation: Relation): void {
    relation.life = "dying";
    if (relation.scope.size === 0) this.#forget(relation);
  }

  /** Ends the peer relations of an application that is no more. */
  endPeers(application: string): void {
    for (const relation of this.of(application)) if (relation.isPeer) this.#forget(relation);
  }

  /** Lets a unit take part no longer. */
  leave(relation: Relation, unit: string): void {
    relation.scope.delete(unit);
    if (relation.life === "dying") this.end(relation);
  }

  #add(ends: readonly RelationEnd[], offeredBy?: string): Relation {
    const relation = new Relation(this.#nextId++, ends, offeredBy);
    this.#byId.set(relation.id, relation);
    return relation;
  }

  #forget({ id }: Relation): void {
    this.#byId.delete(id);
    this.#onGone(id);
  }
}

function endNames(ends: readonly RelationEnd[]): readonly string[] {
  return ends.map((end) => `${end.application}:${end.endpoint.name}`).toSorted();
}
