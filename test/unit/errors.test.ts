import { inspect } from "node:util";
import { describe, expect, test, vi } from "vitest";
import {
  ConfigurationError,
  DatabaseBackupError,
  ExecutorError,
  HookToolError,
  isDatabaseBackupError,
  JournalError,
  RequestError,
  StorageError,
} from "../../lib/errors.ts";

const outcome = { exitCode: 3, signal: undefined, stdout: "said", stderr: "complained" };
const remedy = "Do this.";

const all: readonly [string, string, DatabaseBackupError][] = [
  ["ConfigurationError", "configuration-invalid", new ConfigurationError("what", { remedy })],
  ["RequestError", "not-leader", new RequestError("not-leader", "what", { remedy })],
  ["ExecutorError", "executor-failed", new ExecutorError({ code: "disk-full", message: "what", remedy })],
  ["HookToolError", "hook-tool-failed", new HookToolError("what", outcome, { remedy })],
  ["JournalError", "journal-unreadable", new JournalError("what", { remedy })],
  ["StorageError", "storage-failed", new StorageError("what", { remedy })],
];

describe.each(all)("%s", (name, code, error) => {
  test("says what it is, what happened and what to do", () => {
    expect(error).toBeInstanceOf(Error);
    expect(error).toBeInstanceOf(DatabaseBackupError);
    expect(error).toMatchObject({ name, code, message: "what", remedy, retryable: false });
    expect(String(error)).toBe(`${name}: what`);
    expect(error.stack).toContain("errors.test.ts");
  });

  test("has no cause unless there was one", () => {
    expect("cause" in error).toBe(false);
  });

  test("is known for one of the library's", () => {
    expect(isDatabaseBackupError(error)).toBe(true);
  });

  test("keeps its brand out of what is shown", () => {
    expect(inspect(error, { showHidden: false })).not.toContain("Symbol(");
  });
});

describe("what an error carries", () => {
  test("is the cause and whether to try again", () => {
    const cause = new TypeError("beneath");
    const error = new ConfigurationError("what", { remedy, cause, retryable: true });
    expect(error.cause).toBe(cause);
    expect(error.retryable).toBe(true);
  });

  test("of a hook tool is how it ended, and nothing of its output, which may hold credentials", () => {
    const error = new HookToolError("what", { ...outcome, signal: "SIGKILL" }, { remedy });
    expect(error).toMatchObject({ exitCode: 3, signal: "SIGKILL" });
    expect(inspect(error, { showHidden: true, depth: 10 })).not.toMatch(/said|complained/);
  });

  test("of the storage is the status, where there was an answer", () => {
    expect(new StorageError("what", { remedy, httpStatus: 403 }).httpStatus).toBe(403);
    expect(new StorageError("what", { remedy }).httpStatus).toBeUndefined();
  });

  test("of an executor is the failure in its own words", () => {
    const failure = { code: "disk-full", message: "what", remedy };
    expect(new ExecutorError(failure).failure).toEqual(failure);
  });
});

describe("telling the library's errors from others", () => {
  test.each([
    [new Error("what")],
    [Object.assign(new Error("what"), { code: "not-leader", remedy })],
    ["what"],
    [undefined],
    [null],
    [7],
    [() => remedy],
    [{}],
  ])("%o is none", (thrown) => {
    expect(isDatabaseBackupError(thrown)).toBe(false);
  });

  test("works over two installed copies", async () => {
    vi.resetModules();
    const copy = await import("../../lib/errors.ts");
    const error = new copy.JournalError("what", { remedy });
    expect(error).not.toBeInstanceOf(DatabaseBackupError);
    expect(isDatabaseBackupError(error)).toBe(true);
    expect(copy.isDatabaseBackupError(new JournalError("what", { remedy }))).toBe(true);
  });
});
