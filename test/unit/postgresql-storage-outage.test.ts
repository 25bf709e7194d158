/**
 * A storage that does not answer while pgBackRest copies: how long that is waited for.
 */
import { fc } from "@fast-check/vitest";
import { describe, expect, it } from "vitest";
import { StorageError } from "../../lib/errors.ts";
import { StorageFaultError } from "../../lib/storage/storage-failure.ts";
import {
  isTooLong,
  outageAfter,
  watchStorage,
  type Copying,
  type Outage,
} from "../../provider/postgresql/pgbackrest/storage-outage.ts";

type Happening = { readonly afterMs: number; readonly what: "answered" | "copied" | "unanswered" };

const happenings = fc.array(
  fc.record({
    afterMs: fc.integer({ min: 1, max: 100 }),
    what: fc.constantFrom<Happening["what"]>("answered", "copied", "unanswered"),
  }),
  { maxLength: 40 },
);

describe("an outage", () => {
  it("lasts from the first question without an answer, as long as nothing answers and nothing is copied", () => {
    fc.assert(
      fc.property(happenings, (all) => {
        let now = 0;
        let copiedAt = 0;
        let outage: Outage | undefined;
        let expected: Outage | undefined;
        for (const { afterMs, what } of all) {
          now += afterMs;
          if (what === "unanswered")
            expected = { sinceMs: expected?.sinceMs ?? now, questions: (expected?.questions ?? 0) + 1 };
          else expected = undefined;
          if (what === "copied") {
            copiedAt = now;
            continue;
          }
          outage = outageAfter(outage, { askedAtMs: now, isAnswered: what === "answered" }, copiedAt);
          expect(outage).toEqual(expected);
        }
      }),
    );
  });

  it("ends with what was copied while the question was on its way", () => {
    expect(outageAfter({ sinceMs: 1, questions: 9 }, { askedAtMs: 5, isAnswered: false }, 6)).toBeUndefined();
  });

  it("is too long only when the limit has passed, and by more than one question", () => {
    fc.assert(
      fc.property(fc.nat(1000), fc.nat(5), fc.nat(1000), fc.nat(1000), (sinceMs, questions, lasts, limit) => {
        expect(isTooLong({ sinceMs, questions }, sinceMs + lasts, limit)).toBe(
          lasts >= limit && questions > 1,
        );
      }),
    );
  });
});

describe("the watch", () => {
  const down = new StorageFaultError(
    "unreachable",
    "The storage server at https://s3.example cannot be reached (ECONNREFUSED).",
    { remedy: "Check the network.", retryable: true },
  );

  async function watch(
    probe: () => Promise<void>,
    copying: Copying = { lastCopiedAtMs: 0 },
    endsAfterMs?: number,
  ): Promise<unknown> {
    const done = endsAfterMs === undefined ? new AbortController().signal : AbortSignal.timeout(endsAfterMs);
    const store = { probe } as Parameters<typeof watchStorage>[0]["store"];
    return await watchStorage({ store }, { command: "backup", limitMs: 20 }, copying, done).catch(
      () => "ended",
    );
  }

  it("says why and what to do, where the storage stays away", async () => {
    await expect(watch(async () => await Promise.reject(down))).resolves.toMatchObject({
      failure: {
        code: "storage-unreachable",
        message: expect.stringMatching(
          /^The storage server at https:\/\/s3\.example .* The backup was ended/,
        ),
        remedy: expect.stringMatching(/^Bring the storage server back/),
      },
    });
  });

  it.each([
    ["answers", async () => undefined],
    [
      "refuses",
      async () => {
        throw new StorageError("The keys are wrong.", { remedy: "Correct them." });
      },
    ],
    ["does not end its answer before the work ends", async () => new Promise<void>(() => undefined)],
  ])("goes on until the work ends where the storage %s", async (_, probe) => {
    await expect(watch(probe, undefined, 200)).resolves.toBe("ended");
  });

  it("asks nothing while files are copied", async () => {
    let questions = 0;
    const probe = async (): Promise<void> => {
      questions += 1;
      throw down;
    };
    const copying = {
      get lastCopiedAtMs(): number {
        return performance.now();
      },
    };
    await expect(watch(probe, copying, 100)).resolves.toBe("ended");
    expect(questions).toBe(0);
  });
});
