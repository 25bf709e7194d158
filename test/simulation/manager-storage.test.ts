/**
 * The storage of a manager's jobs, as the relation `s3` gives it: in both versions of that interface, while it changes, and
 * when it goes.
 */
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { Credentials } from "../../lib/job/storage-config.ts";
import type { Dispatch } from "../../lib/juju/dispatch.ts";
import type { Script } from "../../lib/testing/scripted/script.ts";
import { Requirer } from "../../requirer/index.ts";
import { InProcessModel, keys, manager } from "./in-process-model.ts";
import { accessKeysOf } from "./noted-store.ts";

const newKeys = { "access-key": `${keys.accessKey}2`, "secret-key": `${keys.secretKey}2` };

/** A provider of the interface `s3`, version 1: the keys are a secret, for whoever asks for them as one. */
class S3Version1 {
  /** Which secret has them, once it has been asked for. */
  uri = "";
  content: Readonly<Record<string, string>> = {
    "access-key": keys.accessKey,
    "secret-key": keys.secretKey,
  };

  async dispatch({ juju, event }: Dispatch): Promise<void> {
    const [relation] = await juju.relationIds("s3-credentials");
    const goes = event.kind === "relation" && ["departed", "broken"].includes(event.change);
    if (relation === undefined || goes) return;
    if (event.kind === "hook" && event.name === "secret-remove") {
      await juju.removeSecret(event.secret?.uri ?? "", event.secret?.revision);
      return;
    }
    const asked = await juju.readApplicationDatabag(relation, "manager");
    const wanted: readonly string[] = JSON.parse(asked["requested-secrets"] ?? "[]");
    if (!wanted.includes("access-key") || !wanted.includes("secret-key")) return;
    if (this.uri === "") {
      this.uri = await juju.addSecret("s3-credentials.secret-extra", this.content);
      await juju.grantSecret(this.uri, relation);
    } else {
      await juju.updateSecret(this.uri, this.content);
    }
    await juju.writeApplicationDatabag(relation, {
      bucket: "backups",
      path: "/clusters/blue",
      endpoint: "https://s3.example",
      "secret-extra": this.uri,
      "lib-version": "1.0",
    });
  }
}

let model: InProcessModel;
let storage: number;
beforeEach(async () => {
  model = await InProcessModel.start();
  storage = model.relation - 1;
});
afterEach(async () => {
  await model.stop();
});

async function show(id: string): Promise<Readonly<Record<string, string>>> {
  return (await model.act("show-job", { "job-id": id })).results;
}

/** The access keys that jobs of the database began with. */
function accessKeys(): readonly string[] {
  return accessKeysOf(model.scripted.store);
}

async function showInList(id: string): Promise<string> {
  const { jobs = "" } = (await model.act("list-jobs")).results;
  const lines = jobs.split("\n");
  const at = lines.findIndex((line) => line.startsWith(id));
  const notes = lines.slice(at + 1);
  const end = notes.findIndex((line) => !line.startsWith("    "));
  return notes
    .slice(0, end < 0 ? undefined : end)
    .map((line) => line.trim())
    .join(" ");
}

const busy: Script = { standing: { ready: false, reason: "PostgreSQL is starting" } };
const slow: Script = { jobs: { "*": { waitFor: "the disk" } } };

