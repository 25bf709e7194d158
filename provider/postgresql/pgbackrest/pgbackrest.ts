/**
 * The client of pgBackRest: argument lists, exit codes, time limits. Keys reach it through a configuration file only.
 *
 * @module
 */
import { unlink } from "node:fs/promises";
import { join } from "node:path";
import type { Failure } from "../../../lib/job/report.ts";
import type { BackupType, Retention } from "../../../lib/job/request.ts";
import type { StorageConfig } from "../../../lib/job/storage-config.ts";
import { describeEnd, type RunResult } from "../../../lib/process/run.ts";
import { thrownText } from "../../../lib/thrown.ts";
import type { WalSegment } from "../checks/wal-evidence.ts";
import type { DatabaseUser } from "../database-user.ts";
import { ExecutorError } from "../../../lib/errors.ts";
import { cancelledFailure, oneLine } from "../job-failure.ts";
import type { Settings } from "../options.ts";
import { ManifestReader, type BackupManifest } from "./backup-manifest.ts";
import { caChain, renderConfig } from "./pgbackrest-config.ts";
import { pgBackRestFailure, stalledFailure, unreadableRepository } from "./pgbackrest-errors.ts";
import { parseInfo, type RepositoryInfo } from "./pgbackrest-info.ts";
import { parseVersion, type Version } from "./pgbackrest-version.ts";
import { endPgBackRest } from "../processes.ts";
import { parseHistory, type Ancestor, type Timeline } from "./timeline-history.ts";

/** How pgBackRest names the types of backup. */
export const backupTypeArguments: Readonly<Record<BackupType, string>> = {
  full: "full",
  differential: "diff",
  incremental: "incr",
};

/** A line of a manifest names one file, whose path PostgreSQL keeps below 1 KiB, or it lists the labels of a chain. */
const maxManifestLineBytes = 1024 * 1024;

/** What `repo-ls` says of a file or folder. */
interface ListedFile {
  readonly size?: number;
  /** Seconds since 1970. */
  readonly time?: number;
}

/** The client of pgBackRest, for one configuration file. */
export class PgBackRest {
  readonly configFile: string;
  readonly #settings: Settings;
  readonly #user: DatabaseUser;

  private constructor(settings: Settings, user: DatabaseUser, configFile: string) {
    this.#settings = settings;
    this.#user = user;
    this.configFile = configFile;
  }

  /** The client for a configuration file that is there already. */
  static existing(settings: Settings, user: DatabaseUser, configFile: string): PgBackRest {
    return new PgBackRest(settings, user, configFile);
  }

  /**
   * Writes the configuration file for a storage, over the one that stands there, and gives the client for it.
   *
   * @throws ExecutorError `work-directory-closed` where the database user cannot read it.
   */
  static async configure(
    settings: Settings,
    user: DatabaseUser,
    configFile: string,
    storage: StorageConfig,
    stanza: string = settings.stanza,
  ): Promise<PgBackRest> {
    const folder = settings.files.pgbackrest;
    await user.makeDirectory(folder, 0o750);
    for (const name of ["log", "lock", "spool"]) await user.makeDirectory(join(folder, name), 0o750);
    const caFile = `${configFile}.ca.crt`;
    const chain = caChain(storage);
    if (chain !== undefined) await user.writeFile(caFile, chain, 0o644);
    const { dataDirectory, socketDirectory, port, user: name } = settings.postgresql;
    const context = { stanza, dataDirectory, socketDirectory, port, user: name, folder, caFile };
    await user.writeFile(
      configFile,
      renderConfig(storage, { ...context, processMax: settings.processMax }),
      0o600,
    );
    const readable = await user.run(["test", "-r", configFile], { timeoutMs: 10_000 });
    if (readable.exitCode !== 0)
      throw new ExecutorError({
        code: "work-directory-closed",
        message: `The database user "${name}" cannot read ${configFile}, because a directory above it is closed to that user.`,
        remedy: `Open the directories above ${configFile} to the user (chmod o+x), or set the option pgbackrest.configFile.`,
      });
    return new PgBackRest(settings, user, configFile);
  }

  /**
   * The version that is installed; undefined where its answer is no version.
   *
   * @throws ExecutorError `pgbackrest-missing`.
   */
  static async version(settings: Settings, user: DatabaseUser): Promise<Version | undefined> {
    const result = await user.run([settings.program, "version"], { timeoutMs: settings.timeLimits.readMs });
    if (result.startFailure !== undefined) throw new ExecutorError(commandFailure("version", result));
    return parseVersion(result.stdout);
  }

  /** Removes the configuration file and what was written beside it. */
  async forget(): Promise<void> {
    for (const file of [this.configFile, `${this.configFile}.ca.crt`])
      await unlink(file).catch(() => undefined);
  }

