import { once } from "node:events";
import { mkdtemp, readdir, rm, stat, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { SimulatedJuju, type CharmFunction } from "../../lib/testing/index.ts";
import { writeArchivingRecord } from "../../provider/postgresql/archiving/archiving-record.ts";
import { commonNameOf, keepCertificate } from "../../provider/postgresql/cluster/certificates.ts";
import { exchangeMembers } from "../../provider/postgresql/cluster/cluster-peers.ts";
import {
  alone,
  keepMembers,
  readMembers,
  type KnownMembers,
} from "../../provider/postgresql/cluster/known-members.ts";
import { DatabaseUser } from "../../provider/postgresql/database-user.ts";
import { createExecutor } from "../../provider/postgresql/index.ts";
import { settingsOf, type PostgresqlOptions } from "../../provider/postgresql/options.ts";
import { createCertificates } from "../servers/certificates.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "members-"));
});
afterEach(async () => rm(folder, { recursive: true }));

const recordOf = (unit: string) => ({
  member: unit.replace("/", "-"),
  configFile: "/c",
  dataDirectory: "/d",
  socketDirectory: "/s",
  port: 5432,
  user: "postgres",
});

describe("a replica", () => {
  it("does not make backups with what a job has brought when it was the primary", async () => {
    const patroni = createServer((request, response) => {
      const member = { state: "streaming", role: "replica", database_system_identifier: "7" };
      response.end(JSON.stringify(request.url === "/cluster" ? { members: [] } : member));
    }).listen(0, "127.0.0.1");
    await once(patroni, "listening");
    const address = patroni.address();
    const tls = {
      keyFile: join(folder, "key.pem"),
      certificateFile: join(folder, "certificate.pem"),
      caFile: join(folder, "ca.pem"),
      address: "localhost",
      service: { kind: "process" } as const,
    };
    const options: PostgresqlOptions = {
      patroni: {
        configDirectory: folder,
        restUrl: `http://127.0.0.1:${typeof address === "object" ? address?.port : ""}`,
        scope: "s",
        service: { kind: "systemd", unit: "patroni" },
      },
      postgresql: { dataDirectory: folder, binDirectory: "/bin", socketDirectory: folder, port: 5432 },
      tls,
    };
    const environment = { unit: "pg/0", application: "pg", modelUuid: "u", workDirectory: folder };
    try {
      const certificates = await createCertificates(join(folder, "authority"));
      const user = await DatabaseUser.lookUp(userInfo().username);
      await keepCertificate(user, tls, await certificates.issue("pg-0", ["DNS:localhost"]));
      const executor = createExecutor(options, environment);
      const settings = settingsOf(options, environment);
      const location = { endpoint: "https://s3.example", bucket: "b", path: "/p" };
      await writeFile(settings.files.archiveStorage, JSON.stringify(location));
      expect(await executor.standing()).toMatchObject({
        ready: false,
        reason: "PostgreSQL is a replica here, and the primary does not archive yet",
      });
      await writeArchivingRecord(settings, { digest: "of the related storage" });
      expect(await executor.standing()).toMatchObject({
        ready: false,
        reason: "PostgreSQL is a replica here, and the primary's TLS server does not answer",
      });
    } finally {
      patroni.close();
    }
  });
});

describe("a member's certificate", () => {
  const files = () => ({
    keyFile: join(folder, "tls", "key.pem"),
    certificateFile: join(folder, "tls", "certificate.pem"),
    caFile: join(folder, "tls", "ca.pem"),
  });

  it("is kept so that pgBackRest takes it, tells its common name, and is taken away", async () => {
    const user = await DatabaseUser.lookUp(userInfo().username);
    expect(await commonNameOf(undefined)).toBeUndefined();
    expect(await commonNameOf(files())).toBeUndefined();
    const certificates = await createCertificates(join(folder, "authority"));
    await keepCertificate(user, files(), await certificates.issue("pg-0", ["DNS:localhost"]));
    expect((await stat(files().keyFile)).mode & 0o777).toBe(0o600);
    expect(await commonNameOf(files())).toBe("pg-0");
    await keepCertificate(user, files(), undefined);
    expect(await readdir(join(folder, "tls"))).toEqual([]);
    expect(await commonNameOf(files())).toBeUndefined();
  });

  it("says where it cannot be read", async () => {
    const user = await DatabaseUser.lookUp(userInfo().username);
    await keepCertificate(user, files(), { key: "k", certificate: "garbage", ca: "c" });
    await expect(commonNameOf(files())).rejects.toMatchObject({
      failure: { code: "tls-certificate-unusable", message: expect.stringContaining("certificate.pem") },
    });
  });
});

describe("what the members know", () => {
  it("is of nobody else at first, and then what was told last", async () => {
    const settings = settingsOf(
      {
        patroni: { configDirectory: "/p", restUrl: "u", scope: "s", service: { kind: "systemd", unit: "p" } },
        postgresql: { dataDirectory: "/d", binDirectory: "/b", socketDirectory: "/s", port: 1 },
      },
      { unit: "pg/0", application: "pg", modelUuid: "u", workDirectory: join(folder, "work") },
    );
    expect(await readMembers(settings)).toEqual(alone);
    const known = { plannedUnits: 2, others: { "pg/1": recordOf("pg/1") } };
    await keepMembers(settings, known);
    expect(await readMembers(settings)).toEqual(known);
    await writeFile(settings.files.members, "{");
    await expect(readMembers(settings)).rejects.toThrow(SyntaxError);
  });

  it("is what each of them told, and a member that goes is forgotten", async () => {
    const known = new Map<string, KnownMembers>();
    const charm: CharmFunction = async ({ juju, event }) => {
      const isDeparture = event.kind === "relation" && event.change === "departed";
      const departing = isDeparture ? event.departingUnit : undefined;
      const own = recordOf(juju.unit);
      known.set(
        juju.unit,
        await exchangeMembers(juju, "database-peers", own, ...(departing === undefined ? [] : [departing])),
      );
    };
    const juju = await SimulatedJuju.start({ directory: join(folder, "juju") });
    try {
      await juju.deploy({
        application: "pg",
        charm: "examples/postgresql-charm",
        inProcess: charm,
        units: 3,
      });
      await juju.settle();
      expect(known.get("pg/1")).toEqual({
        plannedUnits: 3,
        others: { "pg/0": recordOf("pg/0"), "pg/2": recordOf("pg/2") },
      });
      await juju.removeUnit("pg/2");
      await juju.settle();
      expect(known.get("pg/1")).toEqual({ plannedUnits: 2, others: { "pg/0": recordOf("pg/0") } });
    } finally {
      await juju.stop();
    }
  });
});