describe("keys that stand in a secret of the storage (s3, version 1)", () => {
  let s3: S3Version1;
  beforeEach(async () => {
    s3 = new S3Version1();
    model.charms.storage = async (dispatch) => await s3.dispatch(dispatch);
    await model.juju.removeRelation("manager:s3-parameters", "s3:s3-credentials");
    await model.juju.settle();
    expect(model.status(manager)).toEqual({ name: "blocked", message: "no storage related (s3-parameters)" });
    storage = await model.juju.integrate("manager:s3-parameters", "s3:s3-credentials");
    await model.juju.settle();
  });

  test("are asked for, read, and reach the job", async () => {
    expect(model.juju.databag(storage, "manager")).toEqual({
      "requested-secrets": '["access-key","secret-key"]',
      "lib-version": "1.0",
    });
    const given = model.juju.databag(storage, "s3");
    expect(given).toMatchObject({ "secret-extra": s3.uri, "lib-version": "1.0" });
    expect(given).not.toHaveProperty("access-key");
    expect(model.status(manager)).toEqual({ name: "active", message: "" });
    const id = await model.requestBackup();
    expect(await show(id)).toMatchObject({
      phase: "succeeded",
      storage: 'bucket "backups", path "/clusters/blue", at https://s3.example',
    });
    expect(accessKeys()).toEqual([keys.accessKey]);
  });

  test("are those of a job's start where they are rotated while it waits", async () => {
    model.scripted.script = busy;
    const id = await model.requestBackup();
    s3.content = newKeys;
    await model.updateStatus("s3/0");
    model.scripted.script = {};
    await model.updateStatus();
    expect(await show(id)).toMatchObject({ phase: "succeeded" });
    expect(accessKeys()).toEqual([newKeys["access-key"]]);
  });

  test("are waited for where they cannot be read yet", async () => {
    await model.juju.writeDatabag(storage, "s3", { "secret-extra": "secret:d4f2k8vmp25c7612lk10" });
    await model.updateStatus(manager);
    expect(model.status(manager)).toEqual({
      name: "blocked",
      message: "storage incomplete: its secret cannot be read yet",
    });
    const refused = await model.act("create-backup");
    expect(refused.message).toMatch(/keeps its keys in a secret that cannot be read yet\. Try again/);
  });
});

describe("keys that are rotated", () => {
  test("are those of the start for a job that waits, and change nothing for one that runs", async () => {
    model.scripted.script = slow;
    const running = await model.requestBackup();
    const waiting = await model.requestBackup();
    await model.juju.writeDatabag(storage, "s3", newKeys);
    await model.juju.settle();
    expect(await show(running)).toMatchObject({ phase: "running" });
    model.scripted.release("the disk");
    await model.juju.settle();
    expect(await show(running)).toMatchObject({ phase: "succeeded" });
    expect(await show(waiting)).toMatchObject({ phase: "succeeded" });
    expect(accessKeys()).toEqual(["key", newKeys["access-key"]]);
  });
});

describe("a storage that goes away", () => {
  test("is told of by the jobs that wait, while those that run go on", async () => {
    model.scripted.script = slow;
    const running = await model.requestBackup();
    const waiting = await model.requestBackup();
    await model.juju.removeRelation("manager:s3-parameters", "s3:s3-credentials");
    await model.juju.settle();
    expect(model.status(manager)).toEqual({
      name: "blocked",
      message: "no storage related (s3-parameters), 1 running, 1 waiting",
    });
    const said =
      'Its storage, bucket "backups", path "/", at https://s3.amazonaws.com, is no longer related as s3-parameters. ' +
      "It begins all the same, with the keys that it has: relate the storage again, or cancel the job.";
    expect(await show(waiting)).toMatchObject({ phase: "waiting", warning: said });
    expect(await showInList(waiting)).toContain(said);
    expect(await show(running)).not.toHaveProperty("warning");
    model.scripted.release("the disk");
    await model.juju.settle();
    expect(await show(running)).toMatchObject({ phase: "succeeded" });
    expect(await show(waiting)).toMatchObject({ phase: "succeeded" });
    expect(await show(waiting)).not.toHaveProperty("warning");
  });

  test("is no matter to a job whose storage the charm named", async () => {
    model.scripted.script = busy;
    const ours = model.charms.manager;
    let id = "";
    model.charms.manager = async (dispatch) => {
      if (id !== "") return await ours(dispatch);
      const credentials = new Credentials(keys.accessKey, keys.secretKey);
      id = await new Requirer(dispatch).requestBackup({ storage: { bucket: "own", credentials } });
    };
    await model.updateStatus(manager);
    await model.juju.removeRelation("manager:s3-parameters", "s3:s3-credentials");
    await model.juju.settle();
    const shown = await show(id);
    expect(shown["storage"]).toMatch(/^bucket "own", /);
    expect(shown).not.toHaveProperty("warning");
  });

  test("and comes back takes the word back", async () => {
    model.scripted.script = busy;
    const id = await model.requestBackup();
    await model.juju.writeDatabag(storage, "s3", { bucket: "others" });
    await model.juju.settle();
    expect((await show(id))["warning"]).toMatch(/^Its storage, bucket "backups", .*is no longer related/);
    await model.juju.writeDatabag(storage, "s3", { bucket: "backups" });
    await model.juju.settle();
    expect(await show(id)).not.toHaveProperty("warning");
  });
});
