/**
 * Every error with which pgBackRest ends, what it means here and what to do about it.
 *
 * pgBackRest's exit code is the error's number. The names are its own; causes and remedies are written for somebody
 * who reads them at night.
 *
 * @module
 */
import type { Failure } from "../../../lib/job/report.ts";
import { s3RefusalIn, type S3Refusal } from "../../../lib/storage/s3-refusals.ts";
import { oneLine } from "../job-failure.ts";

/** Where the trouble lies. */
export type ErrorCategory =
  "configuration" | "credentials" | "database" | "files" | "internal" | "network" | "repository" | "state";

/** One of pgBackRest's errors. */
export interface PgBackRestError {
  /** The exit code. */
  readonly code: number;
  readonly name: string;
  readonly category: ErrorCategory;
  /** Whether the same job may succeed later without anybody changing anything. */
  readonly retryable: boolean;
  readonly cause: string;
  /** One imperative sentence. */
  readonly remedy: string;
}

const readLog = "Read the job's log, and report the error if the log does not explain it.";
const checkConfiguration = "Check the executor's options and the request's storage configuration.";
const checkDisk = "Check the file system that the log names: free space, permissions and hardware.";
const checkDatabase =
  "Check that PostgreSQL runs and that its data directory is the one in the executor's options.";
const checkNetwork = "Check the network between this machine and the storage, then request the job again.";
const otherPath = "Use another storage path for this cluster, or restore the repository's own cluster first.";

const restoreAnother =
  "Restore another backup, make a full one now, and check the storage and the disk for corruption.";

type Row = readonly [number, string, ErrorCategory, boolean, string, string];

