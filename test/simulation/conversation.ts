/**
 * What both sides of a relation write in the course of some jobs.
 *
 * @module
 */
import { InProcessModel } from "./in-process-model.ts";

/** The databags of a relation at one moment. */
export interface Moment {
  /** What had happened. */
  readonly after: string;
  readonly requirer: Readonly<Record<string, string>>;
  readonly providerUnit: Readonly<Record<string, string>>;
  readonly providerApplication: Readonly<Record<string, string>>;
}

/** Lets an admin ask for every kind of job, and a job end in every way that this version knows. */
export async function converse(): Promise<readonly Moment[]> {
  const model = await InProcessModel.start();
  const moments: Moment[] = [];
  const note = (after: string): void => {
    const { juju, relation } = model;
    moments.push({
      after,
      requirer: withoutAddresses(juju.databag(relation, "manager")),
      providerUnit: withoutAddresses(juju.databag(relation, "database/0")),
      providerApplication: withoutAddresses(juju.databag(relation, "database")),
    });
  };
  note("the relation was made");
  model.scripted.script = { jobs: { "*": { progress: [42], waitFor: "the disk" } } };
  await model.requestBackup();
  note("a backup was begun");
  model.scripted.release("the disk");
  await model.juju.settle();
  model.scripted.script = {};
  note("the backup was made");
  await model.act("create-backup", { type: "incremental", compression: false });
  note("an incremental backup was made");
  await model.act("restore", { "backup-id": "database-1", confirm: "database" });
  note("a backup was restored");
  await model.act("restore", {
    "restore-to-time": "2026-01-01T00:00:00Z",
    "restore-timeline": 1,
    confirm: "database",
  });
  note("a moment was restored");
  model.scripted.script = {
    jobs: { "*": { fail: { code: "disk-full", message: "The disk is full.", remedy: "Make room." } } },
  };
  await model.requestBackup();
  note("a backup failed");
  model.scripted.script = { jobs: { "*": { waitFor: "another disk" } } };
  await model.requestBackup();
  await model.requestBackup();
  note("a backup waits for another");
  model.scripted.release("another disk");
  await model.juju.settle();
  note("both were made");
  await model.stop();
  return moments;
}

const addresses: ReadonlySet<string> = new Set(["egress-subnets", "ingress-address", "private-address"]);

/** A databag without what Juju itself writes into that of each unit. */
function withoutAddresses(databag: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(databag).filter(([key]) => !addresses.has(key)));
}
