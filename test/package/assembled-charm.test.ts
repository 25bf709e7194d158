import { execFileSync, spawnSync } from "node:child_process";
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parse } from "yaml";
import { SimulatedJuju } from "../../lib/testing/simulated-juju.ts";
import { until } from "../simulation/until.ts";
import { assembleCharm, partsOf } from "./assembled-charm.ts";
import { nodeReleases } from "./node-releases.ts";
import { packInto } from "./packed-package.ts";
import { marked, root } from "./pages.ts";

const names = ["backup-manager-charm", "postgresql-charm"] as const;
const assembled = new Map<string, string>();
/** The release that the parts name, where it is installed. */
const node =
  nodeReleases.find(({ name, isInstalled }) => name === "node-22" && isInstalled)?.program ??
  process.execPath;
const version = execFileSync(node, ["--version"], { encoding: "utf8" }).trim();

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "charms-"));
  packInto(folder);
  for (const name of names) {
    for (const part of ["charmcraft.yaml", "dispatch", "package.json", "src"]) {
      cpSync(join(root, "examples", name, part), join(folder, "examples", name, part), { recursive: true });
    }
  }
  // charmcraft is not run: its place is taken by a note of where it would have been.
  mkdirSync(join(folder, "bin"));
  writeFileSync(join(folder, "bin/charmcraft"), '#!/bin/sh\npwd >>"$CHARMS"\n');
  chmodSync(join(folder, "bin/charmcraft"), 0o755);
  const steps = marked("docs/how-to/try-on-a-real-juju.md", "run").get("pack")?.text ?? "";
  const { status, stderr } = spawnSync("/bin/sh", ["-e", "-c", steps], {
    cwd: folder,
    encoding: "utf8",
    env: {
      ...process.env,
      PATH: `${join(folder, "bin")}:${process.env["PATH"] ?? ""}`,
      CHARMS: join(folder, "packed"),
      npm_config_prefer_offline: "true",
    },
  });
  if (status !== 0) throw new Error(`the steps of the page failed: ${stderr}`);
  for (const charm of readFileSync(join(folder, "packed"), "utf8").trim().split("\n")) {
    const name = charm.slice(charm.lastIndexOf("/") + 1);
    assembled.set(name, assembleCharm(charm, join(folder, "assembled", name), node));
  }
}, 120_000);
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

function assembledCharm(name: (typeof names)[number]): string {
  const charm = assembled.get(name);
  if (charm === undefined) throw new Error(`the steps of the page pack no ${name}`);
  return charm;
}

test("the page shows the part of the example charm", () => {
  const shown = marked("docs/how-to/put-node-into-a-charm.md", "part").get("examples/postgresql-charm");
  expect(parse(shown?.text ?? "")).toEqual({ parts: partsOf(join(root, "examples/postgresql-charm")) });
});

describe.each(names)("assembled as its part says, the %s", (name) => {
  test("holds what it needs and little more", () => {
    const files = readdirSync(assembledCharm(name)).toSorted();
    const always = ["charmcraft.yaml", "dispatch", "dist", "node", "package.json"];
    expect(files).toEqual(name === "postgresql-charm" ? [...always, "node_modules"].toSorted() : always);
    expect(existsSync(join(assembledCharm(name), "node_modules/esbuild"))).toBe(false);
  });

  test("brings its own Node, and needs neither HOME nor any Node on PATH", () => {
    const charm = assembledCharm(name);
    const { stderr } = spawnSync(join(charm, "dispatch"), {
      cwd: charm,
      encoding: "utf8",
      env: { PATH: "/nowhere", JUJU_CHARM_DIR: charm },
    });
    // It came as far as to find that it was not started by Juju, by the only Node that it can have found.
    expect(stderr).toContain("configuration-invalid");
    const own = spawnSync(join(charm, "node/bin/node"), ["--version"], { encoding: "utf8" });
    expect(own.stdout.trim()).toBe(version);
  });
});

/** Answers as Patroni does on a primary. */
async function startPatroni(): Promise<Server> {
  const member = {
    state: "running",
    role: "primary",
    server_version: 150_020,
    timeline: 1,
    cluster_unlocked: false,
  };
  const server = createServer((_, response) => {
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify(member));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return server;
}

describe("assembled as their parts say, both charms", () => {
  let juju: SimulatedJuju;
  let patroni: Server;
  let relation: number;
  beforeAll(async () => {
    patroni = await startPatroni();
    const { port }: AddressInfo = patroni.address() as AddressInfo;
    juju = await SimulatedJuju.start({ directory: join(folder, "juju"), extraPath: [] });
    await juju.deploy({
      charm: assembledCharm("postgresql-charm"),
      application: "postgresql",
      config: {
        "patroni-rest-url": `http://127.0.0.1:${port}`,
        "patroni-config": join(folder, "nothing"),
        "data-directory": join(folder, "nothing"),
        "bin-directory": join(folder, "nothing"),
        "socket-directory": join(folder, "nothing"),
        "state-directory": join(folder, "state"),
      },
    });
    await juju.deploy({ charm: assembledCharm("backup-manager-charm"), application: "backup-manager" });
    await juju.deploy({
      charm: join(root, "examples/demo/s3-integrator"),
      application: "s3-integrator",
      config: {
        bucket: "backups",
        path: "/database",
        endpoint: "https://127.0.0.1:1",
        region: "local",
        "access-key": "key",
        "secret-key": "secret",
      },
    });
    await juju.integrate("backup-manager:s3-parameters", "s3-integrator:s3-credentials");
    relation = await juju.integrate("backup-manager:database-backup", "postgresql:database-backup");
    await juju.settle();
  });
  afterAll(async () => {
    await juju.stop();
    patroni.close();
  });

  test("run in a bare environment: request, worker, executor, report", async () => {
    const { status, results, message } = await juju.runAction("backup-manager/0", "create-backup");
    expect(status, message).toBe("completed");
    const report = await until("the job has ended", () => {
      const { jobs = "[]" } = juju.databag(relation, "postgresql/0");
      const reports: readonly Record<string, unknown>[] = JSON.parse(jobs);
      return reports.find(
        (candidate) => candidate["job-id"] === results["job-id"] && candidate["status"] === "error",
      );
    });
    // There is no PostgreSQL. What says so is a check of the executor, in the worker's process, after the store was opened.
    expect(report).toMatchObject({ phase: "rejected" });
    expect(report["error-code"]).toMatch(/^(postgresql-query-failed|database-user-missing)$/);
  });
});
