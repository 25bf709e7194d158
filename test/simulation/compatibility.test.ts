/**
 * Databags as every released version wrote them, and its schemas, are recorded below `recorded/`; `v0` is what a charm
 * writes that knows the interface alone. Before a release the version's own are recorded anew:
 *
 *     RECORD_DATABAGS=1 npx vitest run --project processes test/simulation/compatibility.test.ts
 */
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { Ajv2019 } from "ajv/dist/2019.js";
import { beforeAll, describe, expect, test } from "vitest";
import { checkText } from "../../lib/cli/validate/check-text.ts";
import { isObject, type JsonObject } from "../../lib/wire/list-value.ts";
import { read, root } from "../package/pages.ts";
import { converse, type Moment } from "./conversation.ts";
import { InProcessModel, keys } from "./in-process-model.ts";

const recorded = join(root, "test/simulation/recorded");
const { version }: { readonly version: string } = JSON.parse(read("package.json"));
const schemaFiles = ["requirer", "provider", "extensions"].map((name) => `database_backup/v0/${name}.json`);
schemaFiles.push("s3/v0/provider.json");

function record(moments: readonly Moment[]): void {
  const folder = join(recorded, version);
  for (const file of schemaFiles) {
    mkdirSync(dirname(join(folder, "schemas", file)), { recursive: true });
    cpSync(join(root, "schemas", file), join(folder, "schemas", file));
  }
  writeFileSync(join(folder, "databags.json"), `${JSON.stringify(moments, undefined, 2)}\n`);
}

let today: readonly Moment[];
beforeAll(async () => {
  today = await converse();
  if (process.env["RECORD_DATABAGS"] !== undefined) record(today);
});

const versions = readdirSync(recorded);

function momentsOf(ofVersion: string): readonly Moment[] {
  return JSON.parse(readFileSync(join(recorded, ofVersion, "databags.json"), "utf8"));
}

/** What databags say, with the values of their keys decoded. */
function decoded(databag: Readonly<Record<string, string>>): JsonObject {
  return Object.fromEntries(
    Object.entries(databag).map(([key, value]) => [key, key === "lib-version" ? value : JSON.parse(value)]),
  );
}

function jobsOf(databag: Readonly<Record<string, string>>): readonly JsonObject[] {
  const { jobs = [] } = decoded(databag);
  return Array.isArray(jobs) ? jobs.filter(isObject) : [];
}

/** A request with keys: those of a job that has ended were taken away, and those in a secret are not recorded. */
function withKeys({ "secret-extra": _uri, ...job }: JsonObject): JsonObject {
  const storage = job["storage-config"];
  const given = { "access-key": keys.accessKey, "secret-key": keys.secretKey };
  return { ...job, "storage-config": { ...(isObject(storage) ? storage : {}), ...given } };
}

/** Every name that databags have, as a path without the indexes of lists. */
function namesIn(value: unknown, path = ""): readonly string[] {
  if (Array.isArray(value)) return value.flatMap((item) => namesIn(item, `${path}[]`));
  if (!isObject(value)) return [path];
  return Object.entries(value).flatMap(([name, inner]) => namesIn(inner, `${path}.${name}`));
}

function namesOf(moments: readonly Moment[]): readonly string[] {
  const names = moments.flatMap(({ requirer, providerUnit, providerApplication }) =>
    namesIn({
      requirer: decoded(requirer),
      providerUnit: decoded(providerUnit),
      providerApplication: decoded(providerApplication),
    }),
  );
  return [...new Set(names)].toSorted();
}

test("what this version writes is recorded, with the schemas that it has", () => {
  expect(versions).toContain("v0");
  const remedy = "If the change is meant, record this version anew, as the head of this file says.";
  expect(namesOf(momentsOf(version)), remedy).toEqual(namesOf(today));
  for (const file of schemaFiles) {
    const copy = readFileSync(join(recorded, version, "schemas", file), "utf8");
    expect(JSON.parse(copy), remedy).toEqual(JSON.parse(read(`schemas/${file}`)));
  }
});

