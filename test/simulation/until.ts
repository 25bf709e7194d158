/**
 * Waits for what other processes do.
 *
 * @module
 */
import { setTimeout as sleep } from "node:timers/promises";

const limitMs = 25_000;

/** Asks again until there is an answer, and fails with what it waited for if there is none. */
export async function until<Answer>(
  what: string,
  ask: () => Promise<Answer | undefined> | Answer | undefined,
): Promise<Answer> {
  const started = performance.now();
  while (performance.now() - started < limitMs) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    await sleep(50);
  }
  throw new Error(`It did not happen that ${what}.`);
}
