/**
 * The PostgreSQL executor module: name it by URL in the provider's options.
 *
 * @module
 */
import type { Executor, ExecutorEnvironment } from "../../lib/executor.ts";
import type { StorageConfig } from "../../lib/job/storage-config.ts";
import type { ActionHandler } from "../../lib/juju/action.ts";
import type { Juju, UnitStatus } from "../../lib/juju/juju.ts";
import { ConfigurationError, isExecutorError } from "../../lib/errors.ts";
import { settleArchiving, type ArchivingDispatch } from "./archiving/settle-archiving.ts";
import { keepCertificate, type MemberCertificate } from "./cluster/certificates.ts";
import { settleClientUsers, type ClientUser } from "./cluster/client-users.ts";
import { settleClusterPasswords, type ClusterPasswords } from "./cluster/cluster-passwords.ts";
import { settleCertificate, type CertificateDispatch } from "./cluster/settle-certificate.ts";
import { settleCluster, type ClusterDispatch } from "./cluster/settle-cluster.ts";
import { PostgresqlExecutor } from "./executor.ts";
import { listEntries } from "./list.ts";
import { repositoryTable } from "./listing/repository-table.ts";
import type { RepositoryEntry } from "./listing/repository-entries.ts";
import { settingsOf, type PostgresqlOptions, type Settings } from "./options.ts";
import { assemble } from "./parts.ts";

export type { MemberCertificate } from "./cluster/certificates.ts";
export { isDatabaseName, type ClientUser } from "./cluster/client-users.ts";
export type { ClusterPasswords } from "./cluster/cluster-passwords.ts";
export type { ClusterEndpoints } from "./cluster/endpoints.ts";
export type { CertificateDispatch } from "./cluster/settle-certificate.ts";
export type { ClusterDispatch } from "./cluster/settle-cluster.ts";
export type { SynchronousReplicas } from "./cluster/synchronous-settings.ts";
export type { ArchivingDispatch } from "./archiving/settle-archiving.ts";
export type {
  BackupEntry,
  BackupState,
  RepositoryEntry,
  TimelineEntry,
} from "./listing/repository-entries.ts";
export { repositoryTable } from "./listing/repository-table.ts";
export type {
  PatroniServiceOptions,
  PostgresqlOptions,
  TlsOptions,
  TlsServerServiceOptions,
} from "./options.ts";

/**
 * Makes the PostgreSQL executor.
 *
 * @throws ConfigurationError where the stanza's name cannot be one.
 * @example
 * ```ts
 * const executor = createExecutor(
 *   {
 *     patroni: {
 *       configDirectory: "/etc/patroni",
 *       restUrl: "http://127.0.0.1:8008",
 *       scope: "postgresql",
 *       service: { kind: "systemd", unit: "patroni.service" },
 *     },
 *     postgresql: {
 *       dataDirectory: "/var/lib/postgresql/15/main",
 *       binDirectory: "/usr/lib/postgresql/15/bin",
 *       socketDirectory: "/var/run/postgresql",
 *       port: 5432,
 *     },
 *   },
 *   environment,
 * );
 * ```
 */
export function createExecutor(options: PostgresqlOptions, environment: ExecutorEnvironment): Executor {
  return new PostgresqlExecutor(checkedSettings(options, environment));
}

/**
 * Lists what a repository holds: backups, also those that run or were never finished, and the timelines that restores
 * began. Oldest first, one stanza after the other. Takes a second or so: it is for actions.
 *
 * @param backsUpElsewhere Whether another unit makes a backup of this cluster, see {@link Provider.backsUpElsewhere}.
 *   pgBackRest tells of its own machine alone.
 * @throws ConfigurationError as {@link createExecutor} does.
 * @throws ExecutorError where the repository cannot be read.
 */
export async function listRepository(
  options: PostgresqlOptions,
  environment: ExecutorEnvironment,
  storage: StorageConfig,
  backsUpElsewhere: boolean = false,
): Promise<readonly RepositoryEntry[]> {
  return listEntries(await assemble(checkedSettings(options, environment)), storage, backsUpElsewhere);
}

