/**
 * The rows of the table of storage fields that are used, as pgBackRest itself understands them: it asks for the object that
 * the SDK stores, on a server that notes what it is asked for.
 */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { run } from "../../lib/process/run.ts";
import { openS3Store } from "../../lib/storage/s3-store.ts";
import { caChain, renderConfig } from "../../provider/postgresql/pgbackrest/pgbackrest-config.ts";
import { requirePrograms } from "../servers/programs.ts";
import { decodeRow } from "../storage-table/row.ts";
import { storageRows } from "../storage-table/rows.ts";
import {
  redirectTo,
  startRecordingServer,
  type Recorded,
  type RecordingServer,
  type Redirection,
} from "../storage-table/recording-server.ts";

let folder: string;
let server: RecordingServer;
let redirection: Redirection;
beforeAll(async () => {
  await requirePrograms(["openssl", "pgbackrest"]);
  folder = await mkdtemp(join(tmpdir(), "storage-table-"));
  server = await startRecordingServer();
  redirection = redirectTo(server);
});
afterAll(async () => {
  redirection?.end();
  await server?.close();
  await rm(folder, { recursive: true });
});

/** What both clients say of an object: pgBackRest sends the host without its port, and without brackets. */
function objectOf({ url, accessKey, region }: Recorded): object {
  const [, host = "", path] = /^https:\/\/([^/]+)(.*)$/.exec(url) ?? [];
  return { host: host.replace(/:9000$/, "").replace(/^\[(.*)\]$/, "$1"), path, accessKey, region };
}

test.each(storageRows.filter(({ outcome }) => outcome.kind === "used"))("$field, $form", async (row) => {
  const [request] = decodeRow(row, server.authorities).requests;
  if (request === undefined) throw new Error("the row was not read");
  const store = await openS3Store(request.storage);
  await store.put("log", "text");
  store.close();
  const [stored] = server.take();

  const configFile = join(folder, "pgbackrest.conf");
  const caFile = join(folder, "ca.crt");
  const directories = { folder, dataDirectory: "/data", socketDirectory: "/run" };
  const context = { ...directories, stanza: "db", port: 5432, user: "postgres", processMax: 1, caFile };
  await writeFile(configFile, renderConfig(request.storage, context), { mode: 0o600 });
  const chain = caChain(request.storage);
  await writeFile(caFile, chain ?? "");
  const result = await run(
    [
      "pgbackrest",
      `--config=${configFile}`,
      // The names of the rows are known to no DNS.
      "--repo1-storage-host=localhost",
      `--repo1-storage-port=${server.port}`,
      ...(chain === undefined ? [`--repo1-storage-ca-file=${server.caFile}`] : []),
      "--log-level-file=off",
      "--ignore-missing",
      "repo-get",
      "log",
    ],
    { timeoutMs: 30_000 },
  );
  const [asked] = server.take();
  expect(result.stderr).toBe("");
  // A file that is not there, which is what the server says of all.
  expect(result.exitCode).toBe(1);
  if (stored === undefined || asked === undefined) throw new Error("one of them asked for nothing");
  expect(objectOf(asked)).toEqual(objectOf(stored));
});
