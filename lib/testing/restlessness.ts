/**
 * Why a model is not at rest, in words.
 *
 * @module
 */
import type { AgentLoop } from "./agent/agent-loop.ts";
import type { ModelLog } from "./model-log.ts";
import { SimulationError } from "./simulation-error.ts";

/** Fails where agents are busy though the time is over. @throws SimulationError */
export function refuseBusy(busy: readonly AgentLoop[], timeoutMs: number): void {
  if (busy.length === 0) return;
  const who = busy.map(({ agent, doing }) => `${agent.unit}: ${doing}`).join(", ");
  throw new SimulationError(`The model did not come to rest within ${timeoutMs} ms (${who})`, {
    remedy: "Look at log() and hooksRun() for hooks that hang or cause each other for ever.",
    retryable: true,
  });
}

/** Fails where units are in hook error, with what their charms said last. @throws SimulationError */
export function refuseHookErrors(loops: readonly AgentLoop[], log: ModelLog): void {
  const inError = loops.map(({ agent }) => agent).filter(({ failedHook }) => failedHook !== undefined);
  if (inError.length === 0) return;
  const said = inError.flatMap(({ unit, failedHook = "" }) => [
    `${unit} is in hook error: ${failedHook}`,
    ...log.lastWarnings(unit).map((message) => `  ${message}`),
  ]);
  throw new SimulationError(said.join("\n"), {
    remedy: "Correct the charm, or pass allowErrors: true where the test wants the error.",
  });
}
