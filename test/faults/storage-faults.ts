/**
 * Settings of the storage that are wrong, and a server that does not prove who it is.
 *
 * @module
 */
import { readFile } from "node:fs/promises";
import { bucket } from "../../examples/demo/model.ts";
import { type FaultStand, withoutId } from "./fault-stand.ts";
import type { Fault, Shown } from "./fault.ts";

/** Storage that cannot be used as it is. */
export const storageFaults: readonly Fault[] = [
  {
    name: "wrong-keys",
    title: "The secret key is wrong",
    isQuick: true,
    inject: async (stand) => await withSettings(stand, { "secret-key": "not-the-secret-key" }),
    ends: ["blocked", "rejected storage-access-denied"],
    remedy: /key/,
    heal: async (stand) => await settle(stand, { "secret-key": stand.servers.s3.users.admin.secretKey }),
  },
  {
    name: "missing-bucket",
    title:
      "The bucket does not exist; its name is corrected, and the job that waits is one for the wrong one",
    inject: async (stand) => await corrected(stand, { bucket: "missing" }, { bucket }),
    ends: ["blocked", "waiting", "rejected archive-storage-differs"],
    remedy: /correct its name/,
  },
  {
    name: "unknown-authority",
    title: "Nobody vouches for the server's certificate",
    inject: async (stand) =>
      await withSettings(stand, {
        "tls-ca-chain": JSON.stringify([await readFile(stand.servers.s3.untrustedCaFile, "utf8")]),
      }),
    ends: ["blocked", "rejected storage-certificate"],
    remedy: /tls-ca-chain/,
    heal: async (stand) => await settle(stand, { "tls-ca-chain": JSON.stringify([stand.servers.s3.caPem]) }),
  },
  {
    name: "endpoint-without-https",
    title:
      "The endpoint is one without https; it is corrected, and the job that waits is one for the wrong one",
    inject: async (stand) => {
      const { endpoint } = stand.servers.s3;
      return await corrected(stand, { endpoint: endpoint.replace("https:", "http:") }, { endpoint });
    },
    ends: ["blocked", "waiting", "rejected storage-endpoint-insecure"],
    remedy: /https/,
  },
];

/** What the admin sees of a storage whose settings were changed: the unit's status, and the end of a backup. */
async function withSettings(
  stand: FaultStand,
  settings: Readonly<Record<string, string>>,
): Promise<readonly Shown[]> {
  await stand.configureStorage(settings);
  return [await stand.status("blocked"), await stand.job("create-backup")];
}

/** As {@link withSettings}, where a job waits until somebody puts the settings right, and bears the wrong ones itself. */
async function corrected(
  stand: FaultStand,
  wrong: Readonly<Record<string, string>>,
  right: Readonly<Record<string, string>>,
): Promise<readonly Shown[]> {
  await stand.configureStorage(wrong);
  const blocked = await stand.status("blocked");
  const job = await stand.request("create-backup");
  const waiting = await stand.waiting(job);
  await settle(stand, right);
  return [blocked, waiting, withoutId(await stand.ended(job))];
}

/** Puts the settings right, and waits until the unit has found out by itself. */
async function settle(stand: FaultStand, settings: Readonly<Record<string, string>>): Promise<void> {
  await stand.configureStorage(settings);
  await stand.status("active");
}
