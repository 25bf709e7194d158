/**
 * Plays scenarios with a charm, and keeps their traces.
 *
 * @module
 */
import { providerScenarios } from "./scenarios/provider-scenarios.ts";
import { requirerScenarios } from "./scenarios/requirer-scenarios.ts";
import type { ScenarioOf } from "./scenarios/scenario.ts";
import { CharmHung } from "./stage/charm-hung.ts";
import { DatabasePart } from "./stage/database-part.ts";
import { ManagerPart } from "./stage/manager-part.ts";
import type { Recording } from "./stage/recording.ts";
import type { JudgedCharm, StageOptions } from "./stage/judged-charm.ts";
import type { Stage } from "./stage/stage.ts";
import { Standstill } from "./stage/standstill.ts";
import type { Side } from "../wire/side.ts";
import { judge, type PlayedScenario } from "./verdict.ts";

/** A scenario as it is listed. */
export type NamedScenario = Pick<ScenarioOf<never>, "name" | "summary" | "units">;

/** The scenarios of a side, in the order in which they are played. */
export function scenariosOf(side: Side): readonly NamedScenario[] {
  return side === "provider" ? providerScenarios : requirerScenarios;
}

/** How often a scenario is played before the machine is given up. */
const mostTimes = 3;

/**
 * Plays a scenario with a charm. Where something went wrong while the machine stood still, it is played anew.
 *
 * @param name One of {@link scenariosOf} the charm's side.
 * @returns Without a trace where the machine stood still each time.
 */
export async function play(charm: JudgedCharm, name: string): Promise<PlayedScenario> {
  for (let times = 0; times < mostTimes; times += 1) {
    const standstill = new Standstill();
    const played = await playOnce(charm, name);
    standstill.end();
    const isGood = judge(played.trace, charm.side).every(({ verdict }) => verdict === "holds");
    if (isGood || !standstill.happened) return played;
  }
  return { scenario: name, trace: [] };
}

async function playOnce(charm: JudgedCharm, name: string): Promise<PlayedScenario> {
  return charm.side === "provider"
    ? await playWith(
        find(providerScenarios, name),
        async (options, begun) => await ManagerPart.play(charm, options, begun),
      )
    : await playWith(
        find(requirerScenarios, name),
        async (options, begun) => await DatabasePart.play(charm, options, begun),
      );
}

function find<Scenario extends NamedScenario>(scenarios: readonly Scenario[], name: string): Scenario {
  const scenario = scenarios.find((each) => each.name === name);
  if (scenario === undefined) throw new RangeError(`There is no scenario ${name}.`);
  return scenario;
}

async function playWith<Part extends { readonly stage: Stage }>(
  scenario: ScenarioOf<Part>,
  enter: (options: StageOptions, begun: (recording: Recording) => void) => Promise<Part>,
): Promise<PlayedScenario> {
  let recording: Recording | undefined;
  let part: Part | undefined;
  try {
    part = await enter({ ...scenario, scenario: scenario.name }, (begun) => {
      recording = begun;
    });
    await scenario.play(part);
  } catch (error) {
    // A hook that does not end is a verdict; what was recorded until then has it.
    if (!(error instanceof CharmHung)) throw error;
  } finally {
    await part?.stage.strike();
  }
  return { scenario: scenario.name, trace: recording?.trace ?? [] };
}
