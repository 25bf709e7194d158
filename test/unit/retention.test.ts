import { fc, test } from "@fast-check/vitest";
import { describe, expect } from "vitest";
import type { JobRequest, Retention } from "../../lib/job/request.ts";
import { Credentials } from "../../lib/job/storage-config.ts";
import { agreedRetention, withAgreedRetention } from "../../provider/retention.ts";

type Relation = Parameters<typeof agreedRetention>[0][number];
const common = {
  id: "1",
  compression: true,
  storage: { bucket: "b", credentials: new Credentials("k", "s") },
};
const backup = (retention?: Retention): JobRequest => ({
  ...common,
  type: "backup",
  backupType: "full",
  ...(retention === undefined ? {} : { retention }),
});
const restore: JobRequest = { ...common, type: "restore", artefactPath: "a" };
const relation = (...requests: readonly JobRequest[]): Relation => ({ requests, rejected: [], problems: [] });

/** The last request of a manager none of whose jobs is open. */
const ended = (retention?: Retention, code = "credentials-missing"): Relation => ({
  requests: [],
  rejected: [
    {
      id: "0",
      type: "backup",
      storage: { bucket: "b" },
      failure: { code, message: "m", remedy: "r" },
      ...(retention === undefined ? {} : { retention }),
    },
  ],
  problems: [],
});

const full = fc.record({ full: fc.integer({ min: 1, max: 99 }) });
const days = fc.record({ days: fc.integer({ min: 1, max: 999 }) });
const requests = (retention: fc.Arbitrary<Retention>): fc.Arbitrary<Relation> =>
  fc.array(retention.map(backup), { minLength: 1, maxLength: 4 }).map((made) => relation(...made, restore));
const wishes = (relations: readonly Relation[]): readonly (Retention | undefined)[] =>
  relations.flatMap((each) => each.requests.flatMap((r) => (r.type === "backup" ? [r.retention] : [])));

describe("what managers agree on", () => {
  test.prop([fc.array(requests(full), { minLength: 1, maxLength: 4 })])(
    "is the largest of their counts, whoever names it",
    (relations) => {
      const most = Math.max(...wishes(relations).map((wish) => (wish && "full" in wish ? wish.full : 0)));
      expect(agreedRetention(relations)).toEqual({ kind: "keep", retention: { full: most } });
      expect(agreedRetention(relations.toReversed())).toEqual(agreedRetention(relations));
    },
  );

  test.prop([fc.array(requests(days), { minLength: 1, maxLength: 4 })])(
    "is the largest of their days",
    (relations) => {
      const most = Math.max(...wishes(relations).map((wish) => (wish && "days" in wish ? wish.days : 0)));
      expect(agreedRetention(relations)).toEqual({ kind: "keep", retention: { days: most } });
    },
  );

  test.prop([requests(full), requests(days), fc.array(requests(fc.oneof(full, days)), { maxLength: 2 })])(
    "is nothing where some count and some name days",
    (one, other, more) => {
      expect(agreedRetention([...more, one, other])).toEqual({ kind: "mixed" });
    },
  );

  test.prop([
    fc.array(requests(fc.oneof(full, days)), { maxLength: 3 }),
    fc.constantFrom<Relation>(relation(), relation(restore), relation(backup({ full: 1 }), backup()), {
      ...relation(backup({ full: 1 })),
      problems: [{ field: "jobs", message: "m", remedy: "r" }],
    }),
    fc.nat(3),
  ])("is that everything is kept where one wants that, or cannot be read", (relations, one, place) => {
    expect(agreedRetention(relations.toSpliced(place, 0, one))).toEqual({ kind: "keep-all" });
  });

  test("has the last word of a manager whose jobs have ended, and else its newer ones", () => {
    const other = relation(backup({ full: 2 }));
    expect(agreedRetention([ended({ full: 5 }), other])).toEqual({ kind: "keep", retention: { full: 5 } });
    const again = { ...ended({ full: 5 }), requests: [backup({ full: 1 })] };
    expect(agreedRetention([again, other])).toEqual({ kind: "keep", retention: { full: 2 } });
  });

  test("is that everything is kept where there is no manager", () => {
    expect(agreedRetention([])).toEqual({ kind: "keep-all" });
  });
});

describe("a request as it is run", () => {
  test("has what was agreed on, and not what its own manager alone wants", () => {
    const own = backup({ full: 1 });
    expect(withAgreedRetention(own, { kind: "keep", retention: { full: 7 } })).toMatchObject({
      retention: { full: 7 },
    });
    expect(withAgreedRetention(own, { kind: "keep-all" })).not.toHaveProperty("retention");
    expect(withAgreedRetention(own, { kind: "mixed" })).not.toHaveProperty("retention");
    expect(withAgreedRetention(restore, { kind: "keep", retention: { full: 7 } })).not.toHaveProperty(
      "retention",
    );
  });
});
