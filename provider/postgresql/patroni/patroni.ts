/**
 * The client of Patroni: its REST API, and `patronictl` for what has to be done to the DCS while Patroni is down.
 *
 * @module
 */
import { setTimeout as sleep } from "node:timers/promises";
import { describeEnd } from "../../../lib/process/run.ts";
import type { DatabaseUser } from "../database-user.ts";
import { ExecutorError } from "../../../lib/errors.ts";
import { oneLine } from "../job-failure.ts";
import { isJsonRecord, type JsonRecord } from "../json-record.ts";
import type { Settings } from "../options.ts";
import { parseCluster, type ClusterMember } from "./cluster-view.ts";
import { askRest, type RestAnswer } from "./rest.ts";

/** What a member says of itself. */
export interface MemberState {
  /** For example `running`, `starting`, `custom bootstrap failed`. */
  readonly state: string;
  readonly isPrimary: boolean;
  /** Whether some member holds the leader's lock. */
  readonly locked: boolean;
  readonly timeline: number | undefined;
  /** For example 150020. */
  readonly serverVersion: number | undefined;
  readonly systemId: string | undefined;
}

/** Patroni's dynamic configuration: whatever JSON object is in the DCS. */
export type DynamicConfig = JsonRecord;

const requestTimeoutMs = 10_000;
const controlTimeoutMs = 30_000;
const leaderKeyTimeoutMs = 90_000;
const leaderKeyPollMs = 500;
const replaceTimeoutMs = 60_000;
/** What `patronictl remove` asks of a cluster that has a leader. */
const asksForLeader = /specify the leader name/;

/** The client of Patroni. */
export class Patroni {
  readonly #settings: Settings;
  readonly #user: DatabaseUser;

  constructor(settings: Settings, user: DatabaseUser) {
    this.#settings = settings;
    this.#user = user;
  }

  /** What this member says of itself; undefined where Patroni does not answer. */
  async member(timeoutMs: number = requestTimeoutMs): Promise<MemberState | undefined> {
    return memberState(this.#settings.patroni.restUrl, timeoutMs);
  }

  /** The cluster's members. */
  async cluster(): Promise<readonly ClusterMember[]> {
    return parseCluster(await this.#request("GET", "/cluster"));
  }

  /** The dynamic configuration in the DCS. */
  async config(): Promise<DynamicConfig> {
    return this.#request("GET", "/config");
  }

  /** Changes the dynamic configuration; null removes a key. */
  async patchConfig(changes: DynamicConfig): Promise<void> {
    await this.#request("PATCH", "/config", changes);
  }

  /** Replaces the dynamic configuration. */
  async replaceConfig(config: DynamicConfig): Promise<void> {
    const deadline = performance.now() + replaceTimeoutMs;
    for (;;) {
      try {
        await this.#request("PUT", "/config", config);
        return;
      } catch (error) {
        // A Patroni that has only just become the leader of an empty DCS has nothing to replace yet, and breaks off.
        if (performance.now() > deadline) throw error;
        await sleep(leaderKeyPollMs);
      }
    }
  }

  /** Has Patroni read its configuration directory again. */
  async reload(): Promise<void> {
    await this.#request("POST", "/reload");
  }

  /**
   * Removes what the DCS knows of the cluster, for a Patroni that is down. Does nothing where it knows nothing.
   *
   * @throws ExecutorError `patroni-remove-failed`.
   */
  async removeCluster(): Promise<void> {
    const { configDirectory, scope } = this.#settings.patroni;
    const deadline = performance.now() + leaderKeyTimeoutMs;
    for (;;) {
      const result = await this.#user.run(["patronictl", "-c", configDirectory, "remove", scope], {
        stdin: `${scope}\nYes I am aware\n`,
        timeoutMs: controlTimeoutMs,
      });
      if (result.exitCode === 0) return;
      // While a leader's key lives, patronictl asks a third question, and gives up without an answer. The key goes by
      // itself when its time is up.
      if (!asksForLeader.test(result.stdout))
        throw removeFailed(scope, `patronictl ${describeEnd(result)}: ${oneLine(result.stderr)}`);
      if (performance.now() > deadline)
        throw removeFailed(scope, `its leader key was still there after ${leaderKeyTimeoutMs / 1000} s`);
      await sleep(leaderKeyPollMs);
    }
  }

  async #request(method: string, path: string, body?: unknown): Promise<DynamicConfig> {
    const { restUrl } = this.#settings.patroni;
    let answer: RestAnswer;
    try {
      answer = await askRest({ url: urlOf(restUrl, path), method, body, timeoutMs: requestTimeoutMs });
    } catch (error) {
      throw new ExecutorError(
        {
          code: "patroni-unreachable",
          message: `Patroni's REST API at ${restUrl} did not answer ${method} ${path}.`,
          remedy: "Check that Patroni runs on this machine and that the option patroni.restUrl is right.",
        },
        error,
      );
    }
    if (answer.status < 200 || answer.status > 299)
      throw new ExecutorError({
        code: "patroni-refused",
        message: `Patroni answered ${method} ${path} with status ${answer.status}: ${oneLine(answer.text, 120)}`,
        remedy: "Read Patroni's log for why it refused.",
      });
    try {
      const parsed: unknown = JSON.parse(answer.text);
      return isJsonRecord(parsed) ? parsed : {};
    } catch {
      return {};
    }
  }
}

/** What the member behind a REST URL says of the cluster; nobody where nothing sensible comes back in time. */
export async function clusterMembers(restUrl: string, timeoutMs: number): Promise<readonly ClusterMember[]> {
  try {
    const { text } = await askRest({ url: urlOf(restUrl, "/cluster"), timeoutMs });
    const answer: unknown = JSON.parse(text);
    return isJsonRecord(answer) ? parseCluster(answer) : [];
  } catch {
    return [];
  }
}

/** What the member behind a REST URL says of itself; undefined where nothing sensible comes back in time. */
export async function memberState(restUrl: string, timeoutMs: number): Promise<MemberState | undefined> {
  try {
    const { text } = await askRest({ url: urlOf(restUrl, "/patroni"), timeoutMs });
    const answer: unknown = JSON.parse(text);
    if (!isJsonRecord(answer)) return undefined;
    const systemId = textIn(answer, "database_system_identifier");
    return {
      state: textIn(answer, "state"),
      isPrimary: answer["role"] === "master" || answer["role"] === "primary",
      locked: answer["cluster_unlocked"] !== true,
      timeline: typeof answer["timeline"] === "number" ? answer["timeline"] : undefined,
      serverVersion: typeof answer["server_version"] === "number" ? answer["server_version"] : undefined,
      systemId: systemId === "" ? undefined : systemId,
    };
  } catch {
    return undefined;
  }
}

function urlOf(restUrl: string, path: string): string {
  return `${restUrl.replace(/\/+$/, "")}${path}`;
}

/** The text under a key of a JSON object; empty where there is none. */
function textIn(value: unknown, key: string): string {
  const found = isJsonRecord(value) ? value[key] : undefined;
  return typeof found === "string" ? found : "";
}

function removeFailed(scope: string, why: string): ExecutorError {
  return new ExecutorError({
    code: "patroni-remove-failed",
    message: `What the DCS knows of the cluster "${scope}" could not be removed: ${why}.`,
    remedy: "Check that the DCS runs and that patronictl works with the configuration directory.",
  });
}
