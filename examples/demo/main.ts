/**
 * The demonstration: a backup and a restore of a real PostgreSQL, from an admin's request to verified rows.
 *
 * @module
 */
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import type { SimulatedJuju } from "juju-database-backup/testing";
import { startServers, type Servers } from "../../test/servers/servers.ts";
import { runAction, watchJob, type Results } from "./admin.ts";
import { statusTable } from "./juju-status.ts";
import { bucket, deployModel, manager } from "./model.ts";

const rows = 1_000_000;
const checksum = "select count(*), sum(hashtext(orders::text)) from orders";

interface Step {
  readonly name: string;
  readonly seconds: number;
}

const { values: flags } = parseArgs({
  options: { keep: { type: "boolean", default: false }, json: { type: "boolean", default: false } },
});

const steps: Step[] = [];
const started = performance.now();
let servers: Servers | undefined;
let juju: SimulatedJuju | undefined;
let cleaningUp: Promise<void> | undefined;

async function step<Result>(name: string, action: () => Promise<Result>): Promise<Result> {
  const from = performance.now();
  const result = await action();
  const seconds = Math.round((performance.now() - from) / 100) / 10;
  steps.push({ name, seconds });
  console.log(`${seconds.toFixed(1).padStart(6)} s  ${name}`);
  return result;
}

function show(text: string): void {
  console.log(`\n${text.replaceAll(/^/gm, "          ")}\n`);
}

function showResults(results: Results): void {
  const lines = Object.entries(results).flatMap(([key, value]) =>
    key === "return-code" ? [] : [`${key}: ${value}`],
  );
  show(lines.join("\n"));
}

/** As a shell wants it. */
function quoted(value: string): string {
  return /[\s*]/.test(value) ? `"${value}"` : value;
}

function detail(line: string): void {
  console.log(`          ${line}`);
}

async function demonstrate(): Promise<string> {
  const running = await step("start S3 (Ceph RADOS gateway), etcd, Patroni with PostgreSQL 15", async () => {
    servers = await startServers();
    await servers.s3.createBucket(bucket);
    return servers;
  });
  const psql = async (sql: string): Promise<string> => (await running.psql(0, sql)).trim();
  const model = await step(
    "deploy postgresql, backup-manager and s3-integrator, and relate them",
    async () => {
      // So short only so that a short demonstration shows progress; Juju's own interval is five minutes.
      const deployed = await deployModel(running, { updateStatusIntervalMs: 2_000 });
      juju = deployed.juju;
      await juju.settle();
      return deployed;
    },
  );
  const status = (): void => show(`$ juju status\n${statusTable(model.juju.status())}`);
  const action = async (name: string, parameters: Record<string, string> = {}): Promise<Results> => {
    const given = Object.entries(parameters).map(([key, value]) => ` ${key}=${quoted(value)}`);
    detail(`$ juju run ${manager} ${name}${given.join("")}`);
    return await runAction(model.juju, name, parameters);
  };
  const job = async (name: string, parameters: Record<string, string>): Promise<Results> => {
    const { "job-id": id = "" } = await action(name, parameters);
    return await watchJob(model.juju, model.relation, id, detail);
  };
  status();

  await step(`create ${rows.toLocaleString("en")} rows`, async () => {
    await psql("create table orders (id bigint primary key, customer text, placed timestamptz)");
    await psql(
      `insert into orders select n, md5(n::text) || md5((n * 7)::text), now() from generate_series(1, ${rows}) n`,
    );
  });
  const backup = await step("back up", async () => await job("create-backup", { type: "full" }));
  await step("write more rows", async () => {
    await psql(
      `insert into orders select n, md5(n::text), now() from generate_series(${rows + 1}, ${rows + 1000}) n`,
    );
  });
  const wanted = await psql(checksum);
  const moment = await step("note the moment, with a checksum of all rows", async () => {
    // Commits of one instant cannot be told apart by time, so the moment stands clear of both sides.
    await sleep(200);
    const now = (await psql("select clock_timestamp() at time zone 'UTC'")).replace(" ", "T");
    await sleep(200);
    return `${now}Z`;
  });
  await step("delete rows, and write rows that nobody wants", async () => {
    await psql("delete from orders where id % 2 = 0");
    await psql("insert into orders values (-1, 'a mistake', now())");
  });
  if ((await psql(checksum)) === wanted) throw new Error("The deletion did not change the rows.");
  status();

  const restore = await step(`restore to the moment before`, async () => {
    const target = { "restore-to-time": moment };
    showResults(await action("restore", target));
    return await job("restore", { ...target, confirm: "postgresql" });
  });
  await step("compare the checksum of all rows", async () => {
    const found = await psql(checksum);
    detail(`wanted ${wanted.replace("|", " rows, checksum ")}`);
    detail(`found  ${found.replace("|", " rows, checksum ")}`);
    if (found !== wanted) throw new Error("The rows are not those of the moment.");
  });
  await step("show jobs, backups and status", async () => {
    show((await action("list-jobs"))["jobs"] ?? "");
    show((await action("list-backups"))["backups"] ?? "");
    await action("show-job", { "job-id": restore["job-id"] ?? "" });
    showResults(restore);
  });
  await step("back up what has changed, and cancel a job that waits meanwhile", async () => {
    const { "job-id": first = "" } = await action("create-backup", { type: "incremental" });
    const { "job-id": second = "" } = await action("create-backup", { type: "full" });
    showResults(await action("cancel", { "job-id": second }));
    await watchJob(model.juju, model.relation, first, detail);
    await model.juju.settle();
    show((await action("list-jobs"))["jobs"] ?? "");
  });
  await step("back up by the clock from now on, and clear the history", async () => {
    const nightly = { name: "nightly", cron: "0 2 * * *", timezone: "Europe/Berlin" };
    await action("add-schedule", nightly);
    show((await action("list-schedules"))["schedules"] ?? "");
    showResults(await action("remove-schedule", { name: "nightly" }));
    showResults(await action("clear-history"));
    show((await action("list-databases"))["databases"] ?? "");
  });
  await model.juju.settle();
  status();
  return backup["backup-id"] ?? "";
}

