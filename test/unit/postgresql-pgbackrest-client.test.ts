/**
 * The client of pgBackRest against programs that hang, die or are too old, which stand in its place.
 */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { appendFile, chmod, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { isExecutorError } from "../../lib/errors.ts";
import type { JobContext } from "../../lib/executor.ts";
import { identifyProcess } from "../../lib/machine/process-identity.ts";
import { signalGroup } from "../../lib/process/run.ts";
import { DatabaseUser } from "../../provider/postgresql/database-user.ts";
import { settingsOf, type PostgresqlOptions } from "../../provider/postgresql/options.ts";
import type { Parts } from "../../provider/postgresql/parts.ts";
import { Patroni } from "../../provider/postgresql/patroni/patroni.ts";
import type { PatroniService } from "../../provider/postgresql/patroni/patroni-service.ts";
import { PgBackRest } from "../../provider/postgresql/pgbackrest/pgbackrest.ts";
import { Psql } from "../../provider/postgresql/psql.ts";
import { watchBootstrap } from "../../provider/postgresql/restore/restore-watch.ts";
import { endInspections } from "../../provider/postgresql/inspection.ts";
import { endOrphans, endPgBackRest } from "../../provider/postgresql/processes.ts";

let folder: string;
let user: DatabaseUser;
const children: ChildProcess[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "pgbackrest-client-"));
  user = await DatabaseUser.lookUp(userInfo().username);
});
afterEach(async () => {
  for (const { pid } of children.splice(0)) if (pid !== undefined) signalGroup(pid, "SIGKILL");
  await rm(folder, { recursive: true });
});

/** The client of a program whose commands do what is written here, with time limits of half a second. */
async function standIn(script: string): Promise<PgBackRest> {
  const program = join(folder, "pgbackrest");
  await writeFile(program, `#!/bin/bash\n${script}\n`);
  await chmod(program, 0o755);
  const limits = { readMs: 500, stanzaMs: 500, checkMs: 500, fileMs: 500 };
  const settings = settingsOf(optionsOf(program, limits), environment());
  return PgBackRest.existing(settings, user, join(folder, "archive.conf"));
}

function optionsOf(
  program: string,
  timeLimits: NonNullable<PostgresqlOptions["pgbackrest"]>["timeLimits"] = {},
): PostgresqlOptions {
  return {
    patroni: {
      configDirectory: folder,
      restUrl: "http://127.0.0.1:9",
      scope: "s",
      service: { kind: "systemd", unit: "patroni" },
    },
    postgresql: { dataDirectory: folder, binDirectory: "/bin", socketDirectory: folder, port: 5432 },
    pgbackrest: { program, timeLimits },
  };
}

function environment() {
  return { unit: "pg/0", application: "pg", modelUuid: "u", workDirectory: folder };
}

/** The code of the failure that a call ends with. */
async function failureCodeOf(work: Promise<unknown>): Promise<string | undefined> {
  return work.then(
    () => undefined,
    (error: unknown) => (isExecutorError(error) ? error.failure.code : String(error)),
  );
}

const backup = (client: PgBackRest, onLine: (line: string) => void = () => undefined): Promise<void> =>
  client.backup("full", true, neverAborted(), onLine);

function neverAborted(): AbortSignal {
  return new AbortController().signal;
}

describe("a pgBackRest that hangs", () => {
  it("is ended, whatever it was to do", async () => {
    const client = await standIn("sleep 60");
    const work: readonly Promise<unknown>[] = [
      client.info(),
      client.stanzaCreate(),
      client.check(),
      client.timelines("s", "15-1"),
      client.ancestors("s", "15-1", 2),
    ];
    const codes = await Promise.all(work.map(failureCodeOf));
    expect(codes).toEqual(work.map(() => "pgbackrest-time-out"));
  });

  it("in a backup is ended when it has copied no file for too long", async () => {
    const lines: string[] = [];
    const client = await standIn("for file in a b c d; do echo $file; sleep 0.2; done; sleep 60");
    expect(await failureCodeOf(backup(client, (line) => lines.push(line)))).toBe("pgbackrest-stalled");
    expect(lines).toEqual(["a", "b", "c", "d"]);
  });
});

