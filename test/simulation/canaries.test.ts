import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inspect } from "node:util";
import { describe, expect, onTestFinished, test } from "vitest";
import { HookToolError } from "../../lib/errors.ts";
import { run } from "../../lib/process/run.ts";
import { ExecTrace } from "../canaries/exec-trace.ts";
import { until } from "./until.ts";
import { markedKeys } from "../canaries/credentials.ts";
import { formsOf } from "../canaries/forms.ts";
import { CanaryScan } from "../canaries/scan.ts";
import { database, InProcessModel, keys } from "./in-process-model.ts";

const canary = { name: "secret key", text: markedKeys().secretKey };
const newScan = (): CanaryScan => new CanaryScan([canary]);

describe("a scan finds a canary", () => {
  test.each([...formsOf(canary.text)])("as %s", (_, form) => {
    const scan = newScan();
    scan.text("the log", `before ${form} after`);
    scan.text("another log", `before ${form.slice(1)} after`);
    expect(scan.found).toHaveLength(1);
    expect(scan.found[0]).toMatch(/^the log: secret key \(/);
    expect(scan.found.join()).not.toContain(canary.text);
  });

  test.each([1, 2, 3, 4])("in base64 of a text in which %i bytes stand before it", (bytes) => {
    const scan = newScan();
    scan.text("a header", Buffer.from(`${"u".repeat(bytes)}${canary.text}:and more`).toString("base64"));
    expect(scan.found).toHaveLength(1);
  });

  test.each<readonly [string, unknown]>([
    ["its message", new Error(`cannot sign with ${canary.text}`)],
    ["what caused its cause", new Error("a", { cause: new Error("b", { cause: new Error(canary.text) }) })],
    [
      "a property",
      Object.assign(new Error("a"), { stdout: `{"secret-key":${JSON.stringify(canary.text)}}` }),
    ],
    ["a hidden property", Object.defineProperty(new Error("a"), "options", { value: { key: canary.text } })],
    ["its remedy", new HookToolError("a", { exitCode: 1, signal: undefined }, { remedy: canary.text })],
    ["one of several errors", new AggregateError([new Error("a"), new Error(canary.text)])],
    ["how it inspects itself", { [inspect.custom]: () => canary.text }],
    ["what is no error", canary.text],
  ])("in %s", (_, thrown) => {
    const scan = newScan();
    scan.error("an error", thrown);
    expect(scan.found.length).toBeGreaterThan(0);
  });

  test("in files, and in those that may hold it where others may read them", async () => {
    const directory = await mkdtemp(join(tmpdir(), "canaries-"));
    onTestFinished(() => rm(directory, { recursive: true }));
    for (const [name, mode] of [
      ["journal.jsonl", 0o600],
      ["closed.conf", 0o600],
      ["open.conf", 0o640],
    ] as const) {
      await writeFile(join(directory, name), `key=${canary.text}\n`);
      await chmod(join(directory, name), mode);
    }
    const scan = newScan();
    await scan.files(directory, (path) => path.endsWith(".conf"));
    expect(scan.found.toSorted()).toEqual([
      "file journal.jsonl: secret key (plain)",
      "file open.conf, which others may read (640): secret key (plain)",
    ]);
  });

  test.each([
    ["cmdline", [canary.text], {}],
    ["environ", [], { KEY: canary.text }],
  ] as const)("in a process's %s", async (file, args, env) => {
    const child = spawn("/bin/sh", ["-c", "read line", ...args], {
      env,
      stdio: ["pipe", "ignore", "ignore"],
    });
    await once(child, "spawn");
    const scan = newScan();
    await scan.processes();
    child.kill();
    expect(scan.found).toEqual([`${file} of process ${child.pid}: secret key (plain)`]);
  });

  test("in the arguments and in the environment of a program that a dispatch starts, while tracing is on", async () => {
    const directory = await mkdtemp(join(tmpdir(), "canaries-"));
    onTestFinished(() => rm(directory, { recursive: true }));
    const charm = join(directory, "leaking-charm");
    await mkdir(charm);
    const given = canary.text.replaceAll(/["\\]/g, "\\$&");
    await writeFile(join(charm, "dispatch"), `#!/bin/sh\n/bin/true "${given}"\nKEY="${given}" /bin/true\n`);
    await chmod(join(charm, "dispatch"), 0o755);
    const trace = await ExecTrace.in(directory);
    const traced = await trace.charm(charm);
    const env = { JUJU_CHARM_DIR: traced, PATH: "/usr/bin:/bin" };
    const dispatch = async (): Promise<void> => {
      expect(await run([join(traced, "dispatch")], { env })).toMatchObject({ exitCode: 0, stderr: "" });
    };
    await dispatch();
    expect(await trace.lines()).toEqual([]);
    await trace.on();
    await dispatch();
    await trace.off();
    await until("everything is traced", async () => (await trace.lines()).length === 3 || undefined);
    const scan = newScan();
    await trace.scan(scan);
    expect(scan.found).toEqual(Array(2).fill("arguments or environment of /bin/true: secret key (plain)"));
  });

  test("wherever a charm may leave one in a model", async () => {
    const model = await InProcessModel.start();
    model.charms.database = async ({ juju, machine }) => {
      await juju.log("INFO", keys.secretKey);
      await juju.setStatus({ name: "active", message: keys.secretKey });
      await machine.disk.makeDirectory("/var/lib/database");
      await machine.disk.append("/var/lib/database/journal", keys.secretKey);
      for (const relation of await juju.relationIds("database-backup")) {
        await juju.writeUnitDatabag(relation, { jobs: keys.secretKey });
        await juju.writeApplicationDatabag(relation, { problems: keys.secretKey });
      }
    };
    model.charms.manager = async ({ juju, event }) => {
      if (event.kind === "action") await juju.setActionResults({ jobs: keys.accessKey });
    };
    await model.updateStatus();
    await model.act("list-jobs");
    const { found } = model.scan();
    for (const place of [
      `log of ${database}, INFO: secret key`,
      "status as JSON: secret key",
      "file /var/lib/database/journal: secret key",
      `databag of ${database} in relation ${model.relation}, jobs: secret key`,
      `databag of database in relation ${model.relation}, problems: secret key`,
      "results of actions as JSON: access key",
    ]) {
      expect(found.filter((one) => one.startsWith(place))).toHaveLength(1);
    }
    await expect(model.stop()).rejects.toThrow(/^Credentials were left behind:/);
  });
});