/**
 * Makes the storage that is related to a database the one that it archives to, or says why WAL does not reach it (flowchart
 * s3-credentials-changed). The leader asks the storage for its keys as a secret, as {@link requestS3Secrets} does. Call it
 * in every dispatch: a Blocked heals by itself.
 *
 * It takes milliseconds where nothing is new, else some seconds, and minutes where a server hangs. So call it before
 * {@link Provider.reconcile}, whose leader has to be done soon after it has begun.
 *
 * @returns The unit status to show; undefined where there is nothing to say.
 * @throws ConfigurationError as {@link createExecutor} does.
 * @throws HookToolError where Juju does not answer.
 */
export async function archiveToRelatedStorage(
  options: PostgresqlOptions,
  environment: ExecutorEnvironment,
  dispatch: ArchivingDispatch,
): Promise<UnitStatus | undefined> {
  const settings = checkedSettings(options, environment);
  return await blockedOnFailure(async () => await settleArchiving(await assemble(settings), dispatch));
}

/**
 * Makes this unit a member of its cluster: tells the others how they reach its pgBackRest, learns the same of them, has the
 * primary wait for as many replicas as there are (`patroni.synchronousReplicas`), says where clients connect to (flowcharts
 * peer-relation-changed and peer-relation-departed), and starts or stops pgBackRest's TLS server (flowchart
 * s3-credentials-changed from "Is TLS disabled or single unit cluster" on). Call it in every dispatch, before
 * {@link archiveToRelatedStorage}; it takes milliseconds where nothing is new.
 *
 * @returns The unit status to show; undefined where there is nothing to say.
 * @throws ConfigurationError as {@link createExecutor} does.
 * @throws HookToolError where Juju does not answer.
 */
export async function joinCluster(
  options: PostgresqlOptions,
  environment: ExecutorEnvironment,
  dispatch: ClusterDispatch,
): Promise<UnitStatus | undefined> {
  const settings = checkedSettings(options, environment);
  return await blockedOnFailure(async () => await settleCluster(await assemble(settings), dispatch));
}

/**
 * Has this unit's certificate signed by the application that is related with the interface tls-certificates v1: makes a
 * key, which never leaves the unit, and a request, and puts the certificate that comes where the option `tls` says. One that
 * expires is renewed after nine tenths of its life, with a new key; one that is taken back, or whose relation is gone, is
 * taken away. Without such a relation it touches nothing. Call it in every dispatch, before {@link joinCluster}, which
 * starts, reloads and stops the TLS server by what it finds. The machine needs the program `openssl`.
 *
 * @returns The unit status to show; undefined where there is nothing to say.
 * @throws ConfigurationError where the options have no `tls`, and as {@link createExecutor} does.
 * @throws HookToolError where Juju does not answer.
 */
export async function obtainMemberCertificate(
  options: PostgresqlOptions,
  environment: ExecutorEnvironment,
  dispatch: CertificateDispatch,
): Promise<UnitStatus | undefined> {
  const settings = checkedSettings(options, environment);
  const tls = requiredTls(settings);
  return await blockedOnFailure(async () => {
    await settleCertificate(await assemble(settings), tls, dispatch);
    return undefined;
  });
}

/**
 * Puts a certificate where the option `tls` says, as pgBackRest wants it: the key readable by the database user alone.
 * Undefined takes it away, which switches TLS off. {@link joinCluster} does the rest, in the same dispatch.
 *
 * @throws ConfigurationError where the options have no `tls`, and as {@link createExecutor} does.
 * @throws ExecutorError `database-user-missing`
 */
export async function keepMemberCertificate(
  options: PostgresqlOptions,
  environment: ExecutorEnvironment,
  certificate: MemberCertificate | undefined,
): Promise<void> {
  const settings = checkedSettings(options, environment);
  const tls = requiredTls(settings);
  const { user } = await assemble(settings);
  await keepCertificate(user, tls, certificate);
}

