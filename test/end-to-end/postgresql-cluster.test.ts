/**
 * A cluster of three on the real servers: pgBackRest's TLS servers, and backups from a replica.
 */
import { connect } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ClusterStand } from "./cluster-stand.ts";

async function isListening(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: "127.0.0.1" });
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });
}

const limitMs = 300_000;
let stand: ClusterStand;

beforeAll(async () => {
  stand = await ClusterStand.start();
}, limitMs);
afterAll(async () => stand?.stop(), limitMs);

test(
  "every unit serves the others",
  async () => {
    await stand.settle();
    await stand.updateStatus();
    const { units = {} } = stand.juju.status().applications["postgresql"] ?? {};
    expect(Object.values(units).map(({ workload }) => workload.name)).toEqual(["active", "active", "active"]);
    for (const { options } of stand.units) expect(await isListening(options.tls?.port ?? 0)).toBe(true);
  },
  limitMs,
);
