/**
 * The kit as a backup manager: writes requests, and lets the backups and restores end that the charm begins.
 *
 * It shares nothing with this library's own requirer.
 *
 * @module
 */
import type { ObservedCall } from "../observation/observer.ts";
import { isObject } from "../../wire/list-value.ts";
import { stringAt } from "../trace/field.ts";
import { placesOf } from "../trace/story.ts";
import type { Recording } from "./recording.ts";
import type { JudgedCharm, StageOptions } from "./judged-charm.ts";
import { Stage } from "./stage.ts";

/** A request as the kit writes it. */
export type WrittenRequest = Readonly<Record<string, unknown>>;

/** The storage of all jobs that say nothing else. A database may be able to archive to one alone. */
const commonBucket = "bucket-kit";

/** Makes a well-formed request. */
export function request(
  name: string,
  type: "backup" | "restore",
  changes: { readonly bucket?: string } & WrittenRequest = {},
): WrittenRequest {
  const { bucket = commonBucket, ...others } = changes;
  return {
    "job-id": `job-${name}`,
    "job-type": type,
    "job-config": { compression: type === "backup" },
    "storage-interface": "s3",
    "storage-config": {
      bucket,
      "access-key": "kit-access",
      "secret-key": "kit-secret",
      path: "/kit",
      endpoint: "https://s3.kit.internal",
      region: "kit-1",
    },
    ...(type === "restore" ? { "artefact-path": `/kit/backup/artefact-${name}/` } : {}),
    ...others,
  };
}

/** The kit's part against a database charm. */
export class ManagerPart {
  readonly stage: Stage;
  readonly #known: Known;
  #requests: readonly unknown[] = [];

  private constructor(stage: Stage, known: Known) {
    this.stage = stage;
    this.#known = known;
  }

  /** Sets the stage for it. */
  static async play(
    charm: JudgedCharm,
    options: StageOptions,
    onRecording: (recording: Recording) => void,
  ): Promise<ManagerPart> {
    const known = new Known();
    return new ManagerPart(
      await Stage.set(charm, options, (call) => known.namedBy(call), onRecording),
      known,
    );
  }

  /** The calls that are held open. */
  get open(): readonly ObservedCall[] {
    return this.stage.observer.open;
  }

  /** Requests jobs besides those that stand. */
  async request(...requests: readonly unknown[]): Promise<void> {
    this.#requests = [...this.#requests, ...requests];
    for (const each of requests) this.#known.add(each);
    await this.writeJobs(JSON.stringify(this.#requests));
  }

  /** Takes back the requests of jobs. */
  async withdraw(...names: readonly string[]): Promise<void> {
    const ids = new Set(names.map((name) => `job-${name}`));
    this.#requests = this.#requests.filter(
      (each) => !isObject(each) || !ids.has(stringAt(each, "job-id") ?? ""),
    );
    await this.writeJobs(JSON.stringify(this.#requests));
  }

  /** Writes a text in the place of the list of jobs. */
  async writeJobs(jobs: string): Promise<void> {
    await this.stage.juju.writeDatabag(this.stage.relation, this.stage.other, { jobs });
  }

  /** Lets what is held open end, the oldest first, and what comes then, until nothing is held any more. */
  async finishAll(outcome: "succeeded" | "failed" = "succeeded"): Promise<void> {
    for (let times = 0; this.open.length > 0 && times < 12; times += 1) await this.finishOne(outcome);
  }

  /** Lets the oldest call that is held open end. */
  async finishOne(outcome: "succeeded" | "failed" = "succeeded"): Promise<void> {
    const [oldest] = this.open;
    if (oldest === undefined) return;
    this.stage.step(`The ${oldest.type} is let go on: it has ${outcome}.`);
    this.stage.observer.release(oldest.number, outcome);
    await this.stage.settle();
  }
}

/** The texts that the kit gave to its jobs. */
class Known {
  readonly #jobs: string[] = [];
  readonly #places = new Set<string>();

  add(written: unknown): void {
    if (!isObject(written)) return;
    const id = stringAt(written, "job-id");
    if (id !== undefined) this.#jobs.push(id);
    for (const place of placesOf(written)) this.#places.add(place);
  }

  namedBy({ given }: ObservedCall): { readonly jobs: readonly string[]; readonly names: readonly string[] } {
    return {
      jobs: this.#jobs.filter((id) => given.includes(id)),
      names: [...this.#places].filter((place) => given.includes(place)),
    };
  }
}