/**
 * Sees to it that these clients, and no others, have a user and a database, with the passwords given. The primary does it, also for its
 * replicas; a client that is no longer named may not log in any more, and what it owns stays.
 *
 * @returns Whether it was done; false where this unit is not the primary, or cannot do it now, which is in the log.
 * @throws ConfigurationError as {@link createExecutor} does.
 */
export async function keepClientUsers(
  options: PostgresqlOptions,
  environment: ExecutorEnvironment,
  { juju, users }: { readonly juju: Juju; readonly users: readonly ClientUser[] },
): Promise<boolean> {
  const settings = checkedSettings(options, environment);
  return await falseOnFailure(juju, async () => await settleClientUsers(await assemble(settings), users));
}

/**
 * Has the cluster go by these passwords: the primary gives them to the database, and each member to its Patroni as soon as its
 * database knows them, so that both go on understanding each other. Call it in every dispatch; it reads a file where nothing
 * is new.
 *
 * @returns Whether Patroni on this unit goes by the passwords; false where another dispatch has to see to it.
 * @throws ConfigurationError as {@link createExecutor} does.
 */
export async function keepClusterPasswords(
  options: PostgresqlOptions,
  environment: ExecutorEnvironment,
  { juju, ...wanted }: ClusterPasswords & { readonly juju: Juju },
): Promise<boolean> {
  const settings = checkedSettings(options, environment);
  return await falseOnFailure(
    juju,
    async () => await settleClusterPasswords(await assemble(settings), wanted),
  );
}

/**
 * The handler of the action `list-backups`, for `runAction()`. Its parameter `format` is `table` or `json`.
 *
 * @param environment {@link Provider.executorEnvironment}
 * @param storage Gives the storage, or throws why there is none.
 * @param backsUpElsewhere {@link Provider.backsUpElsewhere}. Default: nobody else does.
 */
export function repositoryActions(
  options: PostgresqlOptions,
  environment: ExecutorEnvironment,
  storage: () => StorageConfig,
  backsUpElsewhere: () => Promise<boolean> = async () => false,
): Readonly<Record<string, ActionHandler>> {
  return {
    "list-backups": async (given) => {
      const wanted = storage();
      const entries = await listRepository(options, environment, wanted, await backsUpElsewhere());
      const isJson = given.text("format") === "json";
      return { backups: isJson ? JSON.stringify(entries) : repositoryTable(entries, wanted) };
    },
  };
}

function checkedSettings(options: PostgresqlOptions, environment: ExecutorEnvironment): Settings {
  const settings = settingsOf(options, environment);
  if (!/^[\w][\w.-]*$/.test(settings.stanza))
    throw new ConfigurationError(`"${settings.stanza}" cannot be the name of a pgBackRest stanza.`, {
      remedy: "Set the option stanza to a name of letters, digits, dots, hyphens and underscores.",
    });
  return settings;
}

function requiredTls({ tls }: Settings): NonNullable<Settings["tls"]> {
  if (tls !== undefined) return tls;
  throw new ConfigurationError("The options do not say where a certificate is kept.", {
    remedy: "Set the option tls.",
  });
}

/** What the executor cannot do becomes the unit's status, and fails no hook. */
async function blockedOnFailure(
  settle: () => Promise<UnitStatus | undefined>,
): Promise<UnitStatus | undefined> {
  try {
    return await settle();
  } catch (error) {
    if (!isExecutorError(error)) throw error;
    return { name: "blocked", message: error.message };
  }
}

/** What the executor cannot do now is tried again in another dispatch, and fails no hook. */
async function falseOnFailure(juju: Juju, settle: () => Promise<boolean>): Promise<boolean> {
  try {
    return await settle();
  } catch (error) {
    if (!isExecutorError(error)) throw error;
    await juju.log("WARNING", `${error.failure.message} ${error.failure.remedy}`);
    return false;
  }
}
