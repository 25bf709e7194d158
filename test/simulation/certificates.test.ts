/**
 * A PostgreSQL charm's side of tls-certificates v1, against a charm that signs with an authority of its own: real keys,
 * real openssl, and no database.
 */
import { createPrivateKey, X509Certificate } from "node:crypto";
import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { SimulatedJuju, type CharmFunction } from "../../lib/testing/index.ts";
import {
  keepMemberCertificate,
  obtainMemberCertificate,
  type PostgresqlOptions,
} from "../../provider/postgresql/index.ts";

const authority = "self-signed-certificates";
const signing: { readonly charm: CharmFunction } = await import(
  new URL(`../charms/${authority}/charm.js`, import.meta.url).href
);
const units = ["pg/0", "pg/1"];
let folder: string;
let juju: SimulatedJuju;
let relation: number;
let address: string;

const directoryOf = (unit: string): string => join(folder, unit.replace("/", "-"));
const environmentOf = (unit: string) => ({
  unit,
  application: "pg",
  modelUuid: "u",
  workDirectory: join(directoryOf(unit), "work"),
});

function optionsOf(unit: string): PostgresqlOptions {
  const tls = join(directoryOf(unit), "tls");
  return {
    patroni: { configDirectory: "/p", restUrl: "u", scope: "s", service: { kind: "systemd", unit: "p" } },
    postgresql: {
      dataDirectory: "/d",
      binDirectory: "/b",
      socketDirectory: "/s",
      port: 1,
      user: userInfo().username,
    },
    tls: {
      keyFile: join(tls, "key.pem"),
      certificateFile: join(tls, "certificate.pem"),
      caFile: join(tls, "ca.pem"),
      address,
      service: { kind: "process" },
    },
  };
}

const charm: CharmFunction = async ({ juju: port, event }) => {
  const status = await obtainMemberCertificate(optionsOf(port.unit), environmentOf(port.unit), {
    juju: port,
    event,
  });
  await port.setStatus(status ?? { name: "active", message: "" });
};

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "certificates-"));
  address = "localhost";
  juju = await SimulatedJuju.start({ directory: join(folder, "juju") });
  await juju.deploy({ application: "pg", charm: "examples/postgresql-charm", inProcess: charm, units: 2 });
  await juju.deploy({
    application: authority,
    charm: `test/charms/${authority}`,
    inProcess: signing.charm,
    config: { directory: join(folder, "authority") },
  });
  await relate();
});
afterEach(async () => {
  await juju.stop();
  await rm(folder, { recursive: true });
});

async function relate(): Promise<void> {
  relation = await juju.integrate("pg:certificates", `${authority}:certificates`);
  await juju.settle();
}

const contents = async (unit: string, name: string): Promise<string | undefined> =>
  readFile(join(directoryOf(unit), "tls", `${name}.pem`), "utf8").catch(() => undefined);

interface Kept {
  readonly key: string;
  readonly certificate: string;
  readonly ca: string;
}

/** What lies where pgBackRest looks for it; it fits together, and is for this unit. */
async function kept(unit: string): Promise<Kept> {
  const [key = "", certificate = "", ca = ""] = await Promise.all(
    ["key", "certificate", "ca"].map(async (name) => contents(unit, name)),
  );
  const read = new X509Certificate(certificate);
  expect(read.subject).toBe(`CN=${unit.replace("/", "-")}`);
  expect(read.subjectAltName).toBe(`DNS:${address}`);
  expect(read.keyUsage).toEqual(["1.3.6.1.5.5.7.3.1", "1.3.6.1.5.5.7.3.2"]);
  expect(read.checkPrivateKey(createPrivateKey(key))).toBe(true);
  expect(read.verify(new X509Certificate(ca).publicKey)).toBe(true);
  return { key, certificate, ca };
}

async function expectNothingKept(): Promise<void> {
  for (const unit of units)
    for (const name of ["key", "certificate", "ca"]) expect(await contents(unit, name)).toBeUndefined();
}

function requestOf(unit: string): string {
  return juju.databag(relation, unit)["certificate_signing_requests"] ?? "[]";
}

async function updateStatus(): Promise<void> {
  for (const unit of units) await juju.updateStatus(unit);
  await juju.settle();
}

function statuses(): readonly string[] {
  const { units: found = {} } = juju.status().applications["pg"] ?? {};
  return Object.values(found).map(({ workload }) => `${workload.name}: ${workload.message}`);
}

