/**
 * The state of a whole model, as `juju status` would show it.
 *
 * @module
 * @see https://documentation.ubuntu.com/juju/3.6/reference/status/
 */
import type { Application, Model, Status, Unit } from "./model.ts";

/** The status of a unit. */
export interface UnitReport {
  readonly leader: boolean;
  readonly address: string;
  readonly life: "alive" | "dying";
  /** What the charm set. */
  readonly workload: Status;
  /** What the agent does: allocating, executing, idle or error. */
  readonly agent: { readonly name: string; readonly message: string };
}

/** The status of an application. */
export interface ApplicationReport {
  /** What its leader set, or else the worst of its units. */
  readonly status: { readonly name: string; readonly message: string };
  readonly charm: string;
  /** The related applications by endpoint; a peer endpoint names the application itself. */
  readonly relations: Readonly<Record<string, readonly string[]>>;
  readonly units: Readonly<Record<string, UnitReport>>;
}

/** The status of a model. */
export interface ModelReport {
  readonly model: string;
  readonly applications: Readonly<Record<string, ApplicationReport>>;
}

/** Reports on a model. The answer is a copy: it does not change when the model does. */
export function modelReport(model: Model): ModelReport {
  return {
    model: model.name,
    applications: Object.fromEntries(
      [...model.applications.values()].map((application) => [application.name, report(model, application)]),
    ),
  };
}

function report(model: Model, application: Application): ApplicationReport {
  const relations: Record<string, string[]> = {};
  for (const relation of model.relationsOf(application.name)) {
    const endpoint = relation.endOf(application.name)?.endpoint.name ?? "";
    (relations[endpoint] ??= []).push(relation.remoteEndOf(application.name).application);
  }
  const units = [...application.units.values()];
  const { name, message } = application.status ?? worst(units);
  return {
    status: { name, message },
    charm: application.charm.name,
    relations,
    units: Object.fromEntries(
      units.map((unit): [string, UnitReport] => [
        unit.name,
        {
          leader: application.leader === unit.name,
          address: unit.address,
          life: unit.life,
          workload: { ...unit.workload },
          agent: { name: unit.agent.name, message: unit.agent.message },
        },
      ]),
    ),
  };
}

const severity: readonly string[] = ["blocked", "maintenance", "waiting", "active"];

function worst(units: readonly Unit[]): { readonly name: string; readonly message: string } {
  const inError = units.find((unit) => unit.agent.name === "error");
  if (inError !== undefined) return inError.agent;
  for (const name of severity) {
    const found = units.find((unit) => unit.workload.name === name);
    if (found !== undefined) return found.workload;
  }
  return { name: "unknown", message: "" };
}
