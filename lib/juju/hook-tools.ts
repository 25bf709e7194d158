/**
 * The binding of the Juju port to Juju's hook tools.
 *
 * @module
 * @see https://documentation.ubuntu.com/juju/3.6/reference/hook-command/list-of-hook-commands/
 */
import { ConfigurationError, HookToolError } from "../errors.ts";
import { printable, printableLines } from "../printable.ts";
import {
  answeredApplication,
  answeredDatabag,
  answeredRecord,
  answeredTexts,
  answeredTruth,
  complaintOf,
  parseAnswer,
  unusable,
} from "./tool-answer.ts";
import { argument } from "./tool-argument.ts";
import type {
  Databag,
  DatabagChanges,
  GoalState,
  Juju,
  LogLevel,
  SecretContent,
  SecretInfo,
  StatusName,
  UnitStatus,
} from "./juju.ts";
import { relationSetInput } from "./relation-set-input.ts";
import { nodeSecretFiles, type SecretFiles } from "./secret-files.ts";
import { hookToolTimeoutMs, processToolRunner, type ToolEnd, type ToolRunner } from "./tool-runner.ts";

/** What the binding may be told. */
export interface HookToolsOptions {
  /** The environment that Juju gave to `dispatch`. Default: that of this process. */
  readonly environment?: NodeJS.ProcessEnv;
  /** How long one hook tool may take, in milliseconds. Default: 60,000. */
  readonly timeoutMs?: number;
  /** Runs the hook tools. Default: as child processes. */
  readonly runTool?: ToolRunner;
  /** Where the values of a secret stand while Juju reads them. Default: on the real disk. */
  readonly secretFiles?: SecretFiles;
}

const statusNames: readonly string[] = ["active", "waiting", "blocked", "maintenance"] satisfies StatusName[];

/**
 * Juju, by its hook tools. Databag values travel on standard input, those of secrets in files, never in an argument.
 *
 * What cannot change within one dispatch is asked for once: the relations and who is in them, the configuration, and
 * each databag and secret, of which a write is remembered.
 *
 * A tool that fails, hangs, or answers what it never answers is a {@link HookToolError}: to take it for an empty databag
 * would be to lose what stands there. What an admin reads (statuses, log lines, results of actions) is escaped, so that
 * no text from the other side of a relation reaches a terminal as more than text.
 */
export class HookTools implements Juju {
  readonly unit: string;
  readonly application: string;
  readonly modelUuid: string;
  readonly #runTool: ToolRunner;
  readonly #secretFiles: SecretFiles;
  readonly #answers = new Map<string, Promise<unknown>>();
  readonly #secrets = new Map<string, Promise<SecretContent | undefined>>();

  /** @throws ConfigurationError where the environment is none that Juju gives to a charm. */
  constructor(options: HookToolsOptions = {}) {
    const environment = options.environment ?? process.env;
    this.#runTool = options.runTool ?? processToolRunner(environment, options.timeoutMs ?? hookToolTimeoutMs);
    this.unit = variable(environment, "JUJU_UNIT_NAME");
    this.application = this.unit.slice(0, this.unit.indexOf("/"));
    this.modelUuid = variable(environment, "JUJU_MODEL_UUID");
    this.#secretFiles = options.secretFiles ?? nodeSecretFiles(this.unit);
  }

