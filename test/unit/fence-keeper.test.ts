import { fc, test as property } from "@fast-check/vitest";
import { describe, expect, test } from "vitest";
import { StorageError } from "../../lib/errors.ts";
import { claimFence, keepsFences, revokeFence } from "../../provider/worker/fence-keeper.ts";

const fence = { lineage: "line", fence: 3 };
const key = "database-backup/line/fences/3.json";
const mine = { unit: "db/0", incarnation: "life-0" };
const unreachable = new StorageError("No answer.", { remedy: "Wait." });

/** A store in memory that creates as the port says, and may be told to answer worse. */
class MemoryStore {
  readonly objects = new Map<string, string>();
  /** Whether what stands there is overwritten, as a server does that does not know the condition. */
  ignoresCondition = false;
  /** How many of the next creations are done and not answered. */
  lostAnswers = 0;

  async create(at: string, text: string): Promise<boolean> {
    await Promise.resolve();
    if (!this.ignoresCondition && this.objects.has(at)) return false;
    this.objects.set(at, text);
    if (this.lostAnswers === 0) return true;
    this.lostAnswers -= 1;
    throw unreachable;
  }

  async get(at: string): Promise<string | undefined> {
    await Promise.resolve();
    return this.objects.get(at);
  }
}

describe("a fence", () => {
  test("is one object below its lineage, which says who holds it", async () => {
    const store = new MemoryStore();
    expect(await claimFence(store, fence, mine)).toBe(true);
    expect([...store.objects]).toEqual([[key, JSON.stringify(mine)]]);
  });

  test.each([
    ["unit", { ...mine, unit: "db/1" }],
    ["life of the unit", { ...mine, incarnation: "life-1" }],
  ])("that is held cannot be claimed by another %s, nor be revoked", async (_, other) => {
    const store = new MemoryStore();
    await claimFence(store, fence, mine);
    expect(await claimFence(store, fence, other)).toBe(false);
    expect(await revokeFence(store, fence)).toBe(false);
    expect(store.objects.get(key)).toBe(JSON.stringify(mine));
  });

  test("that is revoked stays so, for whoever asks", async () => {
    const store = new MemoryStore();
    expect(await revokeFence(store, fence)).toBe(true);
    expect(await revokeFence(store, fence)).toBe(true);
    expect(await claimFence(store, fence, mine)).toBe(false);
  });

  test("says nothing of other fences, nor of those of another lineage", async () => {
    const store = new MemoryStore();
    await revokeFence(store, fence);
    expect(await claimFence(store, { ...fence, fence: 4 }, mine)).toBe(true);
    expect(await claimFence(store, { ...fence, lineage: "other" }, mine)).toBe(true);
  });

  test("is held though the answer to the claim was lost, once it is asked for again", async () => {
    const store = new MemoryStore();
    store.lostAnswers = 1;
    await expect(claimFence(store, fence, mine)).rejects.toBe(unreachable);
    expect(await claimFence(store, fence, mine)).toBe(true);
  });

  test("is revoked though the answer to that was lost, once it is asked for again", async () => {
    const store = new MemoryStore();
    store.lostAnswers = 1;
    await expect(revokeFence(store, fence)).rejects.toBe(unreachable);
    expect(await revokeFence(store, fence)).toBe(true);
  });

  test.each(["", "{", "null", "7", '"revoked"', "[]", "{}", '{"unit":"db/0"}'])(
    "of which the storage has %j is nobody's to run, nor to take away",
    async (text) => {
      const store = new MemoryStore();
      store.objects.set(key, text);
      expect(await claimFence(store, fence, mine)).toBe(false);
      expect(await revokeFence(store, fence)).toBe(false);
    },
  );

  test("whose object was refused and is not there is asked for again later", async () => {
    const busy = {
      create: async (): Promise<boolean> => await Promise.resolve(false),
      get: async (): Promise<undefined> => await Promise.resolve(undefined),
    };
    await expect(claimFence(busy, fence, mine)).rejects.toThrow(StorageError);
    await expect(revokeFence(busy, fence)).rejects.toThrow(StorageError);
  });

  property.prop([
    fc.scheduler(),
    fc.array(fc.constantFrom("db/0", "db/1", "revoke"), { minLength: 2, maxLength: 6 }),
    fc.nat(3),
  ])(
    "never has two holders, nor one and a revocation, in whatever order they come",
    async (scheduler, who, lostAnswers) => {
      const store = new MemoryStore();
      store.lostAnswers = lostAnswers;
      const slow = {
        create: scheduler.scheduleFunction(async (at: string, text: string) => await store.create(at, text)),
        get: scheduler.scheduleFunction(async (at: string) => await store.get(at)),
      };
      const winners = new Set<string>();
      const attempt = async (one: string): Promise<boolean> =>
        one === "revoke"
          ? await revokeFence(slow, fence)
          : await claimFence(slow, fence, { unit: one, incarnation: "life" });
      const insist = async (one: string): Promise<void> => {
        for (;;) {
          try {
            if (await attempt(one)) winners.add(one);
            return;
          } catch {
            // The answer was lost: it is asked for again.
          }
        }
      };
      await scheduler.waitFor(Promise.all(who.map(insist)));
      expect(winners.size).toBe(1);
    },
  );
});

describe("a storage", () => {
  test("keeps fences where the second of two is refused", async () => {
    expect(await keepsFences(new MemoryStore(), "probe")).toBe(true);
  });

  test("keeps none where it does not know the condition, as it then overwrites", async () => {
    const store = new MemoryStore();
    store.ignoresCondition = true;
    expect(await keepsFences(store, "probe")).toBe(false);
  });

  test("keeps none where it refuses everything, or keeps what it refused", async () => {
    const refusing = {
      create: async () => await Promise.resolve(false),
      get: async () => await Promise.resolve("1"),
    };
    expect(await keepsFences(refusing, "probe")).toBe(false);
    let calls = 0;
    const liar = {
      create: async () => await Promise.resolve(++calls === 1),
      get: async () => await Promise.resolve("2"),
    };
    expect(await keepsFences(liar, "probe")).toBe(false);
  });

  test("that does not answer is not judged", async () => {
    const store = new MemoryStore();
    store.lostAnswers = 1;
    await expect(keepsFences(store, "probe")).rejects.toBe(unreachable);
  });
});
