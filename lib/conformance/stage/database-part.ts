/**
 * The kit as a database and as a storage: writes reports, and asks the backup manager what an admin would.
 *
 * It shares nothing with this library's own provider.
 *
 * @module
 */
import { isObject, readList } from "../../wire/list-value.ts";
import type { AdminAction, AdminActions } from "../observation/observation.ts";
import { stringAt } from "../trace/field.ts";
import type { Asked, Occurrence, Purpose } from "../trace/trace.ts";
import { storageApplication } from "./deployment.ts";
import type { Recording } from "./recording.ts";
import type { JudgedCharm, StageOptions } from "./judged-charm.ts";
import { Stage } from "./stage.ts";

type Job = Readonly<Record<string, unknown>>;

/** The longest answer to an admin that is looked at. */
const longestText = 200_000;

/** The kit's part against a backup manager. */
export class DatabasePart {
  readonly stage: Stage;
  readonly #actions: AdminActions;
  readonly #seen = new Set<string>();

  private constructor(stage: Stage, actions: AdminActions) {
    this.stage = stage;
    this.#actions = actions;
  }

  /** Sets the stage for it, with a storage. */
  static async play(
    charm: JudgedCharm,
    options: StageOptions,
    onRecording: (recording: Recording) => void,
  ): Promise<DatabasePart> {
    const stage = await Stage.set(charm, options, () => ({ jobs: [], names: [] }), onRecording);
    const part = new DatabasePart(stage, charm.observation.actions);
    await part.giveStorage("first");
    return part;
  }

  /** Tells the backup manager which storage to use. */
  async giveStorage(name: string): Promise<void> {
    const storage = {
      bucket: `bucket-${name}`,
      "access-key": `access-${name}`,
      "secret-key": `secret-${name}`,
      path: `/kit/${name}`,
      endpoint: "https://s3.kit.internal",
      region: "kit-1",
    };
    const { juju, storageRelation } = this.stage;
    if (storageRelation === undefined) return;
    this.stage.recording.add({ kind: "storage", storage });
    await juju.writeDatabag(storageRelation, storageApplication, storage);
    await this.stage.settle();
  }

  /**
   * Asks for a backup, as an admin.
   *
   * @returns The job's id; undefined where the charm has no such action, or requested nothing.
   */
  async requestBackup(): Promise<string | undefined> {
    await this.#ask("backup", this.#actions.backup, {});
    await this.stage.settle();
    return this.#newJob();
  }

  /** Asks for a restore of an artefact, as an admin. */
  async requestRestore(artefact: string): Promise<string | undefined> {
    await this.#ask("restore", this.#actions.restore, { artefact });
    await this.stage.settle();
    return this.#newJob();
  }

  /** Asks where jobs stand: each by itself and all together, as far as the charm has actions for that. */
  async look(...jobs: readonly (string | undefined)[]): Promise<void> {
    for (const job of jobs) {
      if (job !== undefined) await this.#ask("show", this.#actions.show, { job });
    }
    await this.#ask("list", this.#actions.list, {});
  }

  /** Asks that the history of completed jobs be cleared. */
  async clear(): Promise<void> {
    await this.#ask("clear", this.#actions.clear, {});
    await this.stage.settle();
  }

  /**
   * Reports jobs in a unit's databag, in the place of what stood there.
   *
   * @param reports Each a job's id with what its report says besides what it repeats, or anything else as it is.
   */
  async report(reports: readonly unknown[], unit = `${this.stage.other}/0`): Promise<void> {
    const standing = this.#requests();
    const jobs = reports.map((report) => {
      if (!isObject(report)) return report;
      const { of: id, ...fields } = report;
      const asked = standing.find((job) => job["job-id"] === id);
      return asked === undefined ? fields : { ...repeated(asked), ...fields };
    });
    await this.writeReports(JSON.stringify(jobs), unit);
  }

  /** Writes a text in the place of a unit's list of jobs. */
  async writeReports(jobs: string, unit = `${this.stage.other}/0`): Promise<void> {
    await this.stage.juju.writeDatabag(this.stage.relation, unit, { jobs });
  }

  async #ask(
    purpose: Purpose,
    action: AdminAction | undefined,
    about: { readonly job?: string; readonly artefact?: string },
  ): Promise<void> {
    const unit = this.stage.juju.leader(this.stage.judged) ?? this.stage.units[0];
    // A charm need not have every action that the file, or the example, names.
    if (action === undefined || unit === undefined || !this.stage.hasAction(action.name)) return;
    const asked: Asked = { purpose, unit, ...about };
    this.stage.recording.add({ kind: "asked", ...asked });
    let told = await this.#told(asked, action);
    const changes = purpose === "backup" || purpose === "restore" || purpose === "clear";
    if (!changes && !this.stage.wouldBeContent(told)) {
      await this.stage.giveHooks();
      told = await this.#told(asked, action);
    }
    this.stage.recording.add(told);
  }

  async #told(asked: Asked, action: AdminAction): Promise<Occurrence> {
    const ended = await this.stage.act(
      asked.unit,
      action.name,
      parametersOf(action, asked, this.stage.other),
    );
    const results = Object.entries(ended?.results ?? {}).map(([key, value]) => `${key}: ${value}`);
    const { message = "it does not end", status = "aborted" } = ended ?? {};
    const text = [...results, message].filter((line) => line !== "").join("\n");
    return { kind: "told", ...asked, done: status === "completed", text: text.slice(0, longestText) };
  }

  #requests(): readonly Job[] {
    try {
      const databag = this.stage.juju.databag(this.stage.relation, this.stage.judged);
      return readList(databag, "jobs").items.filter(isObject);
    } catch {
      // The relation is no more.
      return [];
    }
  }

  #newJob(): string | undefined {
    const ids = this.#requests().flatMap((job) => stringAt(job, "job-id") ?? []);
    const id = ids.findLast((each) => !this.#seen.has(each));
    for (const each of ids) this.#seen.add(each);
    return id;
  }
}

/** What a report repeats of its request. */
function repeated(asked: Job): Job {
  const storage = asked["storage-config"];
  const repeats = ["job-id", "job-type", "job-config", "storage-interface"].map((field) => [
    field,
    asked[field],
  ]);
  return {
    ...Object.fromEntries(repeats),
    "storage-config": { ...(isObject(storage) ? storage : {}), "access-key": "", "secret-key": "" },
  };
}

function parametersOf(
  action: AdminAction,
  { job, artefact }: Asked,
  database: string,
): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(action.parameters).map(([name, value]) => [
      name,
      value
        .replaceAll("{job-id}", job ?? "")
        .replaceAll("{artefact-path}", artefact ?? "")
        .replaceAll("{database}", database),
    ]),
  );
}
