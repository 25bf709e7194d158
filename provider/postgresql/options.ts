/**
 * What the PostgreSQL executor is told, and the files that it keeps.
 *
 * @module
 */
import { cpus } from "node:os";
import { join } from "node:path";
import type { ExecutorEnvironment } from "../../lib/executor.ts";

/** How Patroni is started and stopped. */
export type PatroniServiceOptions =
  | {
      readonly kind: "systemd";
      /** For example `patroni.service`. */
      readonly unit: string;
    }
  | {
      readonly kind: "process";
      /** Where the pid of the Patroni that was started last is written. */
      readonly pidFile: string;
      /** The command that runs Patroni in the foreground, for example `["patroni", "/etc/patroni"]`. */
      readonly argv: readonly [string, ...string[]];
      /** Where its output is appended. */
      readonly logFile: string;
      /** The unix user it runs as. */
      readonly user: string;
      /** More of its environment; it gets PATH, HOME, LANG and TZ anyway. Default: nothing. */
      readonly environment?: Readonly<Record<string, string>>;
    };

/** The options of the PostgreSQL executor: plain JSON. */
export interface PostgresqlOptions {
  /**
   * The name under which pgBackRest keeps this cluster in a repository. Two clusters that share a path need two names.
   * Default: the application's name.
   */
  readonly stanza?: string;
  /** Whether the database may be restored, by whomever. Default: true. */
  readonly allowRestore?: boolean;
  readonly patroni: {
    /**
     * A directory of YAML files that Patroni is started with and merges in alphabetical order. During a restore the
     * executor adds one file to it and removes it afterwards; the other files are never touched.
     */
    readonly configDirectory: string;
    /** For example `http://127.0.0.1:8008`. */
    readonly restUrl: string;
    /** Patroni's name of the cluster. */
    readonly scope: string;
    readonly service: PatroniServiceOptions;
  };
  readonly postgresql: {
    readonly dataDirectory: string;
    /** Where `psql` and `pg_controldata` of the server's version are. */
    readonly binDirectory: string;
    readonly socketDirectory: string;
    readonly port: number;
    /** The unix user that owns the data directory, and the superuser of the same name. Default: `postgres`. */
    readonly user?: string;
  };
  readonly pgbackrest?: {
    /** Default: `pgbackrest`, looked up on PATH. */
    readonly program?: string;
    /**
     * Where the configuration that WAL is archived with is written; every directory above it must be open to the
     * database user. Default: in the work directory.
     */
    readonly configFile?: string;
    /** How many processes copy files. Default: half the processors, at least one. */
    readonly processMax?: number;
    /** After how long pgBackRest is taken to hang, in milliseconds. It is ended then, and the job fails. */
    readonly timeLimits?: {
      /** For reading from the repository. Default: 2 minutes. */
      readonly readMs?: number;
      /** For creating the stanza. Default: 3 minutes. */
      readonly stanzaMs?: number;
      /** For proving that WAL reaches the repository, for which pgBackRest itself waits a minute. Default: 4 minutes. */
      readonly checkMs?: number;
      /**
       * For a backup or a restore between two files: it has no other limit. A file of 1 GiB, the largest that PostgreSQL
       * writes, must be copied in that time. And for expiring old backups. Default: 30 minutes.
       */
      readonly fileMs?: number;
    };
  };
}

/** The options with their defaults filled in, and the paths that follow from them. */
export interface Settings {
  readonly stanza: string;
  readonly allowRestore: boolean;
  readonly patroni: PostgresqlOptions["patroni"];
  readonly postgresql: Required<PostgresqlOptions["postgresql"]>;
  readonly program: string;
  readonly processMax: number;
  readonly timeLimits: Required<NonNullable<NonNullable<PostgresqlOptions["pgbackrest"]>["timeLimits"]>>;
  readonly environment: ExecutorEnvironment;
  readonly files: {
    /** The configuration that WAL is archived and backups are made with. Holds keys. */
    readonly archiveConfig: string;
    /** The configuration of the restore under way. Holds keys. */
    readonly restoreConfig: string;
    /** Which repository this cluster archives to. Holds no keys. */
    readonly archiveStorage: string;
    /** What was found out about the storage that is related. Holds no keys. */
    readonly archivingRecord: string;
    /** What a restore has done so far. */
    readonly restoreJournal: string;
    /** The folder of pgBackRest's own files, owned by the database user. */
    readonly pgbackrest: string;
    /** Patroni's additional configuration during a restore. */
    readonly overlay: string;
  };
}

const minuteMs = 60_000;
const defaultTimeLimits: Settings["timeLimits"] = {
  readMs: 2 * minuteMs,
  stanzaMs: 3 * minuteMs,
  checkMs: 4 * minuteMs,
  fileMs: 30 * minuteMs,
};

/** Fills in the defaults. */
export function settingsOf(options: PostgresqlOptions, environment: ExecutorEnvironment): Settings {
  const pgbackrest = join(environment.workDirectory, "pgbackrest");
  return {
    stanza: options.stanza ?? environment.application,
    allowRestore: options.allowRestore ?? true,
    patroni: options.patroni,
    postgresql: { user: "postgres", ...options.postgresql },
    program: options.pgbackrest?.program ?? "pgbackrest",
    processMax: options.pgbackrest?.processMax ?? Math.max(1, Math.floor(cpus().length / 2)),
    timeLimits: { ...defaultTimeLimits, ...options.pgbackrest?.timeLimits },
    environment,
    files: {
      archiveConfig: options.pgbackrest?.configFile ?? join(pgbackrest, "archive.conf"),
      restoreConfig: join(pgbackrest, "restore.conf"),
      archiveStorage: join(environment.workDirectory, "archive-storage.json"),
      archivingRecord: join(environment.workDirectory, "archiving.json"),
      restoreJournal: join(environment.workDirectory, "restore.json"),
      pgbackrest,
      overlay: join(options.patroni.configDirectory, "zz-database-backup-restore.yml"),
    },
  };
}