// prettier-ignore
const rows: readonly Row[] = [
  [25, "assert", "internal", false, "pgBackRest found a fault in itself.", readLog],
  [26, "checksum", "repository", false, "A file does not have the checksum it was stored with.", "Take a full backup now, and check the storage and the disk for corruption."],
  [27, "config", "configuration", false, "pgBackRest's configuration cannot be used.", checkConfiguration],
  [28, "file-invalid", "repository", false, "The repository's records do not fit this database.", otherPath],
  [29, "format", "repository", false, "A file or a value does not have the form that is expected.", "Check that the endpoint is an S3 server with https, and that nothing else writes to the path."],
  [30, "command-required", "internal", false, "pgBackRest was started without a command.", readLog],
  [31, "option-invalid", "configuration", false, "An option is not allowed here; this version of pgBackRest may not know it.", "Install pgBackRest 2.39 or newer."],
  [32, "option-invalid-value", "configuration", false, "An option has a value that cannot be used.", checkConfiguration],
  [37, "option-required", "configuration", false, "An option that is needed is missing.", checkConfiguration],
  [38, "pg-running", "state", false, "PostgreSQL runs although it must be stopped for this.", "Stop whatever started PostgreSQL outside Patroni, then request the job again."],
  [39, "protocol", "credentials", false, "The storage server refused what pgBackRest asked of it.", "Check access key, secret key, bucket and region of the storage configuration."],
  [40, "path-not-empty", "files", false, "A directory that must be empty is not.", "Empty or move the directory that the log names, then request the job again."],
  [41, "file-open", "files", false, "A file cannot be opened.", "Check that the database user may read and write the file that the log names."],
  [42, "file-read", "files", false, "A file cannot be read.", checkDisk],
  [43, "param-required", "internal", false, "pgBackRest was started without a parameter that it needs.", readLog],
  [44, "archive-mismatch", "repository", false, "The WAL belongs to another database than the repository.", otherPath],
  [45, "archive-duplicate", "repository", false, "A WAL segment of this name but other content is in the repository already.", "Make sure that only this cluster archives to the path, or use another path."],
  [46, "version-not-supported", "database", false, "This pgBackRest does not support the version of PostgreSQL.", "Install a pgBackRest that supports the server's version."],
  [47, "path-create", "files", false, "A directory cannot be made.", checkDisk],
  [48, "command-invalid", "internal", false, "This pgBackRest does not know the command.", "Install pgBackRest 2.39 or newer."],
  [49, "host-connect", "network", true, "A server cannot be reached.", checkNetwork],
  [50, "lock-acquire", "state", true, "Another pgBackRest process of this cluster is at work.", "Wait for it to end, or end it, then request the job again."],
  [51, "backup-mismatch", "repository", false, "The backup does not belong to this database.", otherPath],
  [52, "file-sync", "files", false, "A file could not be made durable.", checkDisk],
  [53, "path-open", "files", false, "A directory cannot be opened.", "Check that the database user may read the directory that the log names."],
  [54, "path-sync", "files", false, "A directory could not be made durable.", checkDisk],
  [55, "file-missing", "repository", false, "A file is missing.", "Check that the stanza was created at this path and that nobody deleted objects from the bucket."],
  [56, "db-connect", "database", true, "PostgreSQL does not accept connections.", checkDatabase],
  [57, "db-query", "database", true, "PostgreSQL refused a query.", "Read PostgreSQL's log for the query that failed."],
  [58, "db-mismatch", "database", false, "The running database is not the one in the data directory.", checkDatabase],
  [60, "file-remove", "files", false, "A file cannot be removed.", checkDisk],
  [61, "path-remove", "files", false, "A directory cannot be removed.", checkDisk],
  [62, "stop", "state", false, "pgBackRest was told to stop on this machine.", "Run `pgbackrest start`, then request the job again."],
  [63, "term", "state", true, "pgBackRest was ended by a signal.", "Request the job again if it was not meant to end."],
  [64, "file-write", "files", false, "A file cannot be written.", "Check the free space and the quota of the storage and of the local disk."],
  [67, "feature-not-supported", "configuration", false, "pgBackRest does not support what was asked.", checkConfiguration],
  [68, "archive-command-invalid", "database", false, "PostgreSQL's archive_command does not call pgBackRest.", "Remove archive_command from Patroni's own configuration files, where it overrides the one set by the job."],
  [69, "link-expected", "files", false, "A symbolic link is expected where there is none.", checkDisk],
  [70, "link-destination", "files", false, "Two links, or a link and a directory, lead to the same place.", "Give each tablespace a directory of its own outside the data directory."],
  [72, "host-invalid", "configuration", false, "pgBackRest cannot find the host of the database or the repository.", checkConfiguration],
  [73, "path-missing", "files", false, "A directory is missing.", "Check that the directory that the log names exists."],
  [74, "file-move", "files", false, "A file cannot be moved.", checkDisk],
  [75, "backup-set-invalid", "repository", false, "The backup to restore does not exist or is too young for the target.", "List the backups, and name one that ended before the wanted time."],
  [76, "tablespace-map", "configuration", false, "The tablespaces of the backup cannot be placed.", checkConfiguration],
  [78, "link-map", "configuration", false, "The links of the backup cannot be placed.", checkConfiguration],
  [79, "file-close", "files", false, "A file could not be closed.", checkDisk],
  [80, "db-missing", "database", false, "The repository knows no such database.", otherPath],
  [81, "db-invalid", "database", false, "The database is in no state to be backed up.", checkDatabase],
  [82, "archive-timeout", "network", true, "WAL did not reach the repository within the time limit.", "Read PostgreSQL's log for what archive_command says, and check the network to the storage."],
  [83, "file-mode", "files", false, "A file has permissions that it must not have.", "Check the permissions of the file that the log names."],
  [87, "archive-disabled", "database", false, "PostgreSQL does not archive WAL.", "Set archive_mode to on in Patroni's configuration and restart PostgreSQL."],
  [88, "file-owner", "files", false, "A file belongs to another user than expected.", "Give the file that the log names to the database user."],
  [89, "user-missing", "files", false, "A user or group does not exist.", "Create the user or group that the log names."],
  [93, "file-exists", "repository", false, "A file exists already.", "Make sure that only this cluster writes to the path."],
  [94, "memory", "internal", true, "There is not enough memory.", "Free memory on this machine, then request the job again."],
  [95, "crypto", "network", false, "The server's certificate or an encrypted file cannot be verified.", "Check tls-ca-chain, and that the server's certificate is valid for the endpoint's name today."],
  [96, "param-invalid", "internal", false, "pgBackRest was started with a parameter it does not know.", readLog],
  [97, "path-close", "files", false, "A directory could not be closed.", checkDisk],
  [98, "file-info", "files", false, "A file cannot be examined.", "Check that the database user may read the file that the log names."],
  [99, "json-format", "repository", false, "A record in the repository is damaged.", "Take a full backup to another path, and check the storage for corruption."],
  [100, "kernel", "internal", false, "The operating system refused a call.", readLog],
  [101, "service", "network", true, "The storage server failed.", "Check the storage server, then request the job again."],
  [102, "execute", "internal", false, "A program could not be started.", "Check that pgBackRest is installed completely and may be executed."],
  [103, "repo-invalid", "repository", false, "No repository can be read.", "Check the storage configuration: endpoint, bucket, path and keys."],
  [104, "command", "repository", false, "The command found errors, which it names in its log.", "Read the job's log for the errors."],
  [105, "access", "credentials", false, "Access was denied.", "Check that the credentials may read and write the bucket."],
  [106, "clock", "state", false, "This machine's clock went backwards since the last backup.", "Set the clock right, then request the job again."],
  [122, "runtime", "internal", false, "pgBackRest could not go on.", readLog],
  [124, "unhandled", "internal", false, "pgBackRest met an error that it does not handle.", readLog],
  [125, "unknown", "internal", false, "pgBackRest met an error that it does not know.", readLog],
];

