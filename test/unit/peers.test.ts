import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { PeerDatabagError } from "../../lib/errors.ts";
import type { Dispatch } from "../../lib/juju/dispatch.ts";
import { SimulatedJuju } from "../../lib/testing/index.ts";
import { encodeApplicationRecord, encodeUnitRecord } from "../../provider/coordination/peer-databags.ts";
import { emptyApplication } from "../../provider/coordination/peer-records.ts";
import { shippedRules } from "../../provider/coordination/rules.ts";
import { PeerFile, PeerRelation, changesOf, type PeersRead } from "../../provider/peers.ts";
import { StateDirectory } from "../../provider/journal/state-directory.ts";
import { applicationOf, backup, doneOf, endOf, grantOf, recordOf, releaseOf } from "./coordination-views.ts";

/** One dispatch, with the peer relation and with the file that takes its place. */
interface Turn extends Dispatch {
  readonly relation: PeerRelation;
  readonly file: PeerFile;
}

const grant = grantOf(backup(), { unit: "db/1" });
const application = applicationOf({ grants: [grant], done: [doneOf("old", 1)] });
const speaking = recordOf("db/1", { released: releaseOf(grant, endOf("job")) });

let model: SimulatedJuju;
let charm: (turn: Turn) => Promise<void>;

beforeEach(async () => {
  charm = async () => undefined;
  model = await SimulatedJuju.start();
  await model.deploy({
    application: "db",
    charm: "examples/postgresql-charm",
    units: 3,
    inProcess: async (dispatch) => {
      const { juju, machine } = dispatch;
      const state = new StateDirectory("/state", machine);
      await state.open();
      const [id = ""] = await juju.relationIds("database-backup-peers");
      const relation = new PeerRelation(juju, id, state, shippedRules);
      await charm({ ...dispatch, relation, file: new PeerFile(state, juju.unit) });
    },
  });
  await model.settle();
  await model.setLeader("db/0");
  await model.settle();
});
afterEach(async () => {
  await model.stop();
});

/** What something comes to in one dispatch of a unit, whose hook is committed after it. */
async function during<Result>(unit: string, act: (turn: Turn) => Promise<Result>): Promise<Result> {
  const results: (() => Result)[] = [];
  charm = async (turn) => {
    if (turn.juju.unit !== unit || results.length > 0) return;
    try {
      const result = await act(turn);
      results.push(() => result);
    } catch (error) {
      results.push(() => {
        throw error;
      });
    }
  };
  await model.updateStatus(unit);
  await model.settle();
  const [result] = results;
  if (result === undefined) throw new Error(`${unit} was not dispatched.`);
  return result();
}

function databag(owner: string): Record<string, string> {
  return model.databag(model.peerRelation("db", "database-backup-peers"), owner);
}

async function put(owner: string, changes: Record<string, string>): Promise<void> {
  await model.writeDatabag(model.peerRelation("db", "database-backup-peers"), owner, changes);
}

describe("the peer relation", () => {
  test("says nothing before anybody wrote", async () => {
    const read = await during("db/0", async ({ relation }) => await relation.read(true));
    expect(read).toEqual({
      application: emptyApplication,
      own: undefined,
      others: new Map(),
      listed: new Set(["db/1", "db/2"]),
    });
  });

  test("keeps what a unit says of itself, which the leader alone reads", async () => {
    await during("db/1", async ({ relation }) => expect(await relation.writeOwn(speaking)).toBe(true));
    const read = async (unit: string, isLeader: boolean): Promise<PeersRead> =>
      await during(unit, async ({ relation }) => await relation.read(isLeader));
    expect((await read("db/1", false)).own).toEqual(speaking);
    expect((await read("db/0", true)).others).toEqual(new Map([["db/1", speaking]]));
    expect((await read("db/2", false)).others).toEqual(new Map());
  });

  test("is written once, and not again while nothing changes", async () => {
    await during("db/0", async ({ relation }) => {
      expect(await relation.writeApplication(application)).toBe(true);
      expect(await relation.writeOwn(recordOf("db/0"))).toBe(true);
    });
    await during("db/0", async ({ relation }) => {
      expect(await relation.writeApplication((await relation.read(true)).application)).toBe(false);
      expect(await relation.writeOwn(recordOf("db/0"))).toBe(false);
    });
    expect(databag("db")).toEqual(encodeApplicationRecord(application));
  });

  test("loses the keys of what is gone, and keeps those that are not its own", async () => {
    await put("db", { ...encodeApplicationRecord(application), "retention-1": "7" });
    const left = { ...application, grants: new Map(), done: new Map() };
    await during("db/0", async ({ relation }) => await relation.writeApplication(left));
    expect(databag("db")).toEqual({ lineage: "line", fence: "5", "retention-1": "7" });
  });

  test("is read as it was before this dispatch wrote, however often it is read", async () => {
    await during("db/0", async ({ relation }) => {
      expect((await relation.read(true)).application).toEqual(emptyApplication);
      await relation.writeApplication(application);
      expect((await relation.read(true)).application).toEqual(emptyApplication);
      expect(relation.countsAtOnce).toBe(false);
    });
    const next = await during("db/0", async ({ relation }) => await relation.read(true));
    expect(next.application).toEqual(application);
  });

  test("tells the last words of a unit that a grant names and that is gone", async () => {
    await during("db/1", async ({ relation }) => await relation.writeOwn(speaking));
    await during("db/0", async ({ relation }) => await relation.writeApplication(application));
    await model.removeUnit("db/1");
    await model.settle();
    const read = await during("db/0", async ({ relation }) => await relation.read(true));
    expect(read.listed).toEqual(new Set(["db/2"]));
    expect(read.others.get("db/1")).toEqual(speaking);
    await during("db/0", async ({ relation }) => await relation.writeApplication(applicationOf()));
    const later = await during("db/0", async ({ relation }) => await relation.read(true));
    expect(later.others.has("db/1")).toBe(false);
  });

  test.each([
    ["the application's", "db", { lineage: "line", fence: "x" }],
    ["another unit's", "db/2", { unit: "{" }],
    ["its own", "db/0", { unit: "[]" }],
  ])("cannot be read by the leader where %s databag cannot", async (_, owner, changes) => {
    await put(owner, changes);
    await expect(during("db/0", async ({ relation }) => await relation.read(true))).rejects.toThrow(
      PeerDatabagError,
    );
  });

  test("is read by a unit that does not lead although another unit's databag cannot", async () => {
    await put("db/2", { unit: "{" });
    const read = await during("db/1", async ({ relation }) => await relation.read(false));
    expect(read.application).toEqual(emptyApplication);
  });
});

