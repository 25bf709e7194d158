/**
 * What is done with measured times.
 *
 * @module
 */

/** The median of some numbers. */
export function median(numbers) {
  const sorted = numbers.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** A number with so many digits after the point, as it is printed. */
export function rounded(number, digits = 1) {
  return Number(number.toFixed(digits));
}

/**
 * Measures several actions in turn (A B C, A B C, …), so that a machine that slows down slows all of them down.
 *
 * @param actions By name; each is awaited.
 * @returns The median of each in milliseconds.
 */
export async function interleaved(actions, runs, warmUps = 2) {
  const timed = Object.entries(actions).map(([name, action]) => [name, async () => await timeOf(action)]);
  return await inTurn(Object.fromEntries(timed), runs, warmUps);
}

/**
 * As {@link interleaved}, of actions that measure something themselves.
 *
 * @param actions By name; each resolves to what it has measured.
 * @returns The median of each.
 */
export async function inTurn(actions, runs, warmUps) {
  const figures = Object.fromEntries(Object.keys(actions).map((name) => [name, []]));
  for (let run = -warmUps; run < runs; run += 1) {
    for (const [name, action] of Object.entries(actions)) {
      const figure = await action();
      if (run >= 0) figures[name].push(figure);
    }
  }
  return Object.fromEntries(Object.entries(figures).map(([name, measured]) => [name, median(measured)]));
}

/** How long an action takes, in milliseconds. */
export async function timeOf(action) {
  const started = performance.now();
  await action();
  return performance.now() - started;
}

/** The exponent of the growth of times over sizes: the slope of the line through their logarithms. */
export function growthExponent(points) {
  const logs = points.map(([size, time]) => [Math.log(size), Math.log(time)]);
  const mean = (at) => logs.reduce((sum, log) => sum + log[at], 0) / logs.length;
  const [x, y] = [mean(0), mean(1)];
  const above = logs.reduce((sum, [a, b]) => sum + (a - x) * (b - y), 0);
  return above / logs.reduce((sum, [a]) => sum + (a - x) ** 2, 0);
}