  async isLeader(): Promise<boolean> {
    return answeredTruth("is-leader", await this.#json("is-leader", []));
  }

  async goalState(): Promise<GoalState> {
    const state = answeredRecord("goal-state", await this.#json("goal-state", []));
    const units: string[] = [];
    const dying: string[] = [];
    for (const [name, unit] of Object.entries(answeredRecord("goal-state", state["units"])))
      (answeredRecord("goal-state", unit)["status"] === "dying" ? dying : units).push(name);
    const relations = Object.entries(answeredRecord("goal-state", state["relations"] ?? {}));
    const related = relations.map(([endpoint, goals]) => {
      const names = Object.keys(answeredRecord("goal-state", goals));
      return [endpoint, names.filter((name) => !name.includes("/"))] as const;
    });
    return { units, dying, related: Object.fromEntries(related) };
  }

  async relationIds(endpoint: string): Promise<readonly string[]> {
    const ids = answeredTexts("relation-ids", await this.#once("relation-ids", [endpoint]));
    return ids.toSorted((a, b) => relationNumber(a) - relationNumber(b));
  }

  async relationUnits(relationId: string): Promise<readonly string[]> {
    return answeredTexts("relation-list", await this.#once("relation-list", ["-r", relationId]));
  }

  async relationApplication(relationId: string): Promise<string> {
    return answeredApplication(
      "relation-list",
      await this.#once("relation-list", ["-r", relationId, "--app"]),
    );
  }

  async relationModel(relationId: string): Promise<string | undefined> {
    const tool = "relation-model-get";
    const end = await this.#runTool(tool, ["--format=json", "-r", relationId]);
    // An older Juju has no such tool, and words that in more than one way.
    if (end.exitCode !== 0) return undefined;
    const { uuid } = answeredRecord(tool, parseAnswer(tool, end.stdout));
    return typeof uuid === "string" ? uuid : undefined;
  }

  async readUnitDatabag(relationId: string, unit: string): Promise<Databag> {
    return answeredDatabag("relation-get", await this.#once("relation-get", unitDatabag(relationId, unit)));
  }

  async readApplicationDatabag(relationId: string, application: string): Promise<Databag> {
    return answeredDatabag(
      "relation-get",
      await this.#once("relation-get", applicationDatabag(relationId, application)),
    );
  }

  async writeUnitDatabag(relationId: string, changes: DatabagChanges): Promise<void> {
    await this.#run("relation-set", ["-r", relationId, "--file", "-"], relationSetInput(changes));
    this.#remember(unitDatabag(relationId, this.unit), changes);
  }

  async writeApplicationDatabag(relationId: string, changes: DatabagChanges): Promise<void> {
    await this.#run("relation-set", ["-r", relationId, "--app", "--file", "-"], relationSetInput(changes));
    this.#remember(applicationDatabag(relationId, this.application), changes);
  }

  async config(): Promise<Readonly<Record<string, string | number | boolean>>> {
    const config: Record<string, string | number | boolean> = {};
    const answer = answeredRecord("config-get", await this.#once("config-get", ["--all"]));
    for (const [key, value] of Object.entries(answer)) {
      if (typeof value === "string" || typeof value === "number" || typeof value === "boolean")
        config[key] = value;
    }
    return config;
  }

  async setStatus(status: UnitStatus): Promise<void> {
    await this.#run("status-set", [status.name, "--", argument(printable(status.message))]);
  }

  async status(): Promise<UnitStatus> {
    const status = answeredRecord("status-get", await this.#json("status-get", ["--include-data"]));
    const { status: name, message } = status;
    return {
      // Juju has statuses that no charm can set, such as "unknown" before the first one is.
      name: isStatusName(name) ? name : "maintenance",
      message: typeof message === "string" ? message : "",
    };
  }

  async log(level: LogLevel, message: string): Promise<void> {
    await this.#run("juju-log", ["-l", level, "--", argument(printable(message))]);
  }

  async actionParameters(): Promise<Readonly<Record<string, unknown>>> {
    return answeredRecord("action-get", await this.#json("action-get", []));
  }

  async setActionResults(results: Readonly<Record<string, string>>): Promise<void> {
    await this.#run(
      "action-set",
      Object.entries(results).map(([key, value]) => argument(printableLines(`${key}=${value}`))),
    );
  }

  async logAction(message: string): Promise<void> {
    await this.#run("action-log", ["--", argument(printable(message))]);
  }

  async failAction(message: string): Promise<void> {
    await this.#run("action-fail", ["--", argument(printable(message))]);
  }

  async addSecret(label: string, content: SecretContent): Promise<string> {
    return await this.#secretFiles.lend(content, async (paths) => {
      const answer = (await this.#run("secret-add", ["--label", label, ...valuesFrom(paths)])).trim();
      if (/^secret:\S+$/.test(answer)) {
        this.#secrets.set(answer, Promise.resolve(content));
        return answer;
      }
      throw unusable("secret-add", "answered what is no URI of a secret");
    });
  }

  async updateSecret(uri: string, content: SecretContent): Promise<void> {
    await this.#secretFiles.lend(content, async (paths) => {
      await this.#run("secret-set", [uri, ...valuesFrom(paths)]);
    });
    this.#secrets.set(uri, Promise.resolve(content));
  }

  async secretInfo(label: string): Promise<SecretInfo | undefined> {
    const tool = "secret-info-get";
    const stdout = await this.#runUnless(isNotFound, tool, ["--format=json", "--label", label]);
    if (stdout === undefined) return undefined;
    const [[id, info] = []] = Object.entries(answeredRecord(tool, parseAnswer(tool, stdout)));
    if (id === undefined) return undefined;
    const { revision } = answeredRecord(tool, info);
    if (typeof revision !== "number") throw unusable(tool, "told of no revision");
    return { uri: id.startsWith("secret:") ? id : `secret:${id}`, revision };
  }

  async readSecret(uri: string): Promise<SecretContent | undefined> {
    let answer = this.#secrets.get(uri);
    if (answer === undefined) {
      answer = this.#askSecret(uri);
      this.#secrets.set(uri, answer);
      // What failed may be asked again.
      answer.catch(() => this.#secrets.delete(uri));
    }
    return await answer;
  }

  async #askSecret(uri: string): Promise<SecretContent | undefined> {
    const args = ["--format=json", "--refresh", uri];
    const stdout = await this.#runUnless(isNotReadable, "secret-get", args);
    return stdout === undefined
      ? undefined
      : answeredDatabag("secret-get", parseAnswer("secret-get", stdout));
  }

  async grantSecret(uri: string, relationId: string): Promise<void> {
    await this.#run("secret-grant", ["-r", relationId, uri]);
  }

  async removeSecret(uri: string, revision?: number): Promise<void> {
    const args = revision === undefined ? [uri] : [uri, "--revision", String(revision)];
    if (revision === undefined) this.#secrets.delete(uri);
    await this.#runUnless(isNotFound, "secret-remove", args);
  }

  /** Asks once, and gives the same answer from then on. */
  async #once(tool: string, args: readonly string[]): Promise<unknown> {
    const key = question(tool, args);
    let answer = this.#answers.get(key);
    if (answer === undefined) {
      answer = this.#json(tool, args);
      this.#answers.set(key, answer);
      // What failed may be asked again.
      answer.catch(() => this.#answers.delete(key));
    }
    return await answer;
  }

  /** Changes the remembered answer as Juju's own would have changed; what was never read is not remembered. */
  #remember(args: readonly string[], changes: DatabagChanges): void {
    const key = question("relation-get", args);
    const before = this.#answers.get(key);
    if (before === undefined) return;
    const after = before.then((answer) => {
      const values = Object.entries({ ...answeredDatabag("relation-get", answer), ...changes });
      const standing = values.filter(([, value]) => value !== "");
      return Object.fromEntries(standing.map(([name, value]) => [name.toWellFormed(), value.toWellFormed()]));
    });
    after.catch(() => this.#answers.delete(key));
    this.#answers.set(key, after);
  }

  async #json(tool: string, args: readonly string[]): Promise<unknown> {
    return parseAnswer(tool, await this.#run(tool, ["--format=json", ...args]));
  }

  async #run(tool: string, args: readonly string[], stdin?: string): Promise<string> {
    return this.#outputOf(tool, await this.#runTool(tool, args, stdin));
  }

  /** Runs a tool that may fail for a reason that is an answer too: then there is no output. */
  async #runUnless(
    isAnswer: (complaint: string) => boolean,
    tool: string,
    args: readonly string[],
  ): Promise<string | undefined> {
    const end = await this.#runTool(tool, args);
    return end.exitCode === 1 && isAnswer(end.stderr) ? undefined : this.#outputOf(tool, end);
  }

  #outputOf(tool: string, end: ToolEnd): string {
    if (end.exitCode === 0) return end.stdout;
    const complaint = complaintOf(end.stderr);
    throw new HookToolError(
      `Juju's hook tool ${tool} ${end.said}${complaint === "" ? "." : `: ${complaint}`}`,
      end,
      { remedy: "Look into the unit's log; the hook runs again by itself.", retryable: true },
    );
  }
}

function valuesFrom(paths: Readonly<Record<string, string>>): readonly string[] {
  return Object.entries(paths).map(([key, path]) => `${key}#file=${path}`);
}

function isNotFound(complaint: string): boolean {
  return complaint.includes("not found");
}

/** A grant and the URI that it is for may come in either order, so neither of these is a failure. */
function isNotReadable(complaint: string): boolean {
  return isNotFound(complaint) || complaint.includes("permission denied");
}

function variable(environment: NodeJS.ProcessEnv, name: string): string {
  const value = environment[name];
  if (value !== undefined && value !== "") return value;
  throw new ConfigurationError(`${name} is not set: this process was not started by Juju.`, {
    remedy: "Run the charm through Juju, or in a test through the simulated Juju.",
  });
}

function unitDatabag(relationId: string, unit: string): readonly string[] {
  return ["-r", relationId, "-", unit];
}

function applicationDatabag(relationId: string, application: string): readonly string[] {
  return ["-r", relationId, "--app", "-", application];
}

function question(tool: string, args: readonly string[]): string {
  return [tool, ...args].join("\0");
}

function relationNumber(id: string): number {
  return Number(id.slice(id.lastIndexOf(":") + 1));
}

function isStatusName(value: unknown): value is StatusName {
  return typeof value === "string" && statusNames.includes(value);
}