  /**
   * What the repository holds, of all stanzas.
   *
   * @throws ExecutorError `repository-unreadable` where it cannot be read.
   */
  async info(signal?: AbortSignal): Promise<Extract<RepositoryInfo, { readable: true }>> {
    const result = await this.#run(["--output=json", "info"], this.#settings.timeLimits.readMs, signal);
    this.#must("info", result);
    let info: RepositoryInfo;
    try {
      info = parseInfo(result.stdout);
    } catch (error) {
      throw new ExecutorError(
        unreadableRepository(
          `pgBackRest's answer cannot be understood: ${error instanceof Error ? error.message : "no reason"}`,
        ),
        error,
      );
    }
    if (!info.readable) throw new ExecutorError(unreadableRepository(info.reason));
    return info;
  }

  /** The timelines that have a history file in a folder of the WAL archive, for example `15-1`. */
  async timelines(stanza: string, archiveId: string, signal?: AbortSignal): Promise<readonly Timeline[]> {
    // Not --recurse: that lists every WAL segment, and history files lie at the top.
    const listed = await this.#list(`archive/${stanza}/${archiveId}`, signal, "--filter=\\.history$");
    return Object.entries(listed)
      .map(([name, { time }]) => ({ match: /^([0-9A-F]{8})\.history$/.exec(name), time }))
      .filter(({ match }) => match !== null)
      .map(({ match, time }) => ({ timeline: Number.parseInt(match?.[1] ?? "", 16), recordedAt: time ?? 0 }))
      .toSorted((a, b) => a.timeline - b.timeline);
  }

  /** The names of what lies beside a stanza's backups, among them the labels of those that were never finished. */
  async backupFolders(stanza: string, signal?: AbortSignal): Promise<readonly string[]> {
    return Object.keys(await this.#list(`backup/${stanza}`, signal));
  }

  /** The timelines from which one descends; none where its history file is not in the repository. */
  async ancestors(
    stanza: string,
    archiveId: string,
    timeline: number,
    signal?: AbortSignal,
  ): Promise<readonly Ancestor[]> {
    const name = `${timeline.toString(16).toUpperCase().padStart(8, "0")}.history`;
    const result = await this.#run(
      ["--ignore-missing", "repo-get", `archive/${stanza}/${archiveId}/${name}`],
      this.#settings.timeLimits.readMs,
      signal,
    );
    // With --ignore-missing a file that is not there is exit code 1 and no error.
    if (result.exitCode === 1) return [];
    this.#must("repo-get", result);
    return parseHistory(result.stdout);
  }

