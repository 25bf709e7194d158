import { describe, expect, it } from "vitest";
import {
  errorLine,
  pgBackRestErrors,
  pgBackRestFailure,
  unreadableRepository,
} from "../../provider/postgresql/pgbackrest/pgbackrest-errors.ts";

/** pgBackRest's own list: exit code and name. */
const list =
  "25 assert, 26 checksum, 27 config, 28 file-invalid, 29 format, 30 command-required, 31 option-invalid, " +
  "32 option-invalid-value, 37 option-required, 38 pg-running, 39 protocol, 40 path-not-empty, 41 file-open, " +
  "42 file-read, 43 param-required, 44 archive-mismatch, 45 archive-duplicate, 46 version-not-supported, " +
  "47 path-create, 48 command-invalid, 49 host-connect, 50 lock-acquire, 51 backup-mismatch, 52 file-sync, " +
  "53 path-open, 54 path-sync, 55 file-missing, 56 db-connect, 57 db-query, 58 db-mismatch, 60 file-remove, " +
  "61 path-remove, 62 stop, 63 term, 64 file-write, 67 feature-not-supported, 68 archive-command-invalid, " +
  "69 link-expected, 70 link-destination, 72 host-invalid, 73 path-missing, 74 file-move, " +
  "75 backup-set-invalid, 76 tablespace-map, 78 link-map, 79 file-close, 80 db-missing, 81 db-invalid, " +
  "82 archive-timeout, 83 file-mode, 87 archive-disabled, 88 file-owner, 89 user-missing, 93 file-exists, " +
  "94 memory, 95 crypto, 96 param-invalid, 97 path-close, 98 file-info, 99 json-format, 100 kernel, " +
  "101 service, 102 execute, 103 repo-invalid, 104 command, 105 access, 106 clock, 122 runtime, " +
  "124 unhandled, 125 unknown";

describe("the table of pgBackRest's errors", () => {
  it("has every code with its name", () => {
    expect([...pgBackRestErrors.values()].map(({ code, name }) => `${code} ${name}`).join(", ")).toBe(list);
    expect(pgBackRestErrors.size).toBe(70);
  });

  it.each([...pgBackRestErrors.values()])("says what $name means and what to do", ({ cause, remedy }) => {
    expect(cause).toMatch(/^[A-Zp].*\.$/);
    expect(remedy).toMatch(/^[A-Z].*\.$/);
  });
});

describe("a failed command", () => {
  it("is told with name, line and remedy", () => {
    const output =
      "2026-11-21 03:17:18.186 P00  ERROR: [050]: unable to acquire lock on file '/x.lock'\n" +
      "            HINT: is another pgBackRest process running?\nINFO: end";
    const failure = pgBackRestFailure("backup", 50, output);
    expect(failure.code).toBe("pgbackrest-50");
    expect(failure.message).toBe(
      "pgBackRest's backup failed with error 50 (lock-acquire): unable to acquire lock on file '/x.lock' " +
        "HINT: is another pgBackRest process running?",
    );
    expect(failure.remedy).toContain("Wait");
  });

  it("is told from the table where it says nothing, or where its code is new", () => {
    expect(pgBackRestFailure("check", 82, "").message).toContain("WAL did not reach");
    expect(pgBackRestFailure("check", 199, "").message).toContain("199 (not known)");
  });

  it("is told with what the storage server's own code means", () => {
    const output =
      "ERROR: [039]: HTTP request failed with 403 (Forbidden):\n  *** Path/Query ***:\n  PUT /b/x\n" +
      "  *** Response Content ***:\n  <Error><Code>QuotaExceeded</Code></Error>";
    const failure = pgBackRestFailure("backup", 39, output);
    expect(failure.message).toBe(
      "pgBackRest's backup failed with error 39 (protocol): the storage server answered QuotaExceeded: the quota is used up.",
    );
    expect(failure.remedy).toContain("quota");
    const unreadable = unreadableRepository(output.replace("QuotaExceeded", "RequestTimeTooSkewed"));
    expect(unreadable.message).toContain("its clock and this machine's are too far apart");
    expect(unreadable.remedy).toContain("clock");
    expect(unreadableRepository("nobody knows").remedy).toContain("endpoint");
  });

  it("of a restore that meets damaged bytes is told to restore another backup", () => {
    const output = "ERROR: [029]: raised from local-1 protocol: zst error: [-20] Data corruption detected";
    expect(pgBackRestFailure("restore", 29, output).remedy).toContain("Restore another backup");
    expect(pgBackRestFailure("backup", 29, output).remedy).not.toContain("Restore");
    expect(pgBackRestFailure("restore", 29, "").remedy).not.toContain("Restore");
  });

  it("is told in one line of bounded length", () => {
    expect(errorLine(`ERROR: [039]: ${"long ".repeat(200)}`)?.length).toBeLessThanOrEqual(200);
  });
});
