/**
 * The arguments of the tools about secrets.
 *
 * @module
 * @see https://documentation.ubuntu.com/juju/3.6/reference/hook-command/list-of-hook-commands/secret-add/
 */
import { asMapping } from "../model/mapping.ts";
import { rotatePolicies } from "../model/secret-rotation.ts";
import type { SecretContent } from "../model/secret.ts";
import type { SecretSettings } from "../model/secrets.ts";
import type { FlagDefinition } from "./flags.ts";
import { misused, ToolFailure, type ToolCall } from "./hook-tool.ts";
import { readSettingsFile } from "./settings-file.ts";

const text: FlagDefinition = { kind: "text" };

/** The flags of `secret-add` and `secret-set`. */
export const settingsFlags: Readonly<Record<string, FlagDefinition>> = {
  description: text,
  expire: text,
  file: text,
  label: text,
  owner: text,
  rotate: text,
};

const uuid = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}";
const uriPattern = new RegExp(`^(?:secret:)?(?://)?(?:${uuid}/)?(?<id>[0-9a-z]{20})$`, "u");

/** Reads the id out of `secret:<id>`, `secret://<model>/<id>` or the bare id. */
export function secretId(uri: string): string {
  const scheme = /^(?<scheme>[a-z][a-z0-9+.-]*):/iu.exec(uri)?.groups?.["scheme"] ?? "secret";
  if (scheme !== "secret") misused(`secret URI scheme ${JSON.stringify(scheme)} not valid`);
  return uriPattern.exec(uri)?.groups?.["id"] ?? misused(`secret URI ${JSON.stringify(uri)} not valid`);
}

/** The id that a tool cannot do without. */
export function requiredId(args: readonly string[]): string {
  return secretId(args[0] ?? misused("missing secret URI"));
}

/** Reads what `secret-add` and `secret-set` are to set; `content` is absent where there is none. */
export function secretSettings(call: ToolCall, pairs: readonly string[]): SecretSettings {
  const given = (flag: string): string | undefined => call.flags.text(flag) || undefined;
  const expire = given("expire");
  const rotate = given("rotate");
  const label = given("label");
  const description = given("description");
  const expires = expire === undefined ? undefined : expiry(expire, call.context.model.now());
  const rotation = rotatePolicies.find((policy) => policy === rotate);
  if (rotate !== undefined && rotation === undefined)
    misused(`rotate policy ${JSON.stringify(rotate)} not valid`);
  const owner = call.flags.text("owner") ?? "application";
  if (owner !== "application" && owner !== "unit") misused(`secret owner ${JSON.stringify(owner)} not valid`);
  const content = readContent(call, pairs, given("file"));
  return {
    ...(Object.keys(content).length === 0 ? {} : { content }),
    ...(label === undefined ? {} : { label }),
    ...(description === undefined ? {} : { description }),
    ...(expires === undefined ? {} : { expires }),
    ...(rotation === undefined ? {} : { rotation }),
  };
}

function readContent(call: ToolCall, pairs: readonly string[], file: string | undefined): SecretContent {
  const values = new Map<string, string>();
  for (const pair of pairs) {
    // Signs of equality at the end may be the padding of base64, and never stand for an empty value.
    const at = pair.replace(/=+$/u, "").indexOf("=");
    if (at < 1) misused(`key value ${JSON.stringify(pair)} not valid`);
    const key = pair.slice(0, at);
    const value = pair.slice(at + 1);
    if (key.endsWith("#file")) {
      const name = key.slice(0, -"#file".length);
      const saying = `reading content for secret key ${JSON.stringify(name)}: `;
      values.set(
        name,
        asArgument(saying, () => readAsAgent(call, value)),
      );
    } else {
      values.set(key, value);
    }
  }
  const content = encode(values);
  if (file === undefined) return content;
  return { ...content, ...encode(asArgument("", () => readMap(readAsAgent(call, file)))) };
}

const keyRule = /^[a-z](?:-?[a-z0-9]){2,}$/u;
const mostEncodedBytes = 1_000_000;

function encode(values: ReadonlyMap<string, string>): SecretContent {
  const content: Record<string, string> = {};
  let size = 0;
  for (const [key, value] of values) {
    const isEncoded = key.endsWith("#base64");
    const name = isEncoded ? key.slice(0, -"#base64".length) : key;
    if (!keyRule.test(name)) misused(`key ${JSON.stringify(name)} not valid`);
    content[name] = isEncoded ? value : Buffer.from(value).toString("base64");
    size += content[name].length;
  }
  if (size > mostEncodedBytes) misused(`base64 encoded secret content too large: ${size} bytes`);
  return content;
}

/** Reads JSON or, where that fails, YAML. */
function readMap(input: string): ReadonlyMap<string, string> {
  try {
    const entries = Object.entries(asMapping(JSON.parse(input)) ?? {});
    if (entries.length > 0 && entries.every(([, value]) => typeof value === "string" || value === null)) {
      return new Map(entries.map(([key, value]) => [key, typeof value === "string" ? value : ""]));
    }
  } catch {
    // What is no JSON is YAML.
  }
  return readSettingsFile(input);
}

/** Juju's agent reads these files, in its own folder and not in the charm's: only absolute paths lead anywhere. */
function readAsAgent(call: ToolCall, path: string): string {
  return call.readInput(path.startsWith("/") ? path : `/${path}`);
}

/** Files are read while the arguments are: what goes wrong there is an error in the arguments. */
function asArgument<T>(saying: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof ToolFailure) misused(saying + error.message);
    throw error;
  }
}

const unitsMs: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
};

function expiry(given: string, now: Date): Date {
  const time = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?<zone>Z|[+-]\d\d:\d\d)?$/u.exec(given);
  if (time !== null) {
    const date = new Date(time.groups?.["zone"] === undefined ? `${given}Z` : given);
    if (!Number.isNaN(date.getTime())) return toSecond(date);
  }
  const durationMs = goDuration(given);
  if (durationMs === undefined) misused(`expire time or duration ${JSON.stringify(given)} not valid`);
  if (durationMs <= 0) misused(`negative expire duration ${JSON.stringify(given)} not valid`);
  return toSecond(new Date(now.getTime() + durationMs));
}

function toSecond(date: Date): Date {
  return new Date(Math.round(date.getTime() / 1000) * 1000);
}

function goDuration(given: string): number | undefined {
  if (/^[+-]?0$/u.test(given)) return 0;
  if (!/^[+-]?(?:\d+(?:\.\d*)?(?:ns|us|µs|ms|s|m|h))+$/u.test(given)) return undefined;
  const parts = given.matchAll(/(?<amount>\d+(?:\.\d*)?)(?<unit>ns|us|µs|ms|s|m|h)/gu);
  const sum = [...parts].reduce(
    (ms, { groups }) => ms + Number(groups?.["amount"]) * (unitsMs[groups?.["unit"] ?? ""] ?? 0),
    0,
  );
  return given.startsWith("-") ? -sum : sum;
}
