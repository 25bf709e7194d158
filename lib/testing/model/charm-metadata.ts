/**
 * What a charm declares of itself, read from its folder: endpoints, actions and configuration.
 *
 * Reads `charmcraft.yaml`, or `metadata.yaml`; `actions.yaml` and `config.yaml` beside either count too.
 *
 * @module
 * @see https://documentation.ubuntu.com/juju/3.6/reference/charm/
 */
import { existsSync, readFileSync } from "node:fs";
import { access, constants } from "node:fs/promises";
import { join, resolve } from "node:path";
import { parse } from "yaml";
import { ConfigurationError } from "../../errors.ts";
import { asMapping, type Mapping } from "./mapping.ts";

/** The side of a relation that an endpoint plays. */
export type EndpointRole = "provider" | "requirer" | "peer";

/** An endpoint that a charm declares under `provides`, `requires` or `peers`. */
export interface Endpoint {
  readonly name: string;
  readonly interface: string;
  readonly role: EndpointRole;
  /** How many relations the endpoint may have at most. */
  readonly limit?: number;
}

/** A parameter of an action, as far as its JSON Schema is understood here. */
export interface ParameterDefinition {
  readonly type?: string;
  readonly default?: unknown;
  readonly enum?: readonly unknown[];
}

/** An action that a charm declares. */
export interface ActionDefinition {
  readonly name: string;
  readonly parameters: ReadonlyMap<string, ParameterDefinition>;
  readonly required: readonly string[];
  /** Whether parameters that are not declared are let through. Default: false. */
  readonly additionalProperties: boolean;
}

/** What a configuration option may hold. */
export type ConfigValue = string | number | boolean;

/** A configuration option that a charm declares. */
export interface ConfigOption {
  readonly name: string;
  readonly type: "string" | "int" | "float" | "boolean" | "secret";
  readonly default?: ConfigValue;
}

/** Everything the simulation knows of a charm. */
export interface CharmMetadata {
  readonly name: string;
  /** The charm's folder, as an absolute path. */
  readonly directory: string;
  readonly endpoints: ReadonlyMap<string, Endpoint>;
  readonly actions: ReadonlyMap<string, ActionDefinition>;
  readonly config: ReadonlyMap<string, ConfigOption>;
}

/**
 * Reads a charm's metadata.
 *
 * @param needsDispatch Whether the folder must hold an executable `dispatch`.
 * @throws ConfigurationError where the folder holds no charm, or one that declares something Juju would refuse.
 */
export async function readCharm(charm: string, needsDispatch: boolean): Promise<CharmMetadata> {
  const directory = resolve(charm);
  const metadata =
    readMapping(join(directory, "charmcraft.yaml")) ?? readMapping(join(directory, "metadata.yaml"));
  if (metadata === undefined) {
    throw new ConfigurationError(`${directory} holds neither charmcraft.yaml nor metadata.yaml`, {
      remedy: "Name the folder of a charm.",
    });
  }
  if (needsDispatch) await requireDispatch(directory);
  const actions = asMapping(metadata["actions"]) ?? readMapping(join(directory, "actions.yaml")) ?? {};
  const config = asMapping(metadata["config"]) ?? readMapping(join(directory, "config.yaml")) ?? {};
  return {
    name: typeof metadata["name"] === "string" ? metadata["name"] : "charm",
    directory,
    endpoints: readEndpoints(directory, metadata),
    actions: new Map(
      Object.entries(actions).map(([name, value]) => [
        name,
        readAction(directory, name, asMapping(value) ?? {}),
      ]),
    ),
    config: new Map(
      Object.entries(asMapping(config["options"]) ?? {}).map(([name, value]) => [
        name,
        readConfigOption(directory, name, asMapping(value) ?? {}),
      ]),
    ),
  };
}

async function requireDispatch(directory: string): Promise<void> {
  try {
    await access(join(directory, "dispatch"), constants.X_OK);
  } catch (error) {
    throw new ConfigurationError(`The charm in ${directory} has no executable "dispatch"`, {
      remedy: 'Add a file named "dispatch" to the charm and set its executable bit.',
      cause: error,
    });
  }
}

/** What was parsed already: tests deploy the same few charms again and again. */
const parsedTexts = new Map<string, Mapping>();
const mostTexts = 100;

