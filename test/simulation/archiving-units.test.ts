/**
 * How leader and primary agree on the storage that a cluster archives to, where they are two units.
 */
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import { once } from "node:events";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { Credentials } from "../../lib/job/storage-config.ts";
import type { Dispatch } from "../../lib/juju/dispatch.ts";
import type { RelatedStorage } from "../../lib/storage/s3-relation.ts";
import { SimulatedJuju } from "../../lib/testing/index.ts";
import { settleArchiving } from "../../provider/postgresql/archiving/settle-archiving.ts";
import { settingsOf } from "../../provider/postgresql/options.ts";
import { assemble } from "../../provider/postgresql/parts.ts";

const [leader, primary] = ["database/0", "database/1"];
let folder: string;
let patroni: Server;
let juju: SimulatedJuju;
let related: RelatedStorage;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "archiving-"));
  // Of Patroni, nothing but what a member says of itself is asked for here.
  patroni = createServer((request, response) => {
    const isPrimary = request.url?.startsWith("/primary/") === true;
    response.end(
      JSON.stringify({ state: isPrimary ? "running" : "streaming", role: isPrimary ? "master" : "replica" }),
    );
  }).listen(0, "127.0.0.1");
  await once(patroni, "listening");
  const address = patroni.address();
  const port = typeof address === "object" ? address?.port : undefined;
  related = { complete: false, related: false, missing: [] };
  juju = await SimulatedJuju.start();
  await juju.deploy({
    application: "database",
    charm: "examples/postgresql-charm",
    units: 2,
    inProcess: async (dispatch: Dispatch) => {
      const { unit } = dispatch.juju;
      const environment = {
        unit,
        application: "database",
        modelUuid: "m",
        workDirectory: join(folder, unit.replace("/", "-")),
      };
      const settings = settingsOf(
        {
          patroni: {
            configDirectory: folder,
            restUrl: `http://127.0.0.1:${port}/${unit === primary ? "primary" : "replica"}`,
            scope: "s",
            service: { kind: "systemd", unit: "patroni" },
          },
          postgresql: {
            dataDirectory: folder,
            binDirectory: "/bin",
            socketDirectory: folder,
            port: 1,
            user: userInfo().username,
          },
        },
        environment,
      );
      const { event } = dispatch;
      const storageEndpoint = "s3-parameters";
      const dispatched = { juju: dispatch.juju, event, storageEndpoint, related, isJobUnderWay: false };
      await mkdir(environment.workDirectory, { recursive: true });
      const status = await settleArchiving(await assemble(settings), dispatched);
      await dispatch.juju.setStatus(status ?? { name: "active", message: "" });
    },
  });
});
afterEach(async () => {
  await juju.stop();
  patroni.close();
  await rm(folder, { recursive: true });
});

function statusOf(unit: string): unknown {
  return juju.status().applications["database"]?.units[unit]?.workload;
}

const storage = {
  bucket: "b",
  endpoint: "https://localhost:9",
  credentials: new Credentials("key", "a-secret-that-nobody-may-see"),
};

test("the primary does what the leader asks for, and the leader shows what came of it, until it heals", async () => {
  await juju.settle();
  expect(statusOf(primary)).toMatchObject({ name: "active" });

  related = { complete: true, storage, problems: [] };
  // Before the leader has asked, nobody does anything.
  await juju.updateStatus(primary);
  expect(statusOf(primary)).toMatchObject({ name: "active" });
  for (const unit of [leader, primary, leader]) {
    await juju.updateStatus(unit);
    await juju.settle();
  }
  const blocked = {
    name: "blocked",
    message: expect.stringMatching(/^failed to access\/create the bucket.*localhost:9/),
  };
  expect(statusOf(primary)).toMatchObject(blocked);
  expect(statusOf(leader)).toMatchObject(blocked);
  expect(JSON.stringify(juju.log())).not.toContain("a-secret-that-nobody-may-see");

  related = { complete: false, related: true, missing: ["bucket"] };
  for (const unit of [leader, primary]) await juju.updateStatus(unit);
  await juju.settle();
  expect(statusOf(leader)).toMatchObject({ name: "active" });
});

test("settings that pgBackRest cannot use are told by each unit by itself", async () => {
  related = { complete: true, storage: { ...storage, endpoint: "http://localhost:9" }, problems: [] };
  await juju.settle();
  for (const unit of [leader, primary]) {
    await juju.updateStatus(unit);
    expect(statusOf(unit)).toMatchObject({
      name: "blocked",
      message: expect.stringContaining("over TLS only"),
    });
  }
});

test("a storage that is no longer related leaves no wish, no word and no Blocked", async () => {
  const said = (): readonly unknown[] => {
    const peers = juju.peerRelation("database", "database-peers");
    return ["database", leader, primary].map((owner) => juju.databag(peers, owner)["archive-storage"]);
  };
  const everybody = async (): Promise<void> => {
    for (const unit of [leader, primary, leader]) {
      await juju.updateStatus(unit);
      await juju.settle();
    }
  };
  related = { complete: true, storage, problems: [] };
  await everybody();
  expect(said()).toEqual([expect.any(String), undefined, expect.any(String)]);

  related = { complete: false, related: false, missing: [] };
  await everybody();
  await everybody();
  expect(said()).toEqual([undefined, undefined, undefined]);
  for (const unit of [leader, primary]) expect(statusOf(unit)).toMatchObject({ name: "active" });
  const told = juju.log().filter(({ message }) => message.includes("no longer related"));
  expect(told.map(({ unit }) => unit).toSorted()).toEqual([leader, primary]);
});
