/**
 * The same backup and the same restore by hand: pgBackRest and Patroni, with the options that the executor uses, and
 * nothing around them.
 *
 * @module
 */
import { readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Daemon } from "../test/servers/daemon.ts";
import type { Node } from "../test/servers/patroni.ts";
import { runOrThrow } from "../test/servers/server-error.ts";
import type { Servers } from "../test/servers/servers.ts";
import { giveTo, isRoot } from "../test/servers/unix-user.ts";

const limitMs = 30 * 60_000;
const pollMs = 25;

/** The tools, on the machine of the first PostgreSQL server. */
export class PlainTools {
  readonly #servers: Servers;
  /** The executor's own: the same repository, compression, and number of processes. */
  readonly #pgBackRest: readonly [string, ...string[]];

  /** @param executorDirectory Where the executor keeps its files. */
  constructor(servers: Servers, executorDirectory: string) {
    this.#servers = servers;
    const config = join(executorDirectory, "pgbackrest/archive.conf");
    this.#pgBackRest = ["pgbackrest", `--config=${config}`, "--stanza=postgresql"];
  }

  /** Makes a full backup. */
  async backup(): Promise<void> {
    const options = ["--type=full", "--compress-type=zst", "--no-expire-auto"];
    await this.#run("make a backup", [...this.#pgBackRest, ...options, "backup"]);
  }

  /**
   * Restores a backup as Patroni's manual has it: Patroni is stopped, its cluster removed from the DCS, the data directory
   * emptied, and Patroni started with pgBackRest as its method to bootstrap. It ends when the primary takes writes.
   *
   * @param timeline The one that the backup lies on.
   * @see https://patroni.readthedocs.io/en/latest/replica_bootstrap.html
   */
  async restore(backupId: string, timeline: number): Promise<void> {
    const { patroni, postgresql } = this.#node;
    const dcs: unknown = await (await fetch(`${patroni.restUrl}/config`)).json();
    await this.#servers.stopNode(0);
    await this.#run(
      "remove the cluster from the DCS",
      ["patronictl", "-c", patroni.configDirectory, "remove", patroni.scope],
      `${patroni.scope}\nYes I am aware\n`,
    );
    for (const name of await readdir(postgresql.dataDirectory))
      await rm(join(postgresql.dataDirectory, name), { recursive: true });
    const command = [
      ...this.#pgBackRest,
      `--set=${backupId}`,
      "--type=immediate",
      "--target-action=promote",
      `--recovery-option=recovery_target_timeline=${timeline}`,
      "restore",
    ].join(" ");
    const pgbackrest = { command, no_params: true, keep_existing_recovery_conf: true };
    const overlay = join(patroni.configDirectory, "zz-by-hand.yml");
    await writeFile(overlay, JSON.stringify({ bootstrap: { method: "pgbackrest", pgbackrest, dcs } }));
    await giveTo(patroni.user, overlay);
    await this.#startPatroni();
    await this.#takesWrites();
    await rm(overlay);
  }

  async #startPatroni(): Promise<void> {
    const { patroni } = this.#node;
    const daemon = await Daemon.start({
      name: "Patroni",
      argv: patroni.startArgv,
      user: patroni.user,
      logFile: patroni.logFile,
      runDirectory: this.#servers.directory,
    });
    await writeFile(patroni.pidFile, `${daemon.pid}\n`);
    await daemon.waitUntilReady(async () => (await fetch(`${patroni.restUrl}/primary`)).ok, limitMs);
  }

  async #takesWrites(): Promise<void> {
    const deadline = performance.now() + limitMs;
    for (;;) {
      try {
        await this.#servers.psql(0, "create table by_hand (); drop table by_hand");
        return;
      } catch (error) {
        if (performance.now() > deadline) throw error;
        await sleep(pollMs);
      }
    }
  }

  get #node(): Node {
    const [node] = this.#servers.nodes;
    if (node === undefined) throw new Error("There is no PostgreSQL server.");
    return node;
  }

  async #run(purpose: string, argv: readonly [string, ...string[]], stdin?: string): Promise<void> {
    await runOrThrow(purpose, argv, {
      cwd: "/",
      timeoutMs: limitMs,
      ...(stdin === undefined ? {} : { stdin }),
      ...(isRoot() ? { identity: this.#node.patroni.user } : {}),
    });
  }
}