test("every version that was released is recorded", () => {
  const released = [...read("CHANGELOG.md").matchAll(/^## (\d+\.\d+\.\d+)/gm)].map((match) => match[1]);
  expect(released.length).toBeGreaterThan(0);
  expect(versions).toEqual(expect.arrayContaining(released));
});

describe.each(versions)("a charm of version %s", (old) => {
  const ajv = new Ajv2019({ strict: true });
  for (const file of schemaFiles) {
    const path = join(recorded, old, "schemas", file);
    if (existsSync(path)) ajv.addSchema(JSON.parse(readFileSync(path, "utf8")));
  }
  const base = "https://canonical.github.io/charm-relation-interfaces/interfaces/database_backup/schemas";

  /** What the old version's schemas say of a databag. */
  function expectValid(databag: Readonly<Record<string, string>>, ...schemas: readonly string[]): void {
    for (const schema of schemas) {
      const validate = ajv.getSchema(`${base}/${schema}`);
      // A version that knows the interface alone has no schema of extensions.
      if (validate === undefined) continue;
      expect(validate(decoded(databag)), schema).toBe(true);
    }
  }

  test("understands what a charm of this version writes", () => {
    expect(today.length).toBeGreaterThan(5);
    expect(ajv.getSchema(`${base}/requirer.json`)).toBeDefined();
    for (const { requirer, providerUnit, providerApplication } of today) {
      expectValid(requirer, "requirer.json", "extensions.json#/$defs/requirer-databag");
      expectValid(providerUnit, "provider.json", "extensions.json#/$defs/provider-databag");
      expectValid(providerApplication, "extensions.json#/$defs/provider-application");
    }
  });

  test("writes what this version takes for valid", async () => {
    const moments = momentsOf(old);
    for (const { after, requirer, providerUnit, providerApplication } of moments) {
      const databags = [
        ["requirer", requirer],
        ["provider", providerUnit],
        ["provider", providerApplication],
      ] as const;
      for (const [side, databag] of databags) {
        const result = await checkText(JSON.stringify(databag), { side });
        expect(result, `${side}, after ${after}`).toMatchObject({ counts: { errors: 0 } });
      }
    }
    // What it never wrote proves nothing.
    const written = moments.flatMap(({ requirer, providerUnit }) => [requirer["jobs"], providerUnit["jobs"]]);
    expect(written.filter((jobs) => jobs !== undefined).length).toBeGreaterThan(3);
  });

  test("has its jobs run by a database of this version", async () => {
    const moments = momentsOf(old);
    const model = await InProcessModel.start();
    const asked = new Set<unknown>();
    for (const { requirer } of moments) {
      const jobs = jobsOf(requirer).map(withKeys);
      await model.writeJobs(jobs);
      expect(model.problems()).toEqual([]);
      for (const { "job-id": id } of jobs) {
        asked.add(id);
        expect(model.report(String(id)), String(id)).toMatchObject({ status: "success" });
      }
    }
    expect(asked.size).toBeGreaterThan(1);
    await model.stop();
  });

  test("has its reports shown by a backup manager of this version", async () => {
    const shown = new Set<string>();
    for (const { providerUnit, providerApplication } of momentsOf(old)) {
      const last = jobsOf(providerUnit).at(-1);
      if (last === undefined) continue;
      const model = await InProcessModel.start();
      // The database is of the old version: this test writes what it wrote.
      model.charms.database = async () => {};
      const id = await model.requestBackup();
      const { juju, relation } = model;
      await juju.writeDatabag(relation, "database", providerApplication);
      await juju.writeDatabag(relation, "database/0", { jobs: JSON.stringify([{ ...last, "job-id": id }]) });
      await juju.settle();
      const { results } = await model.act("show-job", { "job-id": id });
      const ends: Readonly<Record<string, string>> = {
        running: "running",
        success: "succeeded",
        error: "failed",
      };
      expect(results["phase"]).toBe(ends[String(last["status"])]);
      expect(Object.values(results)).toContain(last["message"] ?? last["artefact-path"] ?? id);
      shown.add(String(last["status"]));
      await model.stop();
    }
    expect([...shown].toSorted()).toEqual(["error", "running", "success"]);
  });
});
