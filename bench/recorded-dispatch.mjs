/**
 * Records one dispatch of a charm under the simulated Juju, so that it can be run again and again without it: its
 * environment, and hook tools that give the recorded answers at once.
 *
 * @module
 */
import { spawn } from "node:child_process";
import { chmod, mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { Credentials } from "juju-database-backup";
import { SimulatedJuju } from "juju-database-backup/testing";
import { emptyScript, toolScript } from "./canned-tools.mjs";
import { readRecording, recordingTool } from "./recording.mjs";
import { writeRunningJob } from "./running-job.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const job = {
  "job-id": "bench",
  "job-type": "backup",
  "job-config": { compression: true },
  "storage-interface": "s3",
  "storage-config": { bucket: "backups", "access-key": "key", "secret-key": "secret" },
};

const hookTools = [
  "config-get",
  "goal-state",
  "is-leader",
  "juju-log",
  "relation-get",
  "relation-ids",
  "relation-list",
  "relation-set",
  "status-get",
  "status-set",
];

/** The charms, as a charm's author would ship them: bundled. */
const charms = {
  "scripted-database": {
    folder: "test/charms/scripted-database",
    main: "bench/scripted-charm.mjs",
    worker: {
      executor: "juju-database-backup/testing/scripted-executor",
      store: "juju-database-backup/testing/directory-store",
      "worker-main": "juju-database-backup/worker-main",
    },
    config: (place) => ({
      "script-directory": place,
      "store-directory": place,
      "state-directory": join(place, "state"),
    }),
  },
  postgresql: {
    folder: "examples/postgresql-charm",
    main: "examples/postgresql-charm/src/main.ts",
    worker: {
      executor: "juju-database-backup/postgresql",
      "worker-main": "juju-database-backup/worker-main",
    },
    config: (place) => ({ "state-directory": join(place, "state") }),
  },
};

/**
 * @param {{ folder: string, charm: keyof charms, jobRuns: boolean }} options Where to write, which charm, and whether a
 *   job runs.
 * @returns What to run, in which environment, how many calls it makes, and how to let go of it.
 */
export async function recordDispatch({ folder, charm, jobRuns }) {
  const { main, worker: workerEntries, config } = charms[charm];
  const bundle = join(folder, "charm");
  await mkdir(join(folder, "state"), { recursive: true });
  await writeFile(join(folder, "script.json"), "{}");
  for (const entryPoints of [{ main }, workerEntries]) {
    await build({
      absWorkingDir: root,
      entryPoints,
      outdir: join(bundle, "dist"),
      bundle: true,
      splitting: true,
      minify: true,
      format: "esm",
      platform: "node",
      target: "node20",
      external: ["@aws-sdk/client-s3"],
      logLevel: "error",
    });
  }
  const recording = join(folder, "recording");
  await writeCharm(bundle, charms[charm].folder, recording);

  const juju = await SimulatedJuju.start();
  let worker;
  try {
    await juju.deploy({ application: "database", charm: bundle, config: config(folder) });
    await juju.deploy({
      application: "manager",
      charm: "examples/backup-manager-charm",
      inProcess: async () => undefined,
    });
    const relation = await juju.integrate("manager:database-backup", "database:database-backup");
    await juju.settle();
    if (jobRuns) {
      worker = spawn("sleep", ["infinity"], { stdio: "ignore" });
      const credentials = new Credentials("", "");
      await writeRunningJob({
        juju,
        peers: juju.peerRelation("database", "database-backup-peers"),
        unit: "database/0",
        application: "manager",
        stateDirectory: join(folder, "state", "database-0"),
        pid: worker.pid,
        relation: `database-backup:${relation}`,
        request: {
          id: "bench",
          type: "backup",
          backupType: "full",
          compression: true,
          storage: { bucket: "backups", credentials },
        },
      });
      await juju.writeDatabag(relation, "manager", { jobs: JSON.stringify([job]) });
      await juju.settle();
    }
    await writeFile(join(recording, "on"), "");
    await juju.updateStatus("database/0");
    await juju.settle();
    const said = JSON.parse(juju.databag(relation, "database/0").jobs ?? "[]").map(({ status }) => status);
    if (said.join() !== (jobRuns ? "running" : ""))
      throw new Error(`The job is not as it should be: ${said}`);
  } finally {
    await juju.stop();
  }

  const { calls, env } = await readRecording(recording);
  const tools = join(folder, "tools");
  await mkdir(tools);
  for (const name of new Set(calls.map(({ tool }) => tool))) {
    await writeFile(join(tools, name), toolScript(calls.filter(({ tool }) => tool === name)));
    await chmod(join(tools, name), 0o755);
  }
  const emptyFile = join(folder, "empty.mjs");
  await writeFile(emptyFile, emptyScript(calls));
  return {
    charmFile: join(bundle, "dist", "main.js"),
    emptyFile,
    cwd: bundle,
    env: { ...env, PATH: `${tools}:/usr/bin:/bin` },
    calls: calls.length,
    release: () => worker?.kill("SIGKILL"),
  };
}

/** A charm that runs its bundle, and is recorded once a file says so. */
async function writeCharm(bundle, declared, recording) {
  const tools = join(recording, "tools");
  await mkdir(tools, { recursive: true });
  for (const name of hookTools) {
    await writeFile(join(tools, name), recordingTool(recording));
    await chmod(join(tools, name), 0o755);
  }
  const declaration = await readFile(join(root, declared, "charmcraft.yaml"), "utf8");
  await writeFile(join(bundle, "charmcraft.yaml"), declaration);
  // As the example charms have it: without, Node would look into each file to learn what it is.
  await writeFile(join(bundle, "package.json"), JSON.stringify({ type: "module" }));
  await writeFile(
    join(bundle, "dispatch"),
    `#!/bin/sh
if [ -e '${recording}/on' ]; then
  env -0 > '${recording}/environment'
  PATH='${tools}':"$PATH"
fi
exec node "$JUJU_CHARM_DIR/dist/main.js"
`,
  );
  await chmod(join(bundle, "dispatch"), 0o755);
}
