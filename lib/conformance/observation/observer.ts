/**
 * Stands in for the program with which a charm makes backups and restores: takes note of each call, and holds it open
 * until it is released.
 *
 * @module
 */
import { chmod, copyFile, mkdir, readFile, stat, symlink, writeFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { isAbsolute, join } from "node:path";
import { fileURLToPath } from "node:url";
import { AgentServer } from "../../testing/processes/agent-server.ts";
import type { Observation } from "./observation.ts";

/** A backup or a restore that the charm has begun. */
export interface ObservedCall {
  readonly number: number;
  readonly type: "backup" | "restore";
  readonly pid: number;
  /** Empty where the program was called without Juju's environment. */
  readonly unit: string;
  /** Everything that it was given: arguments, environment, input, and the files that its arguments name. */
  readonly given: string;
}

/** What an observer tells. */
export interface ObserverEvents {
  /** A call began. It stays open until it is released. */
  readonly began: (call: ObservedCall) => void;
  readonly ended: (call: ObservedCall, state: "succeeded" | "failed" | "killed") => void;
}

interface OpenCall {
  readonly call: ObservedCall;
  readonly answer: (fields: readonly string[]) => void;
}

/** A file that is larger holds no configuration. */
const longestFileBytes = 64 * 1024;
/** A charm that calls for more backups and restores than this is told that they have failed. */
const mostCalls = 200;
/** Nothing that tells which job a call is of comes later in what it was given. */
const lookMs = 10;
const longestGiven = 1024 * 1024;
const defaultName = "observed-program";

/** Observes one charm. */
export class Observer {
  readonly #observation: Observation;
  readonly #events: ObserverEvents;
  readonly #open = new Map<number, OpenCall>();
  readonly #passed = new Map<number, ObservedCall>();
  readonly #directory: string;
  #server: AgentServer | undefined;
  #next = 1;

  private constructor(observation: Observation, directory: string, events: ObserverEvents) {
    this.#observation = observation;
    this.#directory = directory;
    this.#events = events;
  }

  /**
   * Puts the program in place.
   *
   * @param directory A new folder for it. Its path must be short enough for that of a socket in it.
   */
  static async start(observation: Observation, directory: string, events: ObserverEvents): Promise<Observer> {
    const observer = new Observer(observation, directory, events);
    await mkdir(directory, { recursive: true });
    const socket = join(directory, "socket");
    observer.#server = await AgentServer.listen(socket, async (request) => await observer.#answer(request));
    const client = join(directory, "client.pl");
    await copyFile(fileURLToPath(new URL("../../testing/processes/hook-tool.pl", import.meta.url)), client);
    await chmod(client, 0o755);
    await symlink("client.pl", observer.program);
    const { readsInput, passesOn = "" } = observation;
    await writeFile(join(directory, "observer"), `${socket}\n${readsInput ? "input" : ""}\n${passesOn}\n`);
    // A database runs its program as a user of its own.
    await chmod(socket, 0o777);
    return observer;
  }

  /** The path of the program. */
  get program(): string {
    return join(this.#directory, this.#observation.program ?? defaultName);
  }

  /** The calls that are held open. */
  get open(): readonly ObservedCall[] {
    return [...this.#open.values()].map(({ call }) => call);
  }

  /** Whether a call that was let go on runs the real program. */
  get isPassing(): boolean {
    return this.#passed.size > 0;
  }

  /** Lets an open call end, or run the real program if it is to succeed and there is one. */
  release(number: number, outcome: "succeeded" | "failed"): void {
    const open = this.#open.get(number);
    if (open === undefined) return;
    this.#open.delete(number);
    if (outcome === "succeeded" && this.#observation.passesOn !== undefined) {
      this.#passed.set(number, open.call);
      open.answer(["pass", String(number)]);
      return;
    }
    this.#events.ended(open.call, outcome);
    const { output } = this.#observation[open.call.type];
    open.answer(
      outcome === "succeeded"
        ? ["0", output === "" ? "" : `${output.replaceAll("{number}", String(number))}\n`, ""]
        : ["1", "", `${failureText}\n`],
    );
  }

  /** Kills what is held open, or runs. */
  async kill(): Promise<void> {
    for (const { pid } of [...this.open, ...this.#passed.values()]) {
      if (isAlive(pid)) process.kill(pid, "SIGKILL");
    }
    while ([...this.open, ...this.#passed.values()].length > 0) {
      this.reap();
      await sleep(lookMs);
    }
  }

  /** Takes note of the calls whose process was killed. */
  reap(): void {
    for (const call of [...this.open, ...this.#passed.values()]) {
      if (isAlive(call.pid)) continue;
      this.#open.delete(call.number);
      this.#passed.delete(call.number);
      this.#events.ended(call, "killed");
    }
  }

  /** Ends. */
  async close(): Promise<void> {
    await this.#server?.close();
  }

  #hasEnded(number: number, exitCode: string): readonly string[] {
    const call = this.#passed.get(number);
    this.#passed.delete(number);
    if (call !== undefined) this.#events.ended(call, exitCode === "0" ? "succeeded" : "failed");
    return ["0", "", ""];
  }

  async #answer([
    kind,
    pid = "",
    directory = "",
    input = "",
    environment = "",
    ,
    ...args
  ]: readonly string[]): Promise<readonly string[]> {
    if (kind === "ended") return this.#hasEnded(Number(pid), directory);
    if (kind !== "call") return ["1", "", "bad request\n"];
    const line = args.join(" ");
    const { backup, restore, others } = this.#observation;
    const type = backup.arguments.test(line)
      ? "backup"
      : restore.arguments.test(line)
        ? "restore"
        : undefined;
    if (type === undefined && this.#observation.passesOn !== undefined) return ["pass", ""];
    if (type === undefined) {
      const other = others.find((each) => each.arguments.test(line));
      return [String(other?.exitCode ?? 0), other === undefined ? "" : `${other.output}\n`, ""];
    }
    if (this.#next > mostCalls) return ["1", "", "this program was called too often\n"];
    const files = await Promise.all(args.map(async (arg) => await namedFile(arg)));
    const call: ObservedCall = {
      number: this.#next++,
      type,
      pid: Number(pid),
      unit: unitOf(environment, directory),
      given: [line, ...files, environment, input].join("\n").slice(0, longestGiven),
    };
    return await new Promise((answer) => {
      this.#open.set(call.number, { call, answer });
      this.#events.began(call);
    });
  }
}

/** What the program says when it is made to fail. */
export const failureText = "the disk of the database is on fire";

/** Juju's own variable, or the folder of the unit's charm where the charm cleared its environment. */
function unitOf(environment: string, directory: string): string {
  const named = environment.split("\0").find((each) => each.startsWith("JUJU_UNIT_NAME="));
  if (named !== undefined) return named.slice("JUJU_UNIT_NAME=".length);
  const [, application, number] = /\/agents\/unit-(.+)-(\d+)\//.exec(`${directory}/`) ?? [];
  return application === undefined || number === undefined ? "" : `${application}/${number}`;
}

/** The content of the file that an argument names, as `/path` or `--option=/path`. */
async function namedFile(argument: string): Promise<string> {
  const path = argument.slice(argument.startsWith("-") ? argument.indexOf("=") + 1 : 0);
  if (!isAbsolute(path)) return "";
  try {
    const file = await stat(path);
    return file.isFile() && file.size <= longestFileBytes ? await readFile(path, "utf8") : "";
  } catch {
    return "";
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
