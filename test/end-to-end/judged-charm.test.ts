/**
 * The conformance kit judges the PostgreSQL charm with a real cluster: it holds the charm's calls of pgBackRest, and lets
 * them run.
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { judgeCharm } from "../../lib/conformance/conformance.ts";
import { scenariosOf } from "../../lib/conformance/play.ts";
import { rulesOf } from "../../lib/conformance/rules/rules-of.ts";
import { startServers, type Servers } from "../servers/servers.ts";

let servers: Servers;
beforeAll(async () => {
  servers = await startServers();
  // Those that the kit's jobs name.
  for (const name of ["kit", "alpha", "bravo", "carol"]) await servers.s3.createBucket(`bucket-${name}`);
});
afterAll(async () => {
  await servers?.stop();
});

/** What an admin would write beside the charm. */
function observation(): string {
  const [node] = servers.nodes;
  if (node === undefined) throw new Error("There is no PostgreSQL server to take care of.");
  const { s3 } = servers;
  const file = join(servers.directory, "conformance.json");
  writeFileSync(
    file,
    JSON.stringify({
      config: {
        "patroni-config": node.patroni.configDirectory,
        "patroni-scope": node.patroni.scope,
        "patroni-rest-url": node.patroni.restUrl,
        "patroni-unit": "",
        "patroni-pid-file": node.patroni.pidFile,
        "patroni-log-file": node.patroni.logFile,
        "data-directory": node.postgresql.dataDirectory,
        "bin-directory": node.postgresql.binDirectory,
        "socket-directory": node.postgresql.socketDirectory,
        port: node.postgresql.port,
        "state-directory": "{directory}",
      },
      program: "pgbackrest",
      "passes-on": "/usr/bin/pgbackrest",
      "most-units": 1,
      storage: {
        endpoint: s3.endpoint,
        region: s3.region,
        "s3-uri-style": "path",
        "tls-ca-chain": [s3.caPem],
        "access-key": s3.users.admin.accessKey,
        "secret-key": s3.users.admin.secretKey,
      },
      calls: { backup: { arguments: "(^| )backup( |$)" }, restore: { arguments: "(^| )restore( |$)" } },
    }),
  );
  return file;
}

/** The scenarios of several units, each of which would need a member of the cluster of its own. */
const ofSeveralUnits = new Set(
  scenariosOf("provider").flatMap(({ name, units = 1 }) => (units > 1 ? [name] : [])),
);

test("the PostgreSQL charm keeps the rules with a real cluster", { timeout: 1_800_000 }, async () => {
  const unplayed = rulesOf("provider").filter(({ scenarios }) =>
    scenarios.every((name) => ofSeveralUnits.has(name)),
  );
  const { verdicts } = await judgeCharm({
    charm: "examples/postgresql-charm",
    observation: observation(),
    limits: { patienceMs: 30_000 },
  });
  const others = verdicts.filter(({ verdict }) => verdict !== "holds");
  expect(others.map(({ rule, verdict }) => `${rule.id} ${verdict}`)).toEqual(
    unplayed.map(({ id }) => `${id} not shown`),
  );
});