/** All of pgBackRest's errors, by exit code. */
export const pgBackRestErrors: ReadonlyMap<number, PgBackRestError> = new Map(
  rows.map(([code, name, category, retryable, cause, remedy]) => [
    code,
    { code, name, category, retryable, cause, remedy },
  ]),
);

/**
 * The failure that stands for a pgBackRest command that ended with an error.
 *
 * @param command For example `backup`.
 * @param output What the command wrote; its first ERROR line goes into the message.
 */
export function pgBackRestFailure(command: string, exitCode: number, output: string): Failure {
  const known = pgBackRestErrors.get(exitCode);
  const refusal = s3RefusalIn(output);
  const said = refusal === undefined ? errorLine(output) : describeRefusal(refusal);
  const why = said ?? known?.cause ?? "It did not say why.";
  return {
    code: `pgbackrest-${exitCode}`,
    message: `pgBackRest's ${command} failed with error ${exitCode} (${known?.name ?? "not known"}): ${why}`,
    remedy: refusal?.remedy ?? (isDamage(command, why) ? restoreAnother : known?.remedy) ?? readLog,
  };
}

/** Whether a restore met a file whose bytes are not those that were stored. */
function isDamage(command: string, said: string): boolean {
  return command === "restore" && /\b(?:zst|lz4|gz|bz2) error\b|\bchecksum\b/.test(said);
}

/** The failure of a repository that cannot be read, with what pgBackRest said of it. */
export function unreadableRepository(reason: string): Failure {
  const refusal = s3RefusalIn(reason);
  const why = refusal === undefined ? oneLine(reason) : describeRefusal(refusal);
  return {
    code: "repository-unreadable",
    message: `pgBackRest cannot read the repository: ${why}`,
    remedy:
      refusal?.remedy ?? "Check endpoint, bucket, path, keys and tls-ca-chain of the storage configuration.",
  };
}

function describeRefusal({ name, why }: S3Refusal): string {
  return `the storage server answered ${name}: ${why}.`;
}

/** What the first ERROR line says, in one line of bounded length. */
export function errorLine(output: string): string | undefined {
  const found = /ERROR: \[\d+\]: (.*(?:\n\s+.*)*)/.exec(output)?.[1];
  return found === undefined ? undefined : oneLine(found).replace(/(?<![.!?…])$/, ".");
}

/** The failure that stands for a command that copied nothing for too long. */
export function stalledFailure(command: string): Failure {
  return {
    code: "pgbackrest-stalled",
    message: `pgBackRest's ${command} was ended because it had copied no file for too long.`,
    remedy:
      "Check that the storage has room and answers, or raise the option pgbackrest.timeLimits.fileMs where it is slow.",
  };
}
