/**
 * Brings a checkout to the point where its scripts can run: Node, the npm packages and, where they are needed, the
 * Debian packages of the real servers, other releases of Node and an older PostgreSQL. Where nothing is missing it says
 * nothing and takes no time.
 *
 * Run it by hand as `node scripts/setup.mjs [--servers] [--node-releases] [--older-postgresql]`.
 *
 * @module
 */
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { PackagesError, installPackages, missingPackages } from "./debian-packages.mjs";
import { areTestPackagesCurrent, nodeReleasesFolder, olderPostgresqlFolder } from "./test-packages.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const oldestNode = [20, 19];

/**
 * Installs what is missing. Ends the process with exit code 1, and a message that says what to do, where it cannot.
 *
 * @param {{ readonly servers: boolean, readonly nodeReleases?: boolean, readonly olderPostgresql?: boolean }} options
 *   Whether the real servers are needed, the releases of Node that the package is tested on, and the older PostgreSQL.
 */
export async function setUp({ servers, nodeReleases = false, olderPostgresql = false }) {
  try {
    checkNode();
    if (!areModulesCurrent()) await step("npm ci", () => installModules("."));
    const folders = [
      ...(nodeReleases ? [nodeReleasesFolder] : []),
      ...(olderPostgresql ? [olderPostgresqlFolder] : []),
    ];
    for (const folder of folders.filter((each) => !areTestPackagesCurrent(each)))
      await step(`npm ci in ${folder}`, () => installModules(folder));
    if (!servers) return;
    const missing = await missingPackages();
    if (missing.length > 0) {
      await step(`apt-get install ${missing.join(" ")}`, () => installPackages(missing));
    }
  } catch (error) {
    if (!(error instanceof PackagesError || error instanceof SetUpError)) throw error;
    console.error(error.message);
    process.exit(1);
  }
}

/** A step failed. The message says what to do. */
class SetUpError extends Error {}

function checkNode() {
  const [major, minor] = process.versions.node.split(".").map(Number);
  const [oldestMajor, oldestMinor] = oldestNode;
  if (major > oldestMajor || (major === oldestMajor && minor >= oldestMinor)) return;
  throw new SetUpError(
    `This is Node ${process.versions.node}, which is too old. Install Node ${oldestNode.join(".")} or later.`,
  );
}

/**
 * Whether the installed npm packages are those of package-lock.json. Their versions are compared rather than the ages
 * of the files, because git gives a file the time of its checkout.
 */
function areModulesCurrent() {
  const wanted = readPackages("package-lock.json");
  const installed = readPackages("node_modules/.package-lock.json");
  if (wanted === undefined || installed === undefined) return false;
  return Object.entries(wanted).every(([path, { version, integrity, link, optional, peer }]) => {
    if (!path.startsWith("node_modules/") || link === true) return true;
    const present = installed[path];
    // npm leaves out what is optional and not for this machine.
    if (present === undefined) return optional === true || peer === true;
    return present.version === version && present.integrity === integrity;
  });
}

function readPackages(file) {
  try {
    return JSON.parse(readFileSync(resolve(root, file), "utf8")).packages;
  } catch (error) {
    if (error.code === "ENOENT") return undefined;
    throw new SetUpError(
      `${file} cannot be read: ${error.message}. Restore it, or remove node_modules, and run this again.`,
    );
  }
}

function installModules(folder) {
  // Only the exit code tells success: npm also writes warnings where all is well.
  const { status, error, stdout, stderr } = spawnSync("npm", ["ci", "--no-audit", "--no-fund"], {
    cwd: resolve(root, folder),
    encoding: "utf8",
    maxBuffer: 64 * 1024 * 1024,
  });
  if (status === 0) return;
  throw new SetUpError(
    `npm ci failed in ${resolve(root, folder)} (${error?.message ?? `exit code ${status}`}). ` +
      `Read what it wrote, and run it by hand when that is repaired:\n${beginning(`${stdout}${stderr}`)}`,
  );
}

/** npm says first what is wrong, and may then list all of its options. */
function beginning(text) {
  return text.trim().split("\n").slice(0, 20).join("\n");
}

async function step(name, run) {
  const started = performance.now();
  await run();
  console.log(`${name}: ${((performance.now() - started) / 1000).toFixed(1)} s`);
}

if (process.argv[1] !== undefined && resolve(process.argv[1]) === fileURLToPath(import.meta.url)) {
  await setUp({
    servers: process.argv.includes("--servers"),
    nodeReleases: process.argv.includes("--node-releases"),
    olderPostgresql: process.argv.includes("--older-postgresql"),
  });
}
