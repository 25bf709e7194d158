/**
 * Waits for what other processes do.
 *
 * @module
 */
import { setTimeout as sleep } from "node:timers/promises";

/**
 * Asks again until there is an answer, and fails with what it waited for if there is none.
 *
 * @param limitMs So long that only what hangs exceeds it, however busy the machine is.
 */
export async function until<Answer>(
  what: string,
  ask: () => Promise<Answer | undefined> | Answer | undefined,
  limitMs: number = 50_000,
): Promise<Answer> {
  const started = performance.now();
  while (performance.now() - started < limitMs) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    await sleep(50);
  }
  throw new Error(`It did not happen that ${what}.`);
}