  /**
   * What a backup consists of; undefined where its manifest is not in the repository, nor the copy of it.
   *
   * @throws ExecutorError `backup-manifest-unreadable`
   */
  async manifest(stanza: string, label: string, signal?: AbortSignal): Promise<BackupManifest | undefined> {
    for (const name of ["backup.manifest", "backup.manifest.copy"]) {
      const reader = new ManifestReader(label);
      let fault: unknown;
      const result = await this.#user.run(
        [
          this.#settings.program,
          `--config=${this.configFile}`,
          "--ignore-missing",
          "repo-get",
          `backup/${stanza}/${label}/${name}`,
        ],
        {
          timeoutMs: this.#settings.timeLimits.fileMs,
          onLine: (line) => {
            try {
              reader.line(line);
            } catch (error) {
              fault ??= error;
            }
          },
          maxLineBytes: maxManifestLineBytes,
          ...(signal === undefined ? {} : { signal }),
        },
      );
      if (result.exitCode === 1) continue;
      this.#must("repo-get", result);
      try {
        if (fault !== undefined) throw fault;
        return reader.end();
      } catch (error) {
        throw new ExecutorError(
          {
            code: "backup-manifest-unreadable",
            message: `The manifest of the backup ${label} cannot be read: ${oneLine(thrownText(error))}.`,
            remedy: "Restore another backup, and find out what has changed the objects in the bucket.",
          },
          error,
        );
      }
    }
    return undefined;
  }

  /** The sizes of the files in a backup's folder, in bytes, by their path in it; none where there is no such folder. */
  async backupFiles(
    stanza: string,
    label: string,
    signal?: AbortSignal,
  ): Promise<ReadonlyMap<string, number>> {
    const listed = await this.#list(`backup/${stanza}/${label}`, signal, "--recurse");
    const sizes = Object.entries(listed).flatMap(([path, { size }]): [string, number][] =>
      size === undefined ? [] : [[path, size]],
    );
    return new Map(sizes);
  }

  /** The folders of the WAL archive, for example `0000000100000000`. */
  async walFolders(stanza: string, archiveId: string, signal?: AbortSignal): Promise<readonly string[]> {
    const listed = await this.#list(`archive/${stanza}/${archiveId}`, signal, "--filter=^[0-9A-F]{16}$");
    return Object.keys(listed).filter((name) => /^[0-9A-F]{16}$/.test(name));
  }

  /** The whole segments in a folder of the WAL archive. */
  async walSegments(
    stanza: string,
    archiveId: string,
    folder: string,
    signal?: AbortSignal,
  ): Promise<readonly WalSegment[]> {
    const listed = await this.#list(`archive/${stanza}/${archiveId}/${folder}`, signal);
    return Object.entries(listed).flatMap(([file, { time }]) => {
      const name = /^([0-9A-F]{24})-[0-9a-f]{40}(?:\.\w+)?$/.exec(file)?.[1];
      return name === undefined ? [] : [{ name, recordedAt: time ?? 0 }];
    });
  }

  /** Creates the stanza; does nothing where it is there already. */
  async stanzaCreate(signal?: AbortSignal): Promise<void> {
    const own = [`--stanza=${this.#settings.stanza}`, "stanza-create"];
    this.#must("stanza-create", await this.#run(own, this.#settings.timeLimits.stanzaMs, signal));
  }

  /**
   * Proves that WAL reaches the repository.
   *
   * @param archiveTimeoutS How long to wait for a segment, in seconds. Default: pgBackRest's own, a minute.
   */
  async check(signal?: AbortSignal, archiveTimeoutS?: number): Promise<void> {
    const patience = archiveTimeoutS === undefined ? [] : [`--archive-timeout=${archiveTimeoutS}`];
    const own = [`--stanza=${this.#settings.stanza}`, ...patience, "check"];
    this.#must("check", await this.#run(own, this.#settings.timeLimits.checkMs, signal));
  }

  /**
   * Makes a backup. It takes as long as it takes, and is ended where it copies no file for too long: a full storage
   * server may take an upload and never answer, and pgBackRest tries again and again.
   *
   * @param onLine Called with each line of its log, one of them per file.
   * @param primary The arguments by which a replica reaches the primary. Default: this is the primary.
   */
  async backup(
    type: BackupType,
    compression: boolean,
    signal: AbortSignal,
    onLine: (line: string) => void,
    primary: readonly string[] = [],
  ): Promise<void> {
    const result = await this.#user.run(
      [
        this.#settings.program,
        `--config=${this.configFile}`,
        `--stanza=${this.#settings.stanza}`,
        `--type=${backupTypeArguments[type]}`,
        `--compress-type=${compression ? "zst" : "none"}`,
        "--no-expire-auto",
        ...(primary.length === 0 ? [] : ["--backup-standby", ...primary]),
        "--log-level-stderr=off",
        "--log-level-console=detail",
        "backup",
      ],
      { signal, onLine, silenceMs: this.#settings.timeLimits.fileMs },
    );
    // Cut off, it leaves behind those that copied for it, and they keep its lock. Where it failed by itself they are
    // not ours: perhaps somebody else's backup is why it failed.
    if (result.exitCode === undefined || result.endedBy !== undefined) await endPgBackRest(this.configFile);
    this.#must("backup", result);
  }

  /** Deletes the backups that need not be kept, and the WAL that none of the others needs. */
  async expire(retention: Retention, signal?: AbortSignal): Promise<void> {
    const [type, amount] = "full" in retention ? ["count", retention.full] : ["time", retention.days];
    const args = [
      `--stanza=${this.#settings.stanza}`,
      `--repo1-retention-full-type=${type}`,
      `--repo1-retention-full=${amount}`,
      "expire",
    ];
    this.#must("expire", await this.#run(args, this.#settings.timeLimits.fileMs, signal));
  }

  async #list(
    path: string,
    signal: AbortSignal | undefined,
    ...options: readonly string[]
  ): Promise<Readonly<Record<string, ListedFile>>> {
    const args = ["--output=json", ...options, "repo-ls", path];
    const result = await this.#run(args, this.#settings.timeLimits.readMs, signal);
    this.#must("repo-ls", result);
    const listed: Readonly<Record<string, ListedFile>> = JSON.parse(result.stdout);
    return listed;
  }

  #run(args: readonly string[], timeoutMs: number, signal: AbortSignal | undefined): Promise<RunResult> {
    return this.#user.run([this.#settings.program, `--config=${this.configFile}`, ...args], {
      timeoutMs,
      maxOutputBytes: 64 * 1024 * 1024,
      ...(signal === undefined ? {} : { signal }),
    });
  }

  #must(command: string, result: RunResult): void {
    if (result.exitCode === 0 && result.endedBy === undefined) return;
    throw new ExecutorError(commandFailure(command, result));
  }
}

/** The failure that stands for a command that did not end well. */
export function commandFailure(command: string, result: RunResult): Failure {
  if (result.endedBy === "abort") return cancelledFailure;
  if (result.endedBy === "time-out")
    return {
      code: "pgbackrest-time-out",
      message: `pgBackRest's ${command} ${describeEnd(result)}.`,
      remedy: "Check the network between this machine and the storage, then request the job again.",
    };
  if (result.endedBy === "silence") return stalledFailure(command);
  if (result.startFailure !== undefined)
    return {
      code: "pgbackrest-missing",
      message: `pgBackRest ${describeEnd(result)}.`,
      remedy: "Install pgBackRest, or set the option pgbackrest.program to where it is.",
    };
  if (result.exitCode === undefined)
    return {
      code: "pgbackrest-killed",
      message: `pgBackRest's ${command} ${describeEnd(result)}.`,
      remedy:
        "Find out who or what killed it (memory running out is a frequent cause), then request the job again.",
    };
  return pgBackRestFailure(command, result.exitCode, `${result.stdout}\n${result.stderr}`);
}
