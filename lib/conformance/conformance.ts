/**
 * Judges a charm: plays scenarios with it, and gives a verdict for each rule.
 *
 * @module
 */
import { access, constants } from "node:fs/promises";
import { join } from "node:path";
import { ConfigurationError } from "../errors.ts";
import { readCharm, type CharmMetadata, type Endpoint } from "../testing/model/charm-metadata.ts";
import { interfaceName } from "../wire/interface-name.ts";
import { quoted } from "../wire/received.ts";
import { readObservation, unobserved, type Observation } from "./observation/observation.ts";
import { play, scenariosOf } from "./play.ts";
import type { Rule } from "./rules/rule.ts";
import { rulesOf } from "./rules/rules-of.ts";
import { defaultLimits, type Limits } from "./stage/rest.ts";
import type { JudgedCharm } from "./stage/judged-charm.ts";
import type { Side } from "../wire/side.ts";
import { isContent, verdicts, type PlayedScenario, type Verdict } from "./verdict.ts";

/** What to judge. */
export interface ConformanceOptions {
  /** The charm's folder. */
  readonly charm: string;
  /** Default: the side of its endpoint with the interface. */
  readonly side?: Side | undefined;
  /** Default: its only endpoint with the interface. */
  readonly endpoint?: string | undefined;
  /** The file that tells how it is observed. Default: `conformance.json` in the charm's folder, if there is one. */
  readonly observation?: string | undefined;
  /** The ids of the rules. Default: all of the side. */
  readonly rules?: readonly string[] | undefined;
  readonly limits?: Partial<Limits>;
  /** Configuration of the charm besides that in the file. */
  readonly config?: Observation["config"];
  /** Ends it early: everything is taken down, and it rejects with the signal's reason. */
  readonly signal?: AbortSignal;
  /** Called with each scenario when it was played. */
  readonly onPlayed?: (played: PlayedScenario) => Promise<void> | void;
}

/** What came of it. */
export interface Conformance {
  readonly side: Side;
  /** The charm's own name. */
  readonly charm: string;
  readonly endpoint: string;
  readonly verdicts: readonly Verdict[];
}

const neverAborted = new AbortController().signal;
const defaultFile = "conformance.json";

/**
 * Judges a charm.
 *
 * @throws ConfigurationError where there is no such charm, endpoint or rule, or the file cannot be used.
 */
export async function judgeCharm(options: ConformanceOptions): Promise<Conformance> {
  const metadata = await readCharm(options.charm, true);
  const endpoint = chooseEndpoint(metadata, options);
  const side = endpoint.role === "provider" ? "provider" : "requirer";
  const rules = chooseRules(side, options.rules);
  const observation = await findObservation(options);
  const charm: JudgedCharm = {
    side,
    charm: options.charm,
    endpoint: endpoint.name,
    actions: new Set(metadata.actions.keys()),
    takesStorage: metadata.endpoints.get(observation.storageEndpoint)?.interface === "s3",
    observation: { ...observation, config: { ...observation.config, ...options.config } },
    artefacts: [],
    limits: { ...defaultLimits, ...options.limits },
    signal: options.signal ?? neverAborted,
    isContent: (trace) => isContent(trace, side),
  };
  requireOptions(metadata, charm.observation);
  if (observation.passesOn !== undefined) await requireProgram(observation.passesOn);
  const wanted = new Set(rules.flatMap(({ scenarios }) => scenarios));
  const played: PlayedScenario[] = [];
  for (const { name, units = 1 } of scenariosOf(side)) {
    if (!wanted.has(name) || units > observation.mostUnits) continue;
    const scenario = await play(charm, name);
    played.push(scenario);
    await options.onPlayed?.(scenario);
  }
  return {
    side,
    charm: metadata.name,
    endpoint: endpoint.name,
    verdicts: verdicts(rules, side, played),
  };
}

function chooseEndpoint(metadata: CharmMetadata, { side, endpoint }: ConformanceOptions): Endpoint {
  const all = [...metadata.endpoints.values()].filter(
    (each) => each.interface === interfaceName && each.role !== "peer",
  );
  const fitting = all.filter(
    ({ name, role }) =>
      (side === undefined || role === side) && (endpoint === undefined || name === endpoint),
  );
  const [only, ...others] = fitting;
  if (only !== undefined && others.length === 0) return only;
  const has = all.map(({ name, role }) => `${name} (${role})`).join(", ");
  throw new ConfigurationError(
    only === undefined
      ? `The charm ${quoted(metadata.name)} has no such endpoint with the interface ${interfaceName}; it has: ${has === "" ? "none" : has}.`
      : `The charm ${quoted(metadata.name)} has more than one endpoint with the interface ${interfaceName}: ${has}.`,
    { remedy: "Name the endpoint with --endpoint, and its side with --side." },
  );
}

function chooseRules(side: Side, ids: readonly string[] | undefined): readonly Rule[] {
  const all = rulesOf(side);
  if (ids === undefined || ids.length === 0) return all;
  const unknown = ids.find((id) => !all.some((rule) => rule.id === id));
  if (unknown === undefined) return all.filter(({ id }) => ids.includes(id));
  throw new ConfigurationError(`There is no rule ${quoted(unknown)} for a ${side}.`, {
    remedy: `The rules are ${all[0]?.id ?? ""} to ${all.at(-1)?.id ?? ""}.`,
  });
}

async function findObservation({ charm, observation }: ConformanceOptions): Promise<Observation> {
  if (observation !== undefined) return await readObservation(observation);
  const file = join(charm, defaultFile);
  const isThere = await access(file).then(
    () => true,
    () => false,
  );
  return isThere ? await readObservation(file) : unobserved;
}

/** @throws ConfigurationError where there is no program to pass calls on to. */
async function requireProgram(path: string): Promise<void> {
  await access(path, constants.X_OK).catch((cause: unknown) => {
    throw new ConfigurationError(`${quoted(path)}, to which calls are passed on, cannot be run.`, {
      remedy: "Correct passes-on in the file that tells how the charm is observed.",
      cause,
    });
  });
}

/** Refuses configuration that the charm does not declare, before anything is begun. */
function requireOptions(
  { name, config }: CharmMetadata,
  { config: given, programOption }: Observation,
): void {
  const options = [...Object.keys(given), ...(programOption === undefined ? [] : [programOption])];
  const unknown = options.find((option) => !config.has(option));
  if (unknown === undefined) return;
  throw new ConfigurationError(`The charm ${quoted(name)} has no configuration option ${quoted(unknown)}.`, {
    remedy: "Correct the file that tells how the charm is observed.",
  });
}
