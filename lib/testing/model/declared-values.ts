/**
 * Checks values that a test gives against what the charm declares: a typing error in a test must not look like a
 * fault of the charm.
 *
 * @module
 */
import { ConfigurationError } from "../../errors.ts";
import {
  isOfConfigType,
  type ActionDefinition,
  type CharmMetadata,
  type ConfigValue,
} from "./charm-metadata.ts";

/**
 * Checks an action's parameters and fills in the declared defaults, as Juju's controller does.
 *
 * @throws ConfigurationError where the charm declares no such action or parameter, or one of another type.
 * @see https://documentation.ubuntu.com/juju/3.6/reference/action/
 */
export function actionParameters(
  charm: CharmMetadata,
  name: string,
  given: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  const action = charm.actions.get(name);
  if (action === undefined) {
    throw new ConfigurationError(`Charm "${charm.name}" declares no action "${name}"`, {
      remedy: `Use one of: ${listed(charm.actions.keys())}.`,
    });
  }
  for (const [key, value] of Object.entries(given)) checkParameter(action, key, value);
  const parameters: Record<string, unknown> = { ...given };
  for (const [key, definition] of action.parameters) {
    if (!(key in parameters) && definition.default !== undefined) parameters[key] = definition.default;
  }
  const missing = action.required.filter((key) => !(key in parameters));
  if (missing.length > 0) {
    throw new ConfigurationError(`Action "${name}" lacks the required parameter "${missing.join('", "')}"`, {
      remedy: "Pass every parameter that the action requires.",
    });
  }
  return parameters;
}

function checkParameter(action: ActionDefinition, key: string, value: unknown): void {
  const definition = action.parameters.get(key);
  if (definition === undefined) {
    if (action.additionalProperties) return;
    throw new ConfigurationError(`Action "${action.name}" declares no parameter "${key}"`, {
      remedy: `Use one of: ${listed(action.parameters.keys())}.`,
    });
  }
  if (definition.type !== undefined && !isOfJsonType(value, definition.type)) {
    throw new ConfigurationError(
      `Parameter "${key}" of action "${action.name}" must be of type ${definition.type}`,
      {
        remedy: `Pass ${definition.type === "object" ? "an object" : `a value of type ${definition.type}`}.`,
      },
    );
  }
  if (definition.enum !== undefined && !definition.enum.includes(value)) {
    throw new ConfigurationError(
      `Parameter "${key}" of action "${action.name}" has a value outside its enum`,
      {
        remedy: `Use one of: ${definition.enum.map(String).join(", ")}.`,
      },
    );
  }
}

function isOfJsonType(value: unknown, type: string): boolean {
  switch (type) {
    case "array":
      return Array.isArray(value);
    case "object":
      return typeof value === "object" && value !== null && !Array.isArray(value);
    case "integer":
      return Number.isInteger(value);
    case "number":
      return typeof value === "number";
    default:
      return typeof value === type;
  }
}

/**
 * Checks configuration against what the charm declares. `undefined` resets an option.
 *
 * @throws ConfigurationError where the charm declares no such option, or one of another type.
 * @see https://documentation.ubuntu.com/juju/3.6/reference/configuration/
 */
export function checkConfig(
  charm: CharmMetadata,
  given: Readonly<Record<string, ConfigValue | undefined>>,
): void {
  for (const [key, value] of Object.entries(given)) {
    const option = charm.config.get(key);
    if (option === undefined) {
      throw new ConfigurationError(`Charm "${charm.name}" declares no config option "${key}"`, {
        remedy: `Use one of: ${listed(charm.config.keys())}.`,
      });
    }
    if (value !== undefined && !isOfConfigType(value, option.type)) {
      throw new ConfigurationError(
        `Config option "${key}" of charm "${charm.name}" must be of type ${option.type}`,
        {
          remedy: `Pass a value of type ${option.type}.`,
        },
      );
    }
  }
}

/** Tells whether a charm declares an option that can have this value. */
export function isConfigurable(charm: CharmMetadata, key: string, value: ConfigValue): boolean {
  const option = charm.config.get(key);
  return option !== undefined && isOfConfigType(value, option.type);
}

/** Lists names for the remedy of an error: "a, b", or "(none)". */
export function listed(names: Iterable<string>): string {
  return [...names].toSorted().join(", ") || "(none)";
}

/** The options that are set. */
export function withoutUndefined(
  values: Readonly<Record<string, ConfigValue | undefined>>,
): Record<string, ConfigValue> {
  return Object.fromEntries(
    Object.entries(values).filter((entry): entry is [string, ConfigValue] => entry[1] !== undefined),
  );
}
