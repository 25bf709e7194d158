/**
 * The scenarios for database charms. Each backup and restore is held open until the scenario lets it go on.
 *
 * @module
 */
import { request } from "../stage/manager-part.ts";
import type { ProviderScenario } from "./scenario.ts";

/** The scenarios, in the order in which they are played. */
export const providerScenarios: readonly ProviderScenario[] = [
  {
    name: "one-of-each",
    summary:
      "A backup is requested and ends well, then a restore; then hooks come again that say nothing new.",
    async play(part) {
      await part.request(request("alpha", "backup"));
      await part.stage.settle();
      await part.finishAll();
      await part.request(request("bravo", "restore"));
      await part.stage.settle();
      await part.finishAll();
      await part.stage.repeatEvents();
    },
  },
  {
    name: "failure",
    summary: "A backup fails, and the next one ends well.",
    async play(part) {
      await part.request(request("alpha", "backup"));
      await part.stage.settle();
      await part.finishAll("failed");
      await part.request(request("bravo", "backup"));
      await part.stage.settle();
      await part.finishAll();
    },
  },
  {
    name: "two-restores",
    summary: "Two restores are requested in one change.",
    async play(part) {
      await part.request(request("alpha", "restore"), request("bravo", "restore"));
      await part.stage.settle("more");
      await part.finishAll();
    },
  },
  {
    name: "two-storages",
    summary: "While a backup runs, a second one to another bucket is requested; then a restore from a third.",
    async play(part) {
      await part.request(request("alpha", "backup", { bucket: "bucket-alpha" }));
      await part.stage.settle();
      await part.request(request("bravo", "backup", { bucket: "bucket-bravo" }));
      await part.stage.settle();
      await part.finishAll();
      await part.request(request("carol", "restore", { bucket: "bucket-carol" }));
      await part.stage.settle();
      await part.finishAll();
    },
  },
  {
    name: "backup-and-restore",
    summary: "A restore is requested while a backup runs, and a backup while that restore runs.",
    async play(part) {
      await part.request(request("alpha", "backup"));
      await part.stage.settle();
      await part.request(request("bravo", "restore"));
      await part.stage.settle("more");
      await part.finishOne();
      await part.request(request("carol", "backup"));
      await part.stage.settle("more");
      await part.finishAll();
    },
  },
  {
    name: "several-units",
    summary:
      "Three units; a backup, a restore and a backup in one change; the leader changes while one runs.",
    units: 3,
    async play(part) {
      await part.request(request("alpha", "backup"), request("bravo", "restore"), request("carol", "backup"));
      await part.stage.settle();
      await part.stage.changeLeader();
      await part.stage.settle("more");
      await part.finishAll();
    },
  },
  {
    name: "leader-change",
    summary: "Two units; the leader changes while a backup runs; another backup is requested then.",
    units: 2,
    async play(part) {
      await part.request(request("alpha", "backup"));
      await part.stage.settle();
      await part.stage.changeLeader();
      await part.stage.settle("more");
      await part.finishAll();
      await part.request(request("bravo", "backup"));
      await part.stage.settle();
      await part.finishAll();
    },
  },
  {
    name: "unit-leaves",
    summary: "Two units; the one that does not run the backup leaves; another backup is requested then.",
    units: 2,
    async play(part) {
      await part.request(request("alpha", "backup"));
      await part.stage.settle();
      const { unit: working } = part.open[0] ?? { unit: "" };
      const idle = part.stage.units.findLast((unit) => unit !== working);
      if (idle !== undefined) await part.stage.juju.removeUnit(idle);
      await part.stage.settle();
      await part.finishAll();
      await part.request(request("bravo", "backup"));
      await part.stage.settle();
      await part.finishAll();
    },
  },
  {
    name: "unknown-fields",
    summary: "A request has fields that the interface does not know, in the job and in its storage.",
    async play(part) {
      const plain = request("alpha", "backup");
      const storage = { ...Object(plain["storage-config"]), "kit-extra": { deep: [1, null] } };
      await part.request({ ...plain, "kit-extra": ["of", "the", "future"], "storage-config": storage });
      await part.stage.juju.writeDatabag(part.stage.relation, part.stage.other, { "kit-extra": "no JSON" });
      await part.stage.settle();
      await part.finishAll();
    },
  },
  {
    name: "malformed-jobs",
    summary:
      "Beside a good request stand a number, a job without an id, one without a storage and one of no type.",
    async play(part) {
      const nameless = request("nobody", "backup", { "job-id": undefined });
      const homeless = request("homeless", "backup", { "storage-config": undefined });
      const strange = request("strange", "backup", { "job-type": "clone" });
      await part.request(7, nameless, homeless, strange, request("alpha", "backup"));
      await part.stage.settle();
      await part.finishAll();
    },
  },
  {
    name: "unreadable-jobs",
    summary: "The requests are no JSON, then a single number, then a good request.",
    async play(part) {
      await part.writeJobs(`[${JSON.stringify(request("alpha", "backup"))},]`);
      await part.stage.settle();
      await part.writeJobs("7");
      await part.stage.settle();
      await part.request(request("bravo", "backup"));
      await part.stage.settle();
      await part.finishAll();
    },
  },
  {
    name: "coalesced",
    summary: "Two backups are requested one right after the other, so that one hook tells of both.",
    async play(part) {
      await part.request(request("alpha", "backup"));
      await part.request(request("bravo", "backup"));
      await part.stage.settle();
      await part.finishAll();
    },
  },
  {
    name: "lost-event",
    summary: "The hook that would tell of a request is lost; others come.",
    async play(part) {
      await part.stage.loseHooks(async () => await part.request(request("alpha", "backup")));
      await part.stage.settle();
      await part.finishAll();
    },
  },
  {
    name: "interrupted-hooks",
    summary: "The hook that tells of a first request is killed; the one that tells of a second runs twice.",
    async play(part) {
      await part.stage.dropHook(async () => await part.request(request("alpha", "backup")));
      await part.stage.settle();
      await part.finishAll();
      await part.stage.repeatHook(async () => await part.request(request("bravo", "backup")));
      await part.stage.settle();
      await part.finishAll();
    },
  },
  {
    name: "machine-restart",
    summary:
      "While a backup runs, all that the charm left running is killed; another backup is requested then.",
    async play(part) {
      await part.request(request("alpha", "backup"));
      await part.stage.settle();
      await part.stage.killProcesses();
      await part.stage.settle("more");
      await part.finishAll();
      await part.request(request("bravo", "backup"));
      await part.stage.settle();
      await part.finishAll();
    },
  },
  {
    name: "relation-removed",
    summary: "The relation is removed while a backup runs.",
    async play(part) {
      await part.request(request("alpha", "backup"));
      await part.stage.settle();
      await part.stage.removeRelation();
      await part.stage.settle();
      await part.finishAll();
    },
  },
];
