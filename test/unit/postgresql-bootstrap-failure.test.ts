/**
 * Why a database was given up that Patroni bootstrapped from a backup, read from the logs.
 */
import { describe, expect, it } from "vitest";
import { bootstrapFailure } from "../../provider/postgresql/restore/bootstrap-failure.ts";

const roomy = [{ directory: "/data", freeBytes: 2 ** 40 }];
const at = "2026-11-21 18:00:00.000 UTC [1] ";

describe("the failure of a bootstrap", () => {
  it("is what PostgreSQL died of, and not what any server says that is stopped", () => {
    const log = [
      `${at}FATAL:  could not access file "extension": No such file or directory`,
      `${at}FATAL:  the database system is shutting down`,
      `${at}FATAL:  terminating connection due to administrator command`,
      `${at}FATAL:  archive command failed with exit code 127`,
    ].join("\n");
    expect(bootstrapFailure(roomy, log)).toMatchObject({
      code: "restore-bootstrap-failed",
      message: expect.stringContaining('could not access file "extension"'),
    });
  });

  it("is unknown where only a server was stopped", () => {
    expect(bootstrapFailure(roomy, `${at}FATAL:  archive command failed with exit code 127`).message).toBe(
      "Patroni ended without making the restored database the primary.",
    );
  });

  it.each([
    [
      `${at}FATAL:  recovery ended before configured recovery target was reached`,
      "restore-target-unreachable",
    ],
    ["P01 ERROR: [029]: unable to restore", "pgbackrest-29"],
    [`${at}PANIC:  could not write to file: No space left on device`, "disk-full"],
  ])("has the code of its cause: %s", (log, code) => {
    expect(bootstrapFailure(roomy, log).code).toBe(code);
  });
});