describe("a restore under Patroni", () => {
  /** Watches a restore whose log says what is written here, with a file of its own each 200 ms. */
  async function watch(name: string, lines: readonly string[], signal: AbortSignal): Promise<void> {
    const log = join(folder, `${name}-restore.log`);
    await writeFile(log, "");
    const settings = settingsOf(optionsOf("pgbackrest", { fileMs: 1_000 }), environment());
    const written = (async () => {
      for (const line of lines) {
        await appendFile(log, `2026-01-01 00:00:00.000 P00 ${line}\n`);
        await sleep(200);
      }
    })();
    const service: PatroniService = {
      running: async () => true,
      start: nothing,
      requestStop: nothing,
      kill: nothing,
      suspendRestarts: nothing,
      resumeRestarts: nothing,
    };
    const parts: Parts = {
      settings,
      user,
      service,
      psql: new Psql(settings, user),
      patroni: new Patroni(settings, user),
    };
    const context: JobContext = {
      signal,
      fence: 1,
      plannedUnits: 1,
      store: {
        probe: nothing,
        put: nothing,
        create: async () => true,
        get: async () => undefined,
        close: () => undefined,
      },
      progress: () => undefined,
      finalizing: () => undefined,
      log: () => undefined,
      pointOfNoReturn: nothing,
    };
    const restored = { artefactPath: "/backup/x/", backupId: "x", recordFolder: "x", sizeBytes: 1 };
    const positions = {
      restoreLog: { file: log, offset: 0 },
      patroniLog: undefined,
      startedAtMs: Date.now(),
      logDirectory: undefined,
    };
    try {
      await watchBootstrap(
        parts,
        { positions, moves: [], goal: { timeline: 1, target: { kind: "latest" }, result: restored } },
        context,
      );
    } finally {
      await written;
    }
  }
  const nothing = async (): Promise<void> => undefined;
  const copied = (percent: number): string =>
    `DETAIL: restore file /data/base/1 (8KB, ${percent}%) checksum abc`;

  it("fails when it copies no file for too long, but may replay WAL for as long as it takes", async () => {
    const controller = new AbortController();
    const replaying = watch(
      "replaying",
      [copied(100), "INFO: restore command end: completed"],
      controller.signal,
    );
    const stalled = watch("stalled", [10, 20, 30, 40, 50].map(copied), neverAborted());
    expect(await failureCodeOf(stalled)).toBe("pgbackrest-stalled");
    await sleep(500);
    controller.abort();
    expect(await failureCodeOf(replaying)).toBe("cancelled");
  });
});

describe("a pgBackRest that cannot be used", () => {
  it("is told apart by how it ends", async () => {
    expect(await failureCodeOf(backup(await standIn("kill -9 $$")))).toBe("pgbackrest-killed");
    expect(await failureCodeOf(backup(await standIn("exit 50")))).toBe("pgbackrest-50");
    expect(await failureCodeOf((await standIn("echo '[{}]'")).info())).toBe("repository-unreadable");
    const missing = settingsOf(optionsOf(join(folder, "none")), environment());
    expect(await failureCodeOf(PgBackRest.version(missing, user))).toBe("pgbackrest-missing");
  });

  it("says its version, if it is a pgBackRest", async () => {
    const version = async (script: string): Promise<unknown> => {
      await standIn(script);
      return PgBackRest.version(settingsOf(optionsOf(join(folder, "pgbackrest")), environment()), user);
    };
    expect(await version("echo pgBackRest 2.38")).toEqual([2, 38]);
    expect(await version("echo hello")).toBeUndefined();
  });
});

describe("processes that a pgBackRest left behind", () => {
  interface Started {
    readonly parent: ChildProcess;
    readonly ended: Promise<unknown>;
  }

  /** A process that looks like one of pgBackRest's, started by a process that does not, or does. */
  async function start(parentName: string, args: readonly string[]): Promise<Started> {
    const child = `require("node:child_process").spawn(process.execPath,
      ["-e", "console.log(1); setTimeout(() => 0, 60000)", "--", ...${JSON.stringify(args)}],
      { argv0: "pgbackrest", stdio: ["ignore", "inherit", "inherit"] }).on("exit", () => process.exit());`;
    const parent = spawn(process.execPath, ["-e", child], {
      argv0: parentName,
      stdio: ["ignore", "pipe", "ignore"],
      detached: true,
    });
    children.push(parent);
    const ended = once(parent, "exit");
    if (parent.stdout !== null) await once(parent.stdout, "data");
    return { parent, ended };
  }

  it("are ended, and those of a pgBackRest that is at work are not", async () => {
    const config = join(folder, "archive.conf");
    const worker = [`--config=${config}`, "--process=1", "backup:local"];
    const orphan = await start("init", worker);
    const living = await start("pgbackrest", worker);
    const other = await start("init", [`--config=${folder}/other.conf`, "backup:local"]);
    const byHand = await start("bash", [`--config=${config}`, "backup"]);
    const archiver = await start("init", [`--config=${config}`, "archive-push:local"]);
    expect(await endOrphans(config)).toBe(1);
    await orphan.ended;
    expect(await endOrphans(config)).toBe(0);
    expect([living, other, byHand, archiver].map(({ parent }) => parent.exitCode)).toEqual([
      null,
      null,
      null,
      null,
    ]);
    // After a crash all that works with the file is ended, whole or not, but for what archives.
    expect(await endPgBackRest(config)).toBe(2);
    expect(archiver.parent.exitCode).toBeNull();
    await Promise.all([living.ended, byHand.ended]);
    await endPgBackRest(join(folder, "other.conf"));
  });

  it("are ended with the configuration of an inspection whose process is gone, and no other's", async () => {
    const own = await identifyProcess(process.pid);
    const [abandoned, lasting] = [
      `inspect-${process.pid}-1-1.conf`,
      `inspect-${own?.pid}-${own?.startTime}-1.conf`,
    ];
    for (const name of [abandoned, `${abandoned}.ca.crt`, lasting]) await writeFile(join(folder, name), "");
    const orphan = await start("init", [`--config=${join(folder, abandoned)}`, "info"]);
    const living = await start("node", [`--config=${join(folder, lasting)}`, "info"]);
    expect(await endInspections(folder)).toBe(1);
    await orphan.ended;
    expect(living.parent.exitCode).toBeNull();
    expect(await readdir(folder)).toEqual([lasting]);
  });
});
