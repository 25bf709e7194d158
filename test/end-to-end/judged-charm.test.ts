/**
 * The conformance kit judges the PostgreSQL charm with a real cluster: it holds the charm's calls of pgBackRest, and lets
 * them run.
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { judgeCharm } from "../../lib/conformance/conformance.ts";
import { postgresqlConfig } from "../../examples/demo/model.ts";
import { scenariosOf } from "../../lib/conformance/play.ts";
import { rulesOf } from "../../lib/conformance/rules/rules-of.ts";
import { startServers, type Servers } from "../servers/servers.ts";
import { s3Fields } from "./postgresql-model.ts";

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
  const file = join(servers.directory, "conformance.json");
  writeFileSync(
    file,
    JSON.stringify({
      config: { ...postgresqlConfig(servers), "state-directory": "{directory}" },
      program: "pgbackrest",
      "passes-on": "/usr/bin/pgbackrest",
      "most-units": 1,
      storage: s3Fields(servers),
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
