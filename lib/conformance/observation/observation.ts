/**
 * The file that tells how a charm is set up and observed.
 *
 * @module
 */
import { readFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { ConfigurationError } from "../../errors.ts";
import { errnoOf } from "../../process/errno.ts";
import { findJsonFault } from "../../wire/json-fault.ts";
import { isObject } from "../../wire/list-value.ts";
import { kindOf, quoted } from "../../wire/received.ts";

/** What the observed program answers to a call. */
export interface Answer {
  /** What the arguments, joined by blanks, have to match. */
  readonly arguments: RegExp;
  /** What it prints. `{number}` becomes the number of the call. Default: nothing. */
  readonly output: string;
}

/** What an admin runs on the backup manager. */
export interface AdminAction {
  readonly name: string;
  /** `{artefact-path}`, `{job-id}` and `{database}`, the kit's application, stand for what the admin names. */
  readonly parameters: Readonly<Record<string, string>>;
}

/** The actions of a backup manager, as far as it has them. */
export interface AdminActions {
  readonly backup?: AdminAction;
  readonly restore?: AdminAction;
  readonly list?: AdminAction;
  readonly show?: AdminAction;
  readonly clear?: AdminAction;
}

/** How a charm is set up and observed. */
export interface Observation {
  /** Configuration of the charm. `{directory}` becomes a folder of its own for each scenario. */
  readonly config: Readonly<Record<string, string | number | boolean>>;
  /** The name of the program on PATH that stands in for the database's; absent where an option takes its path. */
  readonly program?: string;
  /** The configuration option of the charm that takes the path of the program. */
  readonly programOption?: string;
  /** The path of the real program, that runs when a call is let go on; absent where nothing does. */
  readonly passesOn?: string;
  /** Fields of the storage that jobs name, over the kit's own. Default: none. */
  readonly storage: Readonly<Record<string, unknown>>;
  /** How many units the charm can have where it is judged. Default: any number. */
  readonly mostUnits: number;
  /** Whether the program is given standard input and has to read it. Default: false. */
  readonly readsInput: boolean;
  readonly backup: Answer;
  readonly restore: Answer;
  readonly others: readonly (Answer & { readonly exitCode: number })[];
  readonly actions: AdminActions;
  /** The endpoint of a backup manager that takes the storage, of the interface s3. Default: `s3-parameters`. */
  readonly storageEndpoint: string;
}

/** How a charm is observed of which nothing is told: not at all, and asked by the actions of the example. */
export const unobserved: Observation = {
  config: {},
  storage: {},
  mostUnits: Number.POSITIVE_INFINITY,
  readsInput: false,
  backup: { arguments: /^backup\b/, output: "" },
  restore: { arguments: /^restore\b/, output: "" },
  others: [],
  actions: {
    backup: { name: "create-backup", parameters: {} },
    restore: { name: "restore", parameters: { "backup-id": "{artefact-path}", confirm: "{database}" } },
    list: { name: "list-jobs", parameters: {} },
    show: { name: "show-job", parameters: { "job-id": "{job-id}" } },
    clear: { name: "clear-history", parameters: {} },
  },
  storageEndpoint: "s3-parameters",
};

/**
 * Reads the file.
 *
 * @throws ConfigurationError where it cannot be read, or says something that nobody understands.
 */
export async function readObservation(file: string): Promise<Observation> {
  let text: string;
  try {
    text = await readFile(file, "utf8");
  } catch (cause) {
    throw new ConfigurationError(`${quoted(file)} cannot be read (${errnoOf(cause) ?? "unknown"}).`, {
      remedy: "Name the file that tells how the charm is observed.",
      cause,
    });
  }
  return parseObservation(text, file);
}

/** Reads the file's text. @throws ConfigurationError where it says something that nobody understands. */
export function parseObservation(text: string, file: string): Observation {
  const fault = findJsonFault(text);
  if (fault !== undefined) {
    const { line, column, cause, remedy } = fault;
    throw new ConfigurationError(
      `${quoted(file)} is not JSON: at line ${line}, column ${column}, ${cause}.`,
      {
        remedy,
      },
    );
  }
  const read = new Fields(file, "", JSON.parse(text));
  const calls = read.fields("calls");
  const actions = read.fields("actions");
  const program = read.text("program");
  const programOption = read.text("program-option");
  const passesOn = read.text("passes-on");
  const observation: Observation = {
    config: read.settings("config"),
    ...(program === undefined ? {} : { program }),
    ...(programOption === undefined ? {} : { programOption }),
    // What an admin writes down beside a charm is named from there.
    ...(passesOn === undefined ? {} : { passesOn: resolve(dirname(file), passesOn) }),
    storage: read.object("storage"),
    mostUnits: read.number("most-units") ?? unobserved.mostUnits,
    readsInput: read.flag("standard-input") ?? false,
    backup: calls?.fields("backup")?.answer() ?? unobserved.backup,
    restore: calls?.fields("restore")?.answer() ?? unobserved.restore,
    others: (calls?.list("others") ?? []).map((other) => ({
      ...other.answer(),
      exitCode: other.number("exit-code") ?? 0,
    })),
    actions: actions === undefined ? unobserved.actions : adminActions(actions),
    storageEndpoint: read.text("storage-endpoint") ?? unobserved.storageEndpoint,
  };
  if (program !== undefined && !/^[\w.+-]+$/.test(program)) {
    read.refuse("program", `${quoted(program)}; expected the name of a program, without a folder`);
  }
  read.finish();
  return observation;
}

function adminActions(fields: Fields): AdminActions {
  const action = (name: string): AdminAction | undefined => {
    const found = fields.fields(name);
    return found === undefined
      ? undefined
      : {
          name: found.text("name") ?? name,
          parameters: found.texts("parameters"),
        };
  };
  return Object.fromEntries(
    ["backup", "restore", "list", "show", "clear"].flatMap((name) => {
      const found = action(name);
      return found === undefined ? [] : [[name, found]];
    }),
  );
}

/** The fields of an object, which takes note of those that nobody asked for. */
class Fields {
  readonly #file: string;
  readonly #path: string;
  readonly #held: Readonly<Record<string, unknown>>;
  readonly #known = new Set<string>();
  readonly #children: Fields[] = [];

  constructor(file: string, path: string, value: unknown) {
    this.#file = file;
    this.#path = path;
    if (!isObject(value)) this.refuse("", `${kindOf(value)}; expected an object`);
    else this.#held = value;
    this.#held ??= {};
  }

  text(name: string): string | undefined {
    return this.#of(name, "a string", (value): value is string => typeof value === "string");
  }

  flag(name: string): boolean | undefined {
    return this.#of(name, "true or false", (value): value is boolean => typeof value === "boolean");
  }

  number(name: string): number | undefined {
    return this.#of(name, "a whole number", (value): value is number => Number.isInteger(value));
  }

  fields(name: string): Fields | undefined {
    const value = this.#take(name);
    return value === undefined ? undefined : this.#child(name, value);
  }

  list(name: string): readonly Fields[] {
    const items = this.#of(name, "a list", (value): value is unknown[] => Array.isArray(value)) ?? [];
    return items.map((item, index) => this.#child(`${name}[${index}]`, item));
  }

  settings(name: string): Readonly<Record<string, string | number | boolean>> {
    const value = this.#of(
      name,
      "an object of strings, numbers and booleans",
      (held): held is Record<string, string | number | boolean> =>
        isObject(held) &&
        Object.values(held).every((each) => ["string", "number", "boolean"].includes(typeof each)),
    );
    return value ?? {};
  }

  object(name: string): Readonly<Record<string, unknown>> {
    return this.#of(name, "an object", isObject) ?? {};
  }

  texts(name: string): Readonly<Record<string, string>> {
    return Object.fromEntries(
      Object.entries(this.settings(name)).map(([key, value]) => [key, String(value)]),
    );
  }

  answer(): Answer {
    const pattern = this.text("arguments") ?? "";
    try {
      return { arguments: new RegExp(pattern), output: this.text("output") ?? "" };
    } catch {
      return this.refuse("arguments", `${quoted(pattern)}; expected a regular expression`);
    }
  }

  finish(): void {
    const unknown = Object.keys(this.#held).find((name) => !this.#known.has(name));
    if (unknown !== undefined) {
      throw new ConfigurationError(`${quoted(this.#file)}: ${this.#name(quoted(unknown))} is not known.`, {
        remedy: "Remove it, or look up its name in the reference of the command.",
      });
    }
    for (const child of this.#children) child.finish();
  }

  refuse(name: string, what: string): never {
    throw new ConfigurationError(`${quoted(this.#file)}: ${this.#name(name)} is ${what}.`, {
      remedy: "Correct the file.",
    });
  }

  #child(name: string, value: unknown): Fields {
    const child = new Fields(this.#file, this.#name(name), value);
    this.#children.push(child);
    return child;
  }

  #name(name: string): string {
    const joined = [this.#path, name].filter((part) => part !== "").join(".");
    return joined === "" ? "it" : joined;
  }

  #take(name: string): unknown {
    this.#known.add(name);
    return this.#held[name];
  }

  #of<T>(name: string, expected: string, is: (value: unknown) => value is T): T | undefined {
    const value = this.#take(name);
    if (value === undefined || is(value)) return value;
    return this.refuse(name, `${kindOf(value)}; expected ${expected}`);
  }
}
