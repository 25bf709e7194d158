import { fc, test } from "@fast-check/vitest";
import { describe, expect, it } from "vitest";
import { decideTlsServer, type TlsServerFacts } from "../../provider/postgresql/checks/tls-server-checks.ts";
import { formatMember, parseMember } from "../../provider/postgresql/cluster/member-record.ts";
import { settingsOf, type PostgresqlOptions, type Settings } from "../../provider/postgresql/options.ts";
import { isReplicaInStep, leaderOf, parseCluster } from "../../provider/postgresql/patroni/cluster-view.ts";
import { primaryArguments, renderServerConfig } from "../../provider/postgresql/pgbackrest/tls-config.ts";

const options: PostgresqlOptions = {
  patroni: {
    configDirectory: "/etc/patroni",
    restUrl: "http://127.0.0.1:8008",
    scope: "prod",
    service: { kind: "systemd", unit: "patroni" },
  },
  postgresql: { dataDirectory: "/data", binDirectory: "/bin", socketDirectory: "/run", port: 5432 },
  tls: {
    keyFile: "/tls/key.pem",
    certificateFile: "/tls/cert.pem",
    caFile: "/tls/ca.pem",
    address: "unit-0.example",
    service: { kind: "process" },
  },
};
const environment = { unit: "pg/0", application: "pg", modelUuid: "u", workDirectory: "/work" };
const settings = settingsOf(options, environment);
const record = {
  member: "pg-1",
  configFile: "/executor/server.conf",
  dataDirectory: "/data",
  socketDirectory: "/run",
  port: 5432,
  user: "postgres",
  tls: { address: "unit-1.example", port: 8432, commonName: "unit-1" },
};

describe("the TLS server", () => {
  const facts = fc.record<TlsServerFacts>({
    isTlsEnabled: fc.boolean(),
    otherMembers: fc.nat(3),
    isServing: fc.boolean(),
    isPrimary: fc.option(fc.boolean(), { nil: undefined }),
    isPrimaryServing: fc.option(fc.boolean(), { nil: undefined }),
  });

  test.prop([facts])("runs where others are to be served, and only after the primary's", (known) => {
    const { kind } = decideTlsServer(known);
    const isWanted = known.isTlsEnabled && known.otherMembers > 0;
    expect(kind === "stop").toBe(!isWanted);
    if (kind === "start") expect(known.isPrimary === true || known.isPrimaryServing === true).toBe(true);
    if (isWanted && known.isPrimary === true) expect(kind).not.toBe("deferred");
  });

  it("lets in the units that said so, once each, and knows no repository", () => {
    const config = renderServerConfig(settings, { commonNames: ["unit-2", "unit-1", "unit-2"] });
    expect(config.split("\n").filter((line) => line.startsWith("tls-server-auth"))).toEqual([
      "tls-server-auth=unit-1=pg",
      "tls-server-auth=unit-2=pg",
    ]);
    expect(config).not.toContain("repo1");
    expect(config).toContain("tls-server-port=8432\n");
  });
});

describe("the way to the primary", () => {
  it("is that of its record", () => {
    expect(primaryArguments(settings, record)).toEqual(
      expect.arrayContaining([
        "--pg2-host=unit-1.example",
        "--pg2-host-config=/executor/server.conf",
        "--pg2-host-key-file=/tls/key.pem",
        "--pg2-path=/data",
      ]),
    );
  });

  it("is none without TLS on both sides", () => {
    const { tls: _, ...without } = record;
    expect(primaryArguments(settings, without)).toEqual([]);
    const plain: Settings = { ...settings, tls: undefined };
    expect(primaryArguments(plain, record)).toEqual([]);
  });
});

describe("what a unit tells of itself", () => {
  const word = fc.string({ minLength: 1 }).filter((text) => text === text.trim() && !/\p{Cc}/u.test(text));
  const port = fc.integer({ min: 1, max: 65_535 });
  const records = fc.record(
    {
      member: word,
      configFile: word,
      dataDirectory: word,
      socketDirectory: word,
      port,
      user: word,
      archives: fc.constant(true as const),
      refusesClients: fc.constant(true as const),
      apiUrl: fc.webUrl(),
      tls: fc.record({ address: word, port, commonName: word }),
    },
    { requiredKeys: ["member", "configFile", "dataDirectory", "socketDirectory", "port", "user"] },
  );

  test.prop([records])("arrives as it was said", (given) => {
    expect(parseMember(formatMember(given))).toEqual(given);
  });

  test.prop([fc.oneof(fc.string(), fc.json(), fc.constant(undefined))])(
    "is nothing where it is garbage",
    (text) => {
      const read = parseMember(text);
      if (read !== undefined) expect(parseMember(formatMember(read))).toEqual(read);
    },
  );

  it.each(["a\nrepo1-s3-key=x", "x\r[global]", " ", ""])(
    "cannot bring an option of its own: %j",
    (address) => {
      const said = formatMember({ ...record, tls: { ...record.tls, address } });
      expect(parseMember(said)?.tls).toBeUndefined();
      expect(parseMember(formatMember({ ...record, dataDirectory: address }))).toBeUndefined();
    },
  );
});

describe("what Patroni says of the cluster", () => {
  const members = parseCluster({
    members: [
      { name: "a", role: "leader", state: "running" },
      { name: "b", role: "sync_standby", state: "streaming", tags: { nosync: true } },
      { name: "c", role: "replica", state: "starting" },
      "garbage",
    ],
  });

  it("names the leader and the replicas that keep up", () => {
    expect(leaderOf(members)?.name).toBe("a");
    expect(members.filter(isReplicaInStep).map(({ name, tags }) => [name, tags])).toEqual([
      ["b", { nosync: true }],
    ]);
  });

  it("may be nothing", () => {
    expect(leaderOf(parseCluster({}))).toBeUndefined();
  });
});
