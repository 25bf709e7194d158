/**
 * Takes steps until a certain one may be taken.
 *
 * @module
 */
import type { SimulatedJuju, Step } from "../../lib/testing/index.ts";

const mostSteps = 500;

/** Takes the first step each time, letting no time pass before it has to, until the named one may happen. */
export async function stepTo(juju: SimulatedJuju, name: string): Promise<Step> {
  for (let taken = 0; taken < mostSteps; taken += 1) {
    const steps = await juju.steps();
    const found = steps.find((step) => step.name === name);
    if (found !== undefined) return found;
    const [first] = steps;
    if (first === undefined) break;
    await juju.take(first);
  }
  throw new Error(`"${name}" never may happen.`);
}

/** The names of what may happen. */
export async function namesOf(juju: SimulatedJuju): Promise<readonly string[]> {
  return (await juju.steps()).map(({ name }) => name);
}
