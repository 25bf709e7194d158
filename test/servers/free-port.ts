/**
 * TCP ports for servers whose port must be known before they start.
 *
 * @module
 */
import { randomInt } from "node:crypto";
import { createServer } from "node:net";
import { ServerError } from "./server-error.ts";

// Below the ports that Linux gives to outgoing connections (32768 and up): one of those could take a port between
// the moment it is found free and the moment its server listens. Above the ports that a Ceph OSD takes by itself.
const firstPort = 20_000;
const lastPort = 31_999;
const attempts = 200;

const given = new Set<number>();

/**
 * Finds a port of 127.0.0.1 on which nobody listens, and gives it to nobody else in this process.
 *
 * It is drawn at random, so that other processes that look for ports at the same time find other ones.
 */
export async function freePort(): Promise<number> {
  for (let attempt = 0; attempt < attempts; attempt += 1) {
    const port = randomInt(firstPort, lastPort + 1);
    if (given.has(port)) continue;
    given.add(port);
    if (await isFree(port)) return port;
  }
  throw new ServerError(
    `No free port was found between ${firstPort} and ${lastPort} in ${attempts} attempts.`,
    {
      remedy: "Stop the servers that hold them (ss -ltnp lists them).",
    },
  );
}

async function isFree(port: number): Promise<boolean> {
  return await new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen({ port, host: "127.0.0.1", exclusive: true }, () => server.close(() => resolve(true)));
  });
}