function readMapping(path: string): Mapping | undefined {
  // At once: to read a small file takes less than to wait for it.
  if (!existsSync(path)) return undefined;
  const text = readFileSync(path, "utf8");
  const known = parsedTexts.get(text);
  if (known !== undefined) return known;
  try {
    const mapping = asMapping(parse(text)) ?? {};
    if (parsedTexts.size >= mostTexts) parsedTexts.clear();
    parsedTexts.set(text, mapping);
    return mapping;
  } catch (error) {
    throw new ConfigurationError(`${path} is not valid YAML`, { remedy: "Correct the file.", cause: error });
  }
}

const sections: readonly (readonly [string, EndpointRole])[] = [
  ["provides", "provider"],
  ["requires", "requirer"],
  ["peers", "peer"],
];

function readEndpoints(directory: string, metadata: Mapping): ReadonlyMap<string, Endpoint> {
  const endpoints = new Map<string, Endpoint>();
  for (const [section, role] of sections) {
    for (const [name, value] of Object.entries(asMapping(metadata[section]) ?? {})) {
      const declared = asMapping(value) ?? {};
      const wire = declared["interface"];
      if (typeof wire !== "string") {
        throw new ConfigurationError(`Endpoint "${name}" of the charm in ${directory} names no interface`, {
          remedy: `Give ${section}.${name} an "interface".`,
        });
      }
      if (name === "juju" || name.startsWith("juju-")) {
        throw new ConfigurationError(`Endpoint "${name}" of the charm in ${directory} has a reserved name`, {
          remedy: 'Choose a name that is not "juju" and does not begin with "juju-".',
        });
      }
      if (endpoints.has(name)) {
        throw new ConfigurationError(`The charm in ${directory} declares endpoint "${name}" twice`, {
          remedy: "Give each endpoint a name of its own, across provides, requires and peers.",
        });
      }
      const limit = declared["limit"];
      endpoints.set(name, { name, interface: wire, role, ...(typeof limit === "number" ? { limit } : {}) });
    }
  }
  return endpoints;
}

const jsonTypes: readonly unknown[] = ["array", "boolean", "integer", "number", "object", "string"];

function readAction(directory: string, name: string, declared: Mapping): ActionDefinition {
  if (!/^[a-z](?:[a-z0-9-]*[a-z0-9])?$/u.test(name) || name.startsWith("juju-")) {
    throw new ConfigurationError(
      `Action "${name}" of the charm in ${directory} has a name that Juju refuses`,
      {
        remedy: 'Use lower-case letters, digits and hyphens; do not begin with "juju-".',
      },
    );
  }
  for (const [key, value] of Object.entries(asMapping(declared["params"]) ?? {})) {
    const type = asMapping(value)?.["type"];
    if (type === undefined || jsonTypes.includes(type)) continue;
    throw new ConfigurationError(`Parameter "${key}" of action "${name}" in ${directory} has no valid type`, {
      remedy: `Set its type to one of ${jsonTypes.join(", ")}.`,
    });
  }
  const required = declared["required"];
  return {
    name,
    parameters: new Map(
      Object.entries(asMapping(declared["params"]) ?? {}).map(([key, value]) => [
        key,
        (asMapping(value) ?? {}) as ParameterDefinition,
      ]),
    ),
    required: Array.isArray(required) ? required.map(String) : [],
    additionalProperties: declared["additionalProperties"] === true,
  };
}

const configTypes: readonly ConfigOption["type"][] = ["string", "int", "float", "boolean", "secret"];

function readConfigOption(directory: string, name: string, declared: Mapping): ConfigOption {
  const type = configTypes.find((each) => each === declared["type"]);
  if (type === undefined) {
    throw new ConfigurationError(`Config option "${name}" of the charm in ${directory} has no valid type`, {
      remedy: `Set config.options.${name}.type to one of ${configTypes.join(", ")}.`,
    });
  }
  const standard = declared["default"];
  if (standard === undefined || standard === null) return { name, type };
  if (isConfigValue(standard) && isOfConfigType(standard, type)) return { name, type, default: standard };
  throw new ConfigurationError(
    `The default of config option "${name}" of the charm in ${directory} is not of type ${type}`,
    { remedy: `Correct config.options.${name}.default.` },
  );
}

function isConfigValue(value: unknown): value is ConfigValue {
  return typeof value === "string" || typeof value === "number" || typeof value === "boolean";
}

/** Tells whether a value is of a type that `config.options` names. */
export function isOfConfigType(value: ConfigValue, type: ConfigOption["type"]): boolean {
  switch (type) {
    case "string":
      return typeof value === "string";
    case "secret":
      return typeof value === "string" && /^secret:[0-9a-z]{20}$/u.test(value);
    case "int":
      return Number.isInteger(value);
    case "float":
      return typeof value === "number";
    case "boolean":
      return typeof value === "boolean";
  }
}