async function cleanUp(): Promise<void> {
  await juju?.stop();
  await servers?.stop();
}

function keepEverything(): void {
  const [node] = servers?.nodes ?? [];
  console.log("Everything goes on running in this process. Look at it from another terminal:");
  console.log(`  files        ${servers?.directory ?? ""}`);
  console.log(
    `  PostgreSQL   psql -h ${node?.postgresql.socketDirectory ?? ""} -p ${node?.postgresql.port ?? ""} -U postgres`,
  );
  console.log(`  Patroni      patronictl -c ${node?.patroni.configDirectory ?? ""} list`);
  console.log(
    `  S3           ${servers?.s3.endpoint ?? ""}, bucket ${bucket}, CA ${servers?.s3.caFile ?? ""}`,
  );
  console.log("Ctrl-C ends it and cleans up.");
}

for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  process.on(signal, () => {
    console.log(`\n${signal}: cleaning up.`);
    cleaningUp ??= cleanUp();
    void cleaningUp.finally(() => process.exit(130));
  });
}

let backupId: string | undefined;
try {
  backupId = await demonstrate();
} catch (error) {
  process.exitCode = 1;
  // A clean-up in progress takes the servers away under the demonstration's feet; what fails then says nothing.
  if (cleaningUp === undefined) {
    console.error(`\nIt went wrong: ${error instanceof Error ? error.message : String(error)}`);
    if (error instanceof Error && "remedy" in error) console.error(String(error.remedy));
    for (const line of juju?.log().slice(-20) ?? [])
      console.error(`  ${line.unit} ${line.level} ${line.message}`);
  }
}
const verified = backupId !== undefined;
if (flags.keep && cleaningUp === undefined) {
  keepEverything();
} else {
  cleaningUp ??= cleanUp();
  await cleaningUp;
}
if (verified) {
  const seconds = (performance.now() - started) / 1000;
  console.log(`RESTORED AND VERIFIED in ${seconds.toFixed(1)} s`);
}
if (flags.json) console.log(JSON.stringify({ verified, backupId: backupId ?? null, steps }));
