/**
 * One dispatch of a backup manager, with a Juju that answers at once.
 *
 *     node bench/manager-dispatch.mjs <file with the peer application databag, as JSON>
 *
 * @module
 */
import { readFile } from "node:fs/promises";
import { Requirer } from "../dist/requirer/index.js";

const peers = JSON.parse(await readFile(process.argv[2] ?? "", "utf8"));
const relations = {
  "database-backup": "database-backup:3",
  "s3-parameters": "s3-parameters:4",
  "database-backup-manager-peers": "database-backup-manager-peers:1",
};
const applications = { "database-backup:3": "postgresql", "s3-parameters:4": "s3-integrator" };
const databags = {
  "database-backup-manager-peers:1 manager": peers,
  "s3-parameters:4 s3-integrator": { bucket: "backups", "access-key": "key", "secret-key": "secret" },
  "s3-parameters:4 manager": { "requested-secrets": '["access-key","secret-key"]', "lib-version": "1.0" },
};
const requirer = new Requirer({
  juju: {
    unit: "manager/0",
    application: "manager",
    modelUuid: "7c0a",
    isLeader: async () => true,
    relationIds: async (endpoint) => [relations[endpoint]],
    relationUnits: async () => [],
    relationApplication: async (relation) => applications[relation],
    readApplicationDatabag: async (relation, application) => databags[`${relation} ${application}`] ?? {},
    writeApplicationDatabag: async (relation, changes) => {
      throw new Error(
        `There was nothing to write, and ${Object.keys(changes).join(", ")} of ${relation} was written.`,
      );
    },
  },
});
const { message } = await requirer.reconcile();
const isFull = peers.ended !== "";
if (message.includes("last backup") !== isFull)
  throw new Error(`The status is not as it should be: ${message}`);
