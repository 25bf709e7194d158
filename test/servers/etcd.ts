/**
 * A real etcd of one member: the store in which Patroni keeps the state of its cluster.
 *
 * @module
 */
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { Daemon } from "./daemon.ts";
import { freePort } from "./free-port.ts";
import { giveTo, type UnixUser } from "./unix-user.ts";

/** A running etcd. */
export interface Etcd {
  /** For example http://127.0.0.1:21379. */
  readonly endpoint: string;
  readonly logFile: string;
  stop(): Promise<void>;
}

/** Starts etcd in a run directory and waits until it answers. */
export async function startEtcd(runDirectory: string, user: UnixUser): Promise<Etcd> {
  const directory = join(runDirectory, "etcd");
  await mkdir(directory, { mode: 0o700 });
  await giveTo(user, directory);
  const endpoint = `http://127.0.0.1:${await freePort()}`;
  const peer = `http://127.0.0.1:${await freePort()}`;
  const daemon = await Daemon.start({
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
  });
  await daemon.waitUntilReady(async () => {
    const response = await fetch(`${endpoint}/health`);
    const answer: unknown = await response.json();
    return typeof answer === "object" && answer !== null && "health" in answer && answer.health === "true";
  });
  return { endpoint, logFile: daemon.logFile, stop: async () => daemon.stop() };
}
