/**
 * The kit as a backup manager: writes requests, and lets the backups and restores end that the charm begins.
 *
 * It shares nothing with this library's own requirer.
 *
 * @module
 */
import type { ObservedCall } from "../observation/observer.ts";
import { isObject, readList } from "../../wire/list-value.ts";
import { stringAt } from "../trace/field.ts";
import { placesOf } from "../trace/story.ts";
import type { Databags } from "../trace/trace.ts";
import type { Recording } from "./recording.ts";
import type { JudgedCharm, StageOptions } from "./judged-charm.ts";
import { Stage } from "./stage.ts";

/** A request as the kit writes it. */
export type WrittenRequest = Readonly<Record<string, unknown>>;

/** The storage of all jobs that say nothing else. A database may be able to archive to one alone. */
const commonBucket = "bucket-kit";

/** What is shorter may stand in any text. */
const shortestLabel = 6;

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
  readonly #charm: JudgedCharm;
  #requests: readonly unknown[] = [];

  private constructor(charm: JudgedCharm, stage: Stage, known: Known) {
    this.#charm = charm;
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
      charm,
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
    const fitting = requests.map((each) => this.#fitting(each));
    this.#requests = [...this.#requests, ...fitting];
    for (const each of fitting) this.#known.add(each);
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
    const isReal = this.#charm.observation.passesOn !== undefined && outcome === "succeeded";
    this.stage.step(`The ${oldest.type} is let go on${isReal ? "" : `: it has ${outcome}`}.`);
    this.stage.observer.release(oldest.number, outcome);
    await this.stage.settle();
    this.#rememberArtefacts();
  }

  /** A request that names the storage there is and, where real backups are made, one of those. */
  #fitting(written: unknown): unknown {
    if (!isObject(written) || !isObject(written["storage-config"])) return written;
    const { observation, artefacts } = this.#charm;
    const storage = { ...written["storage-config"], ...observation.storage };
    const artefact = observation.passesOn === undefined ? undefined : artefacts.at(-1);
    const isRestore = written["job-type"] === "restore" && artefact !== undefined;
    return { ...written, "storage-config": storage, ...(isRestore ? { "artefact-path": artefact } : {}) };
  }

  #rememberArtefacts(): void {
    const now = this.stage.trace.findLast((entry): entry is Databags => entry.kind === "databags");
    const databags = Object.values(now?.provider?.units ?? {});
    for (const report of databags.flatMap((databag) => readList(databag, "jobs").items)) {
      if (!isObject(report) || report["status"] !== "success" || report["job-type"] !== "backup") continue;
      const artefact = stringAt(report, "artefact-path");
      if (artefact !== undefined && !this.#charm.artefacts.includes(artefact))
        this.#charm.artefacts.push(artefact);
    }
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
      names: [...this.#places].filter((place) => given.includes(place) || given.includes(labelOf(place))),
    };
  }
}

/** What many databases call an artefact: the end of its path. The place itself where it is none. */
function labelOf(place: string): string {
  const label = place.split("/").findLast((part) => part !== "") ?? "";
  return label.length < shortestLabel ? place : label;
}
