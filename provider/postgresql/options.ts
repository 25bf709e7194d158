/**
 * What the PostgreSQL executor is told, and the files that it keeps.
 *
 * @module
 */
import { cpus } from "node:os";
import { join } from "node:path";
import type { ExecutorEnvironment } from "../../lib/executor.ts";
import type { SynchronousReplicas } from "./cluster/synchronous-settings.ts";

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

/** How pgBackRest's TLS server is started and stopped. */
export type TlsServerServiceOptions =
  | {
      readonly kind: "systemd";
      /** A unit that runs `pgbackrest --config=<tls.configFile> server` as the database user. */
      readonly unit: string;
    }
  /** A detached process, with its pid and its log in the work directory. */
  | { readonly kind: "process" };

/**
 * How the members of a cluster reach each other's pgBackRest. TLS is on while the three files are there.
 *
 * @see https://pgbackrest.org/user-guide.html#tls-server
 */
export interface TlsOptions {
  /** The private key, PEM, of mode 0600, owned by the database user: pgBackRest takes no other. */
  readonly keyFile: string;
  /** The certificate, PEM. It serves and asks, so its extended key usage, if it has one, names both. */
  readonly certificateFile: string;
  /** The authority that signed the certificates of all members, PEM. */
  readonly caFile: string;
  /**
   * The name by which the other members reach this one. The certificate must have it as a DNS name: pgBackRest looks at
   * no other kind.
   */
  readonly address: string;
  /** The port of this member's TLS server. Default: 8432. */
  readonly port?: number;
  /** Where it listens. Default: `*`. */
  readonly listenAddress?: string;
  /** Where the configuration of the TLS server is written. It holds no keys. Default: in the work directory. */
  readonly configFile?: string;
  readonly service: TlsServerServiceOptions;
}

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
    /** Patroni's name of this member. Default: the unit's, with a hyphen for the slash. */
    readonly member?: string;
    readonly service: PatroniServiceOptions;
    /**
     * For how many replicas a transaction waits, where Patroni's synchronous mode is on: for all of them, for so many that
     * they and the primary are a majority, or for a number. Default: as Patroni's dynamic configuration says.
     */
    readonly synchronousReplicas?: SynchronousReplicas;
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
  /** For a cluster of several units. Default: none, and only the primary makes backups. */
  readonly tls?: TlsOptions;
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
      /**
       * For an outage of the storage while files are copied: so long nothing may be copied and the storage answer nobody.
       * Default: 5 minutes.
       */
      readonly outageMs?: number;
      /** For the answer of another member's TLS server. Default: 5 seconds. */
      readonly pingMs?: number;
    };
  };
}

/** The options with their defaults filled in, and the paths that follow from them. */
export interface Settings {
  readonly stanza: string;
  readonly allowRestore: boolean;
  readonly patroni: Required<Omit<PostgresqlOptions["patroni"], "synchronousReplicas">> &
    Pick<PostgresqlOptions["patroni"], "synchronousReplicas">;
  readonly tls: Required<TlsOptions> | undefined;
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
    /** Which repositories are this cluster's and which are others'. Holds no keys. */
    readonly ownership: string;
    /** What was found out about the storage that is related. Holds no keys. */
    readonly archivingRecord: string;
    /** What a restore has done so far. */
    readonly restoreJournal: string;
    /** What the units of the cluster have told each other. Holds no keys. */
    readonly members: string;
    /** What this unit asked to have signed for the TLS between the members. Holds its key. */
    readonly certificateRequest: string;
    /** The folder of pgBackRest's own files, owned by the database user. */
    readonly pgbackrest: string;
    /** Patroni's additional configuration during a restore. */
    readonly overlay: string;
    /** Patroni's additional configuration during a backup. */
    readonly backupOverlay: string;
    /** Patroni's additional configuration with the cluster's passwords. */
    readonly passwordsOverlay: string;
    /** Patroni's additional configuration that has this member of a cluster archive with its own settings. */
    readonly archiveOverlay: string;
  };
}

/** pgBackRest's own. */
const defaultTlsPort = 8432;
const minuteMs = 60_000;
const defaultTimeLimits: Settings["timeLimits"] = {
  readMs: 2 * minuteMs,
  stanzaMs: 3 * minuteMs,
  checkMs: 4 * minuteMs,
  fileMs: 30 * minuteMs,
  outageMs: 5 * minuteMs,
  pingMs: 5_000,
};

/** Fills in the defaults. */
export function settingsOf(options: PostgresqlOptions, environment: ExecutorEnvironment): Settings {
  const pgbackrest = join(environment.workDirectory, "pgbackrest");
  return {
    stanza: options.stanza ?? environment.application,
    allowRestore: options.allowRestore ?? true,
    patroni: { member: environment.unit.replace("/", "-"), ...options.patroni },
    tls:
      options.tls === undefined
        ? undefined
        : {
            port: defaultTlsPort,
            listenAddress: "*",
            configFile: join(pgbackrest, "server.conf"),
            ...options.tls,
          },
    postgresql: { user: "postgres", ...options.postgresql },
    program: options.pgbackrest?.program ?? "pgbackrest",
    processMax: options.pgbackrest?.processMax ?? Math.max(1, Math.floor(cpus().length / 2)),
    timeLimits: { ...defaultTimeLimits, ...options.pgbackrest?.timeLimits },
    environment,
    files: {
      archiveConfig: options.pgbackrest?.configFile ?? join(pgbackrest, "archive.conf"),
      restoreConfig: join(pgbackrest, "restore.conf"),
      archiveStorage: join(environment.workDirectory, "archive-storage.json"),
      ownership: join(environment.workDirectory, "repositories.json"),
      archivingRecord: join(environment.workDirectory, "archiving.json"),
      members: join(environment.workDirectory, "members.json"),
      certificateRequest: join(environment.workDirectory, "certificate-request.json"),
      restoreJournal: join(environment.workDirectory, "restore.json"),
      pgbackrest,
      overlay: join(options.patroni.configDirectory, "zz-database-backup-restore.yml"),
      backupOverlay: join(options.patroni.configDirectory, "zz-database-backup-in-progress.yml"),
      passwordsOverlay: join(options.patroni.configDirectory, "zz-database-backup-passwords.yml"),
      archiveOverlay: join(options.patroni.configDirectory, "zz-database-backup-archive.yml"),
    },
  };
}
