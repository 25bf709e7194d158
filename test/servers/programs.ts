/**
 * The programs that the real servers are made of, and the Debian packages that bring them.
 *
 * @module
 */
import { access, constants } from "node:fs/promises";
import { join } from "node:path";
import { ServerError } from "./server-error.ts";

/** Where Debian installs the PostgreSQL programs, which are not on PATH. pgBackRest 2.45 knows no later version. */
export const postgresqlBinDirectory = "/usr/lib/postgresql/15/bin";

/** Each program by name, with the Debian package that brings it. */
export const packageOfProgram: Readonly<Record<string, string>> = {
  "ceph-authtool": "ceph-common",
  monmaptool: "ceph-base",
  "ceph-mon": "ceph-mon",
  "ceph-osd": "ceph-osd",
  etcd: "etcd-server",
  faketime: "faketime",
  openssl: "openssl",
  patroni: "patroni",
  pgbackrest: "pgbackrest",
  postgres: "postgresql-15",
  psql: "postgresql-15",
  radosgw: "radosgw",
  "radosgw-admin": "ceph-common",
  setpriv: "util-linux",
};

/** The programs of the S3 server alone. */
export const s3Programs: readonly string[] = [
  "ceph-authtool",
  "ceph-mon",
  "ceph-osd",
  "faketime",
  "monmaptool",
  "openssl",
  "radosgw",
  "radosgw-admin",
];

/** Where programs are looked up: servers are installed in sbin, which a user's own PATH may lack. */
export const programPath: string = [
  process.env["PATH"] ?? "",
  "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
]
  .filter((part) => part !== "")
  .join(":");

/**
 * Makes sure that programs are installed.
 *
 * @throws {@link ServerError} that names the missing programs and the Debian packages to install.
 */
export async function requirePrograms(
  programs: readonly string[],
  path: string = programPath,
): Promise<void> {
  const directories = [postgresqlBinDirectory, ...path.split(":")];
  const found = await Promise.all(programs.map((program) => isInstalled(program, directories)));
  const missing = programs.filter((_, index) => found[index] === false);
  if (missing.length === 0) return;
  const packages = [...new Set(missing.map((program) => packageOfProgram[program] ?? program))].toSorted();
  throw new ServerError(
    `The servers cannot be started: ${missing.join(", ")} ${missing.length === 1 ? "is" : "are"} not installed.`,
    {
      remedy:
        `Run "node scripts/setup.mjs --servers" as root, ` +
        `which installs the missing Debian packages: ${packages.join(" ")}.`,
    },
  );
}

async function isInstalled(program: string, directories: readonly string[]): Promise<boolean> {
  for (const directory of directories) {
    try {
      await access(join(directory, program), constants.X_OK);
      return true;
    } catch {
      continue;
    }
  }
  return false;
}
