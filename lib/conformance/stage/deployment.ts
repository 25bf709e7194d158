/**
 * Sets up a model: the charm that is judged, the kit on the other side of its relation, and a storage.
 *
 * @module
 */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { interfaceName } from "../../wire/interface-name.ts";
import type { ConfigValue } from "../../testing/model/charm-metadata.ts";
import type { SimulatedJuju } from "../../testing/simulated-juju.ts";
import type { Observation } from "../observation/observation.ts";
import type { Observer } from "../observation/observer.ts";
import type { JudgedCharm, StageOptions } from "./judged-charm.ts";

/** The applications of a model, by the side of the charm that is judged. */
export const applications = {
  provider: { judged: "database", other: "backup-manager" },
  requirer: { judged: "backup-manager", other: "database" },
} as const;

/** The application that plays the storage. */
export const storageApplication = "storage";

/** The kit's own endpoint. */
export const kitEndpoint = "kit";

/** What is deployed, and where. */
export interface Deployment {
  readonly juju: SimulatedJuju;
  readonly charm: JudgedCharm;
  readonly options: StageOptions;
  /** A folder for the kit's own charms, and for what the charm writes. */
  readonly directory: string;
  readonly observer: Observer;
}

/** Deploys everything and relates it. */
export async function deploy({
  juju,
  charm,
  options,
  directory,
  observer,
}: Deployment): Promise<{ readonly relation: number; readonly storageRelation: number | undefined }> {
  const { judged, other } = applications[charm.side];
  const data = join(directory, "data");
  await mkdir(data);
  const { otherUnits = 1, units = 1 } = options;
  await deployKit(juju, other, otherUnits, directory, {
    [charm.side === "provider" ? "requires" : "provides"]: {
      [kitEndpoint]: { interface: interfaceName },
    },
  });
  await juju.deploy({
    application: judged,
    charm: charm.charm,
    units,
    config: configuration(charm.observation, data, observer.program),
  });
  const storageRelation = charm.takesStorage ? await relateStorage(juju, charm, directory) : undefined;
  const relation = await juju.integrate(`${judged}:${charm.endpoint}`, `${other}:${kitEndpoint}`);
  return { relation, storageRelation };
}

async function relateStorage(juju: SimulatedJuju, charm: JudgedCharm, directory: string): Promise<number> {
  const { judged } = applications[charm.side];
  await deployKit(juju, storageApplication, 1, directory, {
    provides: { [kitEndpoint]: { interface: "s3" } },
  });
  const endpoint = `${judged}:${charm.observation.storageEndpoint}`;
  return await juju.integrate(endpoint, `${storageApplication}:${kitEndpoint}`);
}

/** Deploys a charm that does nothing by itself: the kit writes its databags. */
async function deployKit(
  juju: SimulatedJuju,
  application: string,
  units: number,
  directory: string,
  endpoints: Readonly<Record<string, unknown>>,
): Promise<void> {
  const charm = join(directory, application);
  await mkdir(charm);
  await writeFile(join(charm, "metadata.yaml"), JSON.stringify({ name: "conformance-kit", ...endpoints }));
  await juju.deploy({ application, charm, inProcess: async () => undefined, units });
}

function configuration(observation: Observation, data: string, program: string): Record<string, ConfigValue> {
  const { config, programOption } = observation;
  const filled = Object.entries(config).map(([key, value]): [string, ConfigValue] => [
    key,
    typeof value === "string" ? value.replaceAll("{directory}", data) : value,
  ]);
  return Object.fromEntries([
    ...filled,
    ...(programOption === undefined ? [] : [[programOption, program] as const]),
  ]);
}
