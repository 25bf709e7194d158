/**
 * The Debian packages of the real servers, and their installation without any of them being started as a service.
 *
 * @module
 */
import { execFile, spawn } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, rmdirSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";

/** Everything that the demo and the end-to-end tests run. */
export const debianPackages = [
  "postgresql-15",
  "pgbackrest",
  "patroni",
  "etcd-server",
  "etcd-client",
  "python3-etcd",
  "radosgw",
  "ceph-mon",
  "ceph-osd",
  "ceph-common",
  "openssl",
  // Shows the tests what programs are started with.
  "strace",
  // Lets a unit have a wrong clock.
  "faketime",
];

/** The packages cannot be installed here. The message says what to do instead. */
export class PackagesError extends Error {
  /** @param {string} message */
  constructor(message) {
    super(message);
    this.name = "PackagesError";
  }
}

/**
 * Says which packages are not installed.
 *
 * @param {readonly string[]} packages Default: those of the real servers.
 * @returns {Promise<string[]>}
 * @throws {PackagesError} where the system has no Debian packages.
 */
export async function missingPackages(packages = debianPackages) {
  // dpkg-query fails as soon as it does not know one of the packages, yet lists those that it knows.
  const { error, stdout } = await output("dpkg-query", [
    "--show",
    "--showformat=${Package} ${db:Status-Abbrev}\n",
    ...packages,
  ]);
  if (error?.code === "ENOENT") {
    throw new PackagesError(
      `The Debian packages ${packages.join(" ")} cannot be looked for: this system has no dpkg-query. ` +
        "Use Debian 12, for example in a container.",
    );
  }
  const installed = new Set(
    stdout
      .split("\n")
      .map((line) => line.trim().split(/\s+/u))
      .filter(([, status]) => status === "ii" || status === "hi")
      .map(([name]) => name),
  );
  return packages.filter((name) => !installed.has(name));
}

/**
 * Installs those of the packages that are missing. None of their services is started, and no PostgreSQL cluster is
 * created: the servers that tests need are started by the tests.
 *
 * @param {readonly string[]} packages Default: those of the real servers.
 * @returns {Promise<string[]>} Those that were missing and are installed now.
 * @throws {PackagesError} where this is not root, or where apt-get fails.
 */
export async function installPackages(packages = debianPackages) {
  const missing = await missingPackages(packages);
  if (missing.length === 0) return missing;
  const install = ["install", "-y", "--no-install-recommends", ...missing];
  if (process.getuid?.() !== 0) {
    throw new PackagesError(
      `The Debian packages ${missing.join(" ")} are missing, and only root can install them. Run:\n` +
        `    sudo sh -c 'apt-get update && DEBIAN_FRONTEND=noninteractive apt-get ${install.join(" ")}'`,
    );
  }
  await withoutServices(async (run) => {
    const updated = !(await areKnown(missing));
    if (updated) await run("apt-get", ["update"]);
    try {
      await run("apt-get", install);
    } catch (error) {
      // Lists that are known but old name files that the mirrors no longer have.
      if (updated || !(error instanceof PackagesError)) throw error;
      await run("apt-get", ["update"]);
      await run("apt-get", install);
    }
  });
  return missing;
}

/** Whether apt-get can find the packages in the lists that it has. */
async function areKnown(packages) {
  const { error, stdout } = await output("apt-cache", ["policy", ...packages]);
  const candidates = stdout.match(/^ {2}Candidate: (?!\(none\)).+$/gmu) ?? [];
  return error === null && candidates.length === packages.length;
}

const policyFile = "/usr/sbin/policy-rc.d";
// Found at the start, it tells that an earlier run was killed before it could put the file back.
const policyFileAside = `${policyFile}.moved-aside-by-juju-database-backup`;
const policy = `#!/bin/sh
# Written by the set-up of juju-database-backup, which removes it after its installation of Debian packages.
exit 101
`;
const clusterDirectory = "/etc/postgresql-common/createcluster.d";
const clusterFile = `${clusterDirectory}/juju-database-backup.conf`;

/**
 * Does something for whose time Debian starts no service and PostgreSQL creates no cluster. All is put back afterwards,
 * whatever happens; after a signal, this process then ends as the signal demands.
 *
 * @param {(run: (program: string, args: string[]) => Promise<void>) => Promise<void>} install
 */
async function withoutServices(install) {
  let child;
  let interruption;
  // The program must have ended before the policy is put back, else what it still sets up would be started.
  const onSignal = (signal) => {
    interruption ??= signal;
    child?.kill(signal);
  };
  const run = async (program, args) => {
    if (interruption === undefined) {
      child = spawn(program, args, {
        env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" },
        stdio: ["ignore", "pipe", "pipe"],
      });
      await waitFor(child, program, args);
    }
    if (interruption !== undefined) throw new PackagesError(`${program} was interrupted by ${interruption}.`);
  };
  const signals = ["SIGINT", "SIGTERM", "SIGHUP"];
  for (const signal of signals) process.on(signal, onSignal);
  process.on("exit", putBack);
  try {
    putBack();
    if (existsSync(policyFile)) renameSync(policyFile, policyFileAside);
    writeFileSync(policyFile, policy, { mode: 0o755 });
    mkdirSync(clusterDirectory, { recursive: true });
    writeFileSync(clusterFile, "create_main_cluster = false\n");
    await install(run);
  } finally {
    putBack();
    process.off("exit", putBack);
    for (const signal of signals) process.off(signal, onSignal);
    if (interruption !== undefined) process.kill(process.pid, interruption);
  }
}

/** Restores what was there before; does nothing where that was done already. */
function putBack() {
  if (existsSync(policyFile) && readFileSync(policyFile, "utf8") === policy) rmSync(policyFile);
  if (existsSync(policyFileAside)) renameSync(policyFileAside, policyFile);
  rmSync(clusterFile, { force: true });
  // The package postgresql-common has neither of them by itself before it is installed, and not the first after.
  for (const directory of [clusterDirectory, dirname(clusterDirectory)]) {
    try {
      rmdirSync(directory);
    } catch {
      // Others keep files in it, or it is gone already.
    }
  }
}

/** Waits for the end of a program; where it failed, says so with the end of what it wrote. */
async function waitFor(child, program, args) {
  let written = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8");
    stream.on("data", (text) => {
      written = (written + text).slice(-4_000);
    });
  }
  const end = await new Promise((resolve) => {
    child.once("error", (error) => resolve(error.message));
    child.once("close", (code, signal) => resolve(signal ?? code));
  });
  if (end === 0) return;
  throw new PackagesError(
    `${program} ${args.join(" ")} failed (${end}). Read what it wrote, and run it by hand when that is repaired:\n` +
      written.trimEnd(),
  );
}

/** Runs a program that only tells something; a failure is for the caller to judge. */
async function output(program, args) {
  return await new Promise((resolve) => {
    execFile(program, args, { env: { ...process.env, LC_ALL: "C" } }, (error, stdout) => {
      resolve({ error, stdout });
    });
  });
}
