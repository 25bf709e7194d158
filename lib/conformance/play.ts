/**
 * Plays scenarios with a charm, and keeps their traces.
 *
 * @module
 */
import { ManagerPart } from "./stage/manager-part.ts";
import { CharmHung } from "./stage/charm-hung.ts";
import type { JudgedCharm } from "./stage/stage.ts";
import type { Recording } from "./stage/recording.ts";
import type { ProviderScenario } from "./scenarios/scenario.ts";
import type { PlayedScenario } from "./verdict.ts";

/** Plays a scenario with a database charm. */
export async function playProvider(charm: JudgedCharm, scenario: ProviderScenario): Promise<PlayedScenario> {
  let recording: Recording | undefined;
  let part: ManagerPart | undefined;
  try {
    part = await ManagerPart.play(charm, { ...scenario, scenario: scenario.name }, (begun) => {
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