test("each unit has a key of its own and a certificate for it, and asks once", async () => {
  const [first, second] = await Promise.all(units.map(kept));
  expect(first?.key).not.toBe(second?.key);
  for (const unit of units) {
    expect((await stat(join(directoryOf(unit), "tls", "key.pem"))).mode & 0o777).toBe(0o600);
    const record = join(environmentOf(unit).workDirectory, "certificate-request.json");
    expect((await stat(record)).mode & 0o777).toBe(0o600);
    expect(JSON.parse(requestOf(unit))).toEqual([
      { certificate_signing_request: expect.stringContaining("BEGIN CERTIFICATE REQUEST"), ca: false },
    ]);
    expect(JSON.stringify(juju.databag(relation, unit))).not.toContain("PRIVATE KEY");
  }
  const asked = units.map(requestOf);
  await updateStatus();
  expect(units.map(requestOf)).toEqual(asked);
  expect(await kept("pg/0")).toEqual(first);
  expect(statuses()).toEqual(["active: ", "active: "]);
});

test("what the provider signs anew takes the place of what was there, the authority with it", async () => {
  const before = await kept("pg/0");
  await juju.runAction(`${authority}/0`, "renew");
  await juju.settle();
  const renewed = await kept("pg/0");
  expect(renewed).toMatchObject({ key: before.key, ca: before.ca });
  expect(renewed.certificate).not.toBe(before.certificate);
  await juju.runAction(`${authority}/0`, "renew", { authority: true });
  await juju.settle();
  expect((await kept("pg/0")).ca).not.toBe(before.ca);
});

test("what the provider takes back is taken away with its key, and asked for anew", async () => {
  const before = await kept("pg/0");
  await juju.configure(authority, { withhold: true });
  await juju.settle();
  await expectNothingKept();
  const asked = units.map(requestOf);
  await updateStatus();
  expect(units.map(requestOf)).toEqual(asked);
  await juju.configure(authority, { withhold: false });
  await juju.settle();
  expect((await kept("pg/0")).key).not.toBe(before.key);
});

test("a certificate is renewed before it expires, and serves until the next one is there", async () => {
  const before = await kept("pg/0");
  await juju.configure(authority, { "validity-days": 0 });
  await juju.runAction(`${authority}/0`, "renew");
  await juju.settle();
  const short = await kept("pg/0");
  expect(short.key).toBe(before.key);
  await juju.hold(`${authority}/0`);
  await updateStatus();
  expect(await kept("pg/0")).toEqual(short);
  await juju.configure(authority, { "validity-days": 30 });
  await juju.hold(`${authority}/0`, false);
  await juju.settle();
  const renewed = await kept("pg/0");
  expect(renewed.key).not.toBe(short.key);
  await updateStatus();
  expect(await kept("pg/0")).toEqual(renewed);
});

test("another address is asked for", async () => {
  address = "pg.example";
  await updateStatus();
  expect(new X509Certificate((await kept("pg/1")).certificate).checkHost("pg.example")).toBe("pg.example");
});

test("a relation that is gone leaves nothing, and one that comes back gives all anew", async () => {
  const before = await kept("pg/0");
  await juju.removeRelation("pg:certificates", `${authority}:certificates`);
  await juju.settle();
  await expectNothingKept();
  await relate();
  expect((await kept("pg/0")).key).not.toBe(before.key);
});

test("what an admin put there is left alone by a relation that gave nothing", async () => {
  await juju.removeRelation("pg:certificates", `${authority}:certificates`);
  await juju.settle();
  const own = { key: "an admin's key", certificate: "c", ca: "a" };
  await keepMemberCertificate(optionsOf("pg/0"), environmentOf("pg/0"), own);
  await juju.configure(authority, { withhold: true });
  await relate();
  expect(await contents("pg/0", "key")).toBe(own.key);
  await juju.removeRelation("pg:certificates", `${authority}:certificates`);
  await juju.settle();
  expect(await contents("pg/0", "key")).toBe(own.key);
});

test("what cannot be used blocks the unit and changes nothing, until it is put right", async () => {
  const before = await kept("pg/0");
  const { certificates = "" } = juju.databag(relation, authority);
  const swapped = certificates.replaceAll(
    before.certificate.trim().replaceAll("\n", "\\n"),
    (await kept("pg/1")).certificate.trim().replaceAll("\n", "\\n"),
  );
  await juju.writeDatabag(relation, authority, { certificates: swapped });
  await juju.settle();
  expect(statuses()[0]).toBe(
    `blocked: The certificate that certificates:${relation} gave cannot be used: it is not for this unit's key.`,
  );
  expect(await kept("pg/0")).toEqual(before);
  await juju.writeDatabag(relation, authority, { certificates });
  await juju.settle();
  expect(statuses()).toEqual(["active: ", "active: "]);
});

test("files that somebody damaged are put back", async () => {
  const before = await kept("pg/0");
  await writeFile(join(directoryOf("pg/0"), "tls", "certificate.pem"), "garbage");
  await updateStatus();
  expect(await kept("pg/0")).toEqual(before);
});
