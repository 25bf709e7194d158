/**
 * Command-line flags as Juju's tools read them: mixed with arguments, `--flag=value` or `--flag value`, short ones
 * joined, and `--` for the end of all flags.
 *
 * @module
 */

/** A flag that a tool knows. */
export interface FlagDefinition {
  readonly kind: "boolean" | "text";
  /** The flag that this one is another name for. */
  readonly aliasOf?: string;
  /** Says what is wrong with a value, if anything is. */
  readonly check?: (value: string) => string | undefined;
}

/** Flags as given; those that were not given are absent. */
export class ParsedFlags {
  readonly #values = new Map<string, string>();

  /** The value of a flag, if it was given. */
  text(name: string): string | undefined {
    return this.#values.get(name);
  }

  /** Whether a boolean flag was given and not as false. */
  isSet(name: string): boolean {
    return this.#values.get(name) === "true";
  }

  /** Takes note of a flag; the last one counts. */
  set(name: string, value: string): void {
    this.#values.set(name, value);
  }
}

/** The outcome of reading a command line. */
export type FlagOutcome =
  | { readonly flags: ParsedFlags; readonly args: readonly string[] }
  | { readonly error: string }
  | { readonly help: true };

const booleans: Readonly<Record<string, boolean>> = {
  ...Object.fromEntries(["1", "t", "T", "TRUE", "true", "True"].map((text) => [text, true])),
  ...Object.fromEntries(["0", "f", "F", "FALSE", "false", "False"].map((text) => [text, false])),
};

/**
 * Reads a command line.
 *
 * @param known The flags by their names.
 * @param check Says what is wrong with a value of a flag, if anything is, where that is not the flag's own affair.
 */
export function parseFlags(
  argv: readonly string[],
  known: ReadonlyMap<string, FlagDefinition>,
  check: (flag: string, value: string) => string | undefined = () => undefined,
): FlagOutcome {
  const flags = new ParsedFlags();
  const args: string[] = [];
  const rest = [...argv];

  const take = (name: string, attached: string | undefined): FlagOutcome | undefined => {
    const shown = name.length > 1 ? `--${name}` : `-${name}`;
    const definition = known.get(name);
    if (definition === undefined) {
      return name === "help" || name === "h"
        ? { help: true }
        : { error: `option provided but not defined: ${shown}` };
    }
    const target = definition.aliasOf ?? name;
    if (definition.kind === "boolean") {
      const value = booleans[attached ?? "true"];
      if (value === undefined) {
        const quoted = JSON.stringify(attached);
        return {
          error: `invalid boolean value ${quoted} for option ${shown}: strconv.ParseBool: parsing ${quoted}: invalid syntax`,
        };
      }
      flags.set(target, String(value));
      return undefined;
    }
    const value = attached ?? rest.shift();
    if (value === undefined) return { error: `option needs an argument: ${shown}` };
    const wrong = definition.check?.(value) ?? check(target, value);
    if (wrong !== undefined)
      return { error: `invalid value ${JSON.stringify(value)} for option ${shown}: ${wrong}` };
    flags.set(target, value);
    return undefined;
  };

  for (let word = rest.shift(); word !== undefined; word = rest.shift()) {
    if (word === "--") {
      args.push(...rest);
      break;
    }
    if (word === "-" || !word.startsWith("-")) {
      args.push(word);
      continue;
    }
    const end = word.startsWith("--") ? takeLong(word.slice(2), take) : takeShort(word.slice(1), known, take);
    if (end !== undefined) return end;
  }
  return { flags, args };
}

type Take = (name: string, attached: string | undefined) => FlagOutcome | undefined;

function takeLong(text: string, take: Take): FlagOutcome | undefined {
  const at = text.indexOf("=");
  return at < 0 ? take(text, undefined) : take(text.slice(0, at), text.slice(at + 1));
}

function takeShort(
  text: string,
  known: ReadonlyMap<string, FlagDefinition>,
  take: Take,
): FlagOutcome | undefined {
  for (let index = 0; index < text.length; index += 1) {
    const name = text.charAt(index);
    const attached = text.slice(index + 1);
    if (known.get(name)?.kind === "text") return take(name, attached === "" ? undefined : attached);
    const end = take(name, undefined);
    if (end !== undefined) return end;
  }
  return undefined;
}
