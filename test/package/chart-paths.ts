/**
 * Every path through a chart: each combination of the values of those facts that the decisions on it ask for, and of the ways
 * in which its deeds end.
 *
 * @module
 */
import type { Failure } from "../../lib/job/report.ts";

/** For each fact the values between which some decision tells. */
export type Variants<Facts> = { readonly [Fact in keyof Facts]: readonly Facts[Fact][] };

/** A fact that a decision asked for and that has no value yet. */
class Asked {
  readonly name: PropertyKey;

  constructor(name: PropertyKey) {
    this.name = name;
  }
}

/**
 * Every path: each combination of the values of those facts that the decisions on it ask for, and of no others.
 *
 * @param decide Makes all decisions. Called with facts that tell what they are asked.
 */
export function everyPath<Facts extends object>(
  variants: Variants<Facts>,
  decide: (facts: Facts) => void,
  known: Partial<Facts> = {},
): void {
  const facts = new Proxy(known, {
    get: (target, name) => {
      if (!(name in target)) throw new Asked(name);
      return Reflect.get(target, name) as unknown;
    },
  }) as Facts;
  try {
    decide(facts);
  } catch (asked) {
    if (!(asked instanceof Asked)) throw asked;
    const name = asked.name as keyof Facts;
    for (const value of variants[name]) everyPath(variants, decide, { ...known, [name]: value });
  }
}

/** Answers questions with each combination of the values that are offered, one combination in each round. */
export class Choices {
  #made: { readonly values: number; index: number }[] = [];
  #asked = 0;

  choose<Value>(values: readonly Value[]): Value {
    const place = (this.#asked += 1) - 1;
    const made = this.#made[place] ?? { values: values.length, index: 0 };
    this.#made[place] = made;
    return values[made.index] as Value;
  }

  /** Begins the next round. @returns Whether there is one. */
  next(): boolean {
    this.#made.length = this.#asked;
    this.#asked = 0;
    for (;;) {
      const last = this.#made.at(-1);
      if (last === undefined) return false;
      last.index += 1;
      if (last.index < last.values) return true;
      this.#made.pop();
    }
  }
}

/** Facts of which each that is asked for has one of its values. */
export function chosenFacts<Facts extends object>(
  choices: Choices,
  variants: Variants<Facts>,
): { readonly facts: Facts; readonly asked: ReadonlyMap<PropertyKey, unknown> } {
  const asked = new Map<PropertyKey, unknown>();
  const facts = new Proxy({} as Facts, {
    get: (_, name) => {
      if (!asked.has(name)) asked.set(name, choices.choose<unknown>(variants[name as keyof Facts]));
      return asked.get(name);
    },
  });
  return { facts, asked };
}

/** A port whose deeds succeed and fail, each with its own name as the code, and the deeds that were done. */
export function chosenPort<Port>(
  choices: Choices,
  deeds: readonly (keyof Port & string)[],
  cannotFail: readonly string[] = [],
): { readonly port: Port; readonly done: readonly string[] } {
  const done: string[] = [];
  const port = Object.fromEntries(
    deeds.map((deed) => [
      deed,
      async (): Promise<Failure | undefined> => {
        done.push(deed);
        return cannotFail.includes(deed) ? undefined : choices.choose([undefined, failing(deed)]);
      },
    ]),
  ) as unknown as Port;
  return { port, done };
}

/** Some failure. */
export function failing(code: string): Failure {
  return { code, message: "M.", remedy: "R." };
}
