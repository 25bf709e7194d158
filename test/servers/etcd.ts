/**
 * A real etcd of one member: the store in which Patroni keeps the state of its cluster.
 *
 * @module
 */
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { Daemon, type DaemonOptions } from "./daemon.ts";
import { freePort } from "./free-port.ts";
import { giveTo, type UnixUser } from "./unix-user.ts";

/** A running etcd. */
export interface Etcd {
  /** For example http://127.0.0.1:21379. */
  readonly endpoint: string;
  readonly logFile: string;
  /** Stops it, with what it keeps on disk. */
  stop(): Promise<void>;
  /** Starts it again, with what it kept. */
  start(): Promise<void>;
}

/** Starts etcd in a run directory and waits until it answers. */
export async function startEtcd(runDirectory: string, user: UnixUser): Promise<Etcd> {
  const directory = join(runDirectory, "etcd");
  await mkdir(directory, { mode: 0o700 });
  await giveTo(user, directory);
  const endpoint = `http://127.0.0.1:${await freePort()}`;
  const peer = `http://127.0.0.1:${await freePort()}`;
  const options: DaemonOptions = {
    name: "etcd",
    argv: [
      "etcd",
      "--name",
      "etcd1",
      "--data-dir",
      join(directory, "data"),
      "--listen-client-urls",
      endpoint,
      "--advertise-client-urls",
      endpoint,
      "--listen-peer-urls",
      peer,
      "--initial-advertise-peer-urls",
      peer,
      "--initial-cluster",
      `etcd1=${peer}`,
      // A single member elects itself when this time has passed; the default of 1 s would be waited for.
      "--heartbeat-interval",
      "20",
      "--election-timeout",
      "200",
    ],
    user,
    logFile: join(runDirectory, "etcd.log"),
    runDirectory,
  };
  let daemon: Daemon;
  const start = async (): Promise<void> => {
    daemon = await Daemon.start(options);
    await daemon.waitUntilReady(async () => {
      const response = await fetch(`${endpoint}/health`);
      const answer: unknown = await response.json();
      return typeof answer === "object" && answer !== null && "health" in answer && answer.health === "true";
    });
  };
  await start();
  return { endpoint, logFile: options.logFile, start, stop: async () => daemon.stop() };
}