describe("the file of a unit that is alone", () => {
  test("says nothing before anything was written, then what was, at once", async () => {
    await during("db/0", async ({ file }) => {
      expect(file.countsAtOnce).toBe(true);
      expect(await file.read()).toEqual({
        application: emptyApplication,
        own: undefined,
        others: new Map(),
        listed: new Set(),
      });
      expect(await file.writeOwn(recordOf("db/0"))).toBe(true);
      expect(await file.writeApplication(application)).toBe(true);
      expect(await file.read()).toMatchObject({ application, own: recordOf("db/0") });
      expect(await file.writeOwn(recordOf("db/0"))).toBe(false);
      expect(await file.writeApplication(application)).toBe(false);
    });
    const next = await during("db/0", async ({ file }) => await file.read());
    expect(next).toMatchObject({ application, own: recordOf("db/0") });
  });

  test("holds what stands now, and nothing that is gone", async () => {
    await during("db/0", async ({ file }) => {
      await file.writeApplication(application);
      expect(await file.writeApplication(applicationOf({ fence: 5 }))).toBe(true);
      expect((await file.read()).application).toEqual(applicationOf({ fence: 5 }));
    });
  });

  test("that somebody wrote to cannot be read", async () => {
    model
      .machine("db/0")
      .disk.write(
        "/state/peers.json",
        JSON.stringify({ unit: {}, application: { lineage: "line", fence: "x" } }),
      );
    await expect(during("db/0", async ({ file }) => await file.read())).rejects.toThrow(PeerDatabagError);
  });
});

describe("a charm that gets the peer relation later", () => {
  test("goes on from the file: with its lineage, its fences and its ends", async () => {
    await during("db/0", async ({ file }) => {
      await file.writeApplication(application);
      await file.writeOwn(recordOf("db/0"));
    });
    const read = await during("db/0", async ({ relation }) => await relation.read(true));
    expect(read.application).toEqual(application);
    await during("db/0", async ({ relation }) => await relation.writeApplication(read.application));
    expect(databag("db")).toEqual(encodeApplicationRecord(application));
  });

  test("forgets the file once the relation has a lineage", async () => {
    await during("db/0", async ({ file }) => await file.writeApplication(application));
    const later = { ...applicationOf({ fence: 9 }), lineage: "other" };
    await during("db/0", async ({ relation }) => await relation.writeApplication(later));
    const read = await during("db/0", async ({ relation }) => await relation.read(true));
    expect(read.application).toEqual(later);
  });

  test("goes on in what a unit had asked for and said", async () => {
    await during("db/0", async ({ file }) => {
      await file.writeApplication(application);
      await file.writeOwn(speaking);
    });
    const read = await during("db/0", async ({ relation }) => await relation.read(true));
    expect(read.own).toEqual(speaking);
    await during("db/0", async ({ relation }) => await relation.writeOwn(recordOf("db/0")));
    const later = await during("db/0", async ({ relation }) => await relation.read(true));
    expect(later.own).toEqual(recordOf("db/0"));
    expect(databag("db/0")).toMatchObject(encodeUnitRecord(recordOf("db/0")));
  });

  test("says nothing that the file says of another life of the application", async () => {
    await during("db/0", async ({ file }) => {
      await file.writeApplication(application);
      await file.writeOwn(speaking);
    });
    await put("db", encodeApplicationRecord({ ...applicationOf({ fence: 2 }), lineage: "other" }));
    const read = await during("db/0", async ({ relation }) => await relation.read(true));
    expect(read.own).toBeUndefined();
  });

  test("does not take records without a lineage for the beginning", async () => {
    await put("db", { "ticket-1-ab": '{"n":1,"relation":"r:1","application":"m","job":"a"}' });
    await during("db/0", async ({ file }) => await file.writeApplication(application));
    await expect(during("db/0", async ({ relation }) => await relation.read(true))).rejects.toThrow(
      PeerDatabagError,
    );
  });
});

test("what changes in a databag is what is not so yet, and deleting what is not there is nothing", () => {
  expect(changesOf({ a: "1", b: "2" }, { a: "1", b: "3", c: "" })).toEqual({ b: "3" });
  expect(changesOf({ a: "1" }, { a: "1", c: "" })).toBeUndefined();
  expect(changesOf({ a: "1" }, { a: "" })).toEqual({ a: "" });
});
