/**
 * What the history of a backup manager costs: bytes in its databag, the time to read, to add to and to list it, and what a
 * dispatch of the manager takes with a full one.
 *
 * @module
 */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { jobsTable } from "../dist/requirer/index.js";
import { decodeHistory, encodeHistory } from "../dist/requirer/history/history-databag.js";
import { History } from "../dist/requirer/history/history.js";
import { recordKey, withReports } from "../dist/requirer/history/job-record.js";
import { growthExponent, interleaved, rounded } from "./figures.mjs";
import { runToEnd } from "./processes.mjs";

const endpoint = "database-backup";
const sizes = [100, 1_000, 10_000];
const dispatch = fileURLToPath(new URL("manager-dispatch.mjs", import.meta.url));

/**
 * Goals: `successBytes` of at most 256, `failureBytes` of at most 512, `bytes` of at most 256 KiB at 10,000 jobs, and
 * `dispatch.ratio` of at most 1.5.
 */
export async function measureHistory({ runs, node }) {
  const histories = new Map(sizes.map((size) => [size, historyOf(size, (index) => index % 10 !== 0)]));
  const actions = {};
  for (const [size, history] of histories) {
    const databag = encodeHistory(history);
    const next = requested(size);
    actions[`loadMs.${size}`] = () => decodeHistory(databag, endpoint);
    actions[`addMs.${size}`] = () => encodeHistory(ended(history.with([next]), next, true));
    actions[`listMs.${size}`] = () => jobsTable(history.jobs, {}, history.summaries);
  }
  const medians = await interleaved(actions, runs);
  const full = encodeHistory(histories.get(10_000));
  return {
    successBytes: bytesPerJob(true),
    failureBytes: bytesPerJob(false),
    bytes: bytesOf(full),
    ...Object.fromEntries(
      ["loadMs", "addMs", "listMs"].map((what) => [
        what,
        Object.fromEntries(sizes.map((size) => [size, rounded(medians[`${what}.${size}`], 3)])),
      ]),
    ),
    exponent: rounded(
      growthExponent(
        sizes.map((size) => [
          size,
          medians[`loadMs.${size}`] + medians[`addMs.${size}`] + medians[`listMs.${size}`],
        ]),
      ),
      2,
    ),
    dispatch: await measureDispatch(full, runs, node),
  };
}

/** In processes of their own, with a Juju that answers at once: real hook tools would only make the ratio smaller. */
async function measureDispatch(full, runs, node) {
  const folder = await mkdtemp(join(tmpdir(), "bench-history-"));
  const databags = { none: encodeHistory(new History()), full };
  const actions = {};
  for (const [name, databag] of Object.entries(databags)) {
    const file = join(folder, `${name}.json`);
    await writeFile(file, JSON.stringify(databag));
    actions[name] = async () => await runToEnd(node, [dispatch, file]);
  }
  try {
    const { none, full: filled } = await interleaved(actions, runs);
    return { noneMs: rounded(none), fullMs: rounded(filled), ratio: rounded(filled / none, 2) };
  } finally {
    await rm(folder, { recursive: true });
  }
}

function bytesPerJob(succeeds) {
  const jobs = 400;
  return Math.round(bytesOf(encodeHistory(historyOf(jobs, () => succeeds))) / jobs);
}

function bytesOf(databag) {
  return Object.entries(databag).reduce(
    (sum, [key, value]) => sum + Buffer.byteLength(key) + Buffer.byteLength(value),
    0,
  );
}

function historyOf(size, succeeds) {
  let history = new History();
  for (let index = 0; index < size; index += 1) {
    const job = requested(index);
    history = ended(history.with([job]), job, succeeds(index));
  }
  return history;
}

function requested(index) {
  const time = new Date(1_767_225_600_000 + index * 3_600_000);
  return withReports(
    {
      id: `01a1fca7-5577-73bd-8652-${String(index).padStart(12, "0")}`,
      relation: `${endpoint}:3`,
      application: "postgresql",
      type: "backup",
      backupType: "full",
      requestedAt: time.toISOString(),
      storage: { endpoint: "https://s3.example.com", bucket: "backups", path: "/clusters/blue" },
    },
    [],
  );
}

function ended(history, job, succeeds) {
  const begun = Date.parse(job.requestedAt);
  const times = {
    startedAt: new Date(begun + 1_234).toISOString(),
    finishedAt: new Date(begun + 723_456).toISOString(),
    fence: 1_000,
  };
  const backupId = `${times.startedAt.slice(0, 10).replaceAll("-", "")}-${String(begun % 1_000_000).padStart(6, "0")}F`;
  const folder = "/clusters/blue/database-backup/prod.postgresql";
  const report = succeeds
    ? {
        ...times,
        phase: "succeeded",
        backupId,
        artefactPath: `/clusters/blue/backup/prod.postgresql/${backupId}/`,
        logPath: `${folder}/${backupId}/`,
        sizeBytes: 734_003_200_000,
        timeline: 12,
      }
    : {
        ...times,
        phase: "failed",
        errorCode: "pgbackrest-82",
        message: `pgBackRest's backup failed with error 82 (archive-timeout): WAL segment ${String(begun).padStart(24, "0")} was not archived before the 60000ms timeout.`,
        remedy: "Read PostgreSQL's log for what archive_command says, and check the network to the storage.",
        logPath: `${folder}/${String(begun).padStart(32, "0")}/`,
      };
  return history.observe(new Map([[recordKey(job), [{ unit: "postgresql/0", report }]]]));
}
