import { describe, expect, test } from "vitest";
import { RequestError } from "../../lib/errors.ts";
import { chooseDatabase, type Database } from "../../requirer/database.ts";

const database = (application: string, number: number): Database => ({
  relation: `database-backup:${number}`,
  application,
  features: new Set(),
  problems: [],
});
const postgresql = database("postgresql", 1);
const mysql = database("mysql", 2);
const second = database("postgresql", 3);

function errorOf(databases: readonly Database[], name?: string): RequestError {
  try {
    chooseDatabase(databases, name, endpoint);
  } catch (error) {
    if (error instanceof RequestError) return error;
    throw error;
  }
  throw new Error("a database was chosen");
}

const endpoint = "backup-manager:database-backup";

describe("the database that an admin means", () => {
  test("is the only one where none is named", () => {
    expect(chooseDatabase([postgresql], undefined, endpoint)).toBe(postgresql);
    expect(chooseDatabase([postgresql], "", endpoint)).toBe(postgresql);
  });

  test("is the one of that application or relation", () => {
    expect(chooseDatabase([postgresql, mysql], "mysql", endpoint)).toBe(mysql);
    expect(chooseDatabase([postgresql, mysql, second], "database-backup:1", endpoint)).toBe(postgresql);
    expect(chooseDatabase([postgresql, mysql, second], "database-backup:3", endpoint)).toBe(second);
  });

  test("is unknown where none is related, with how to relate one", () => {
    for (const name of [undefined, "mysql"]) {
      const error = errorOf([], name);
      expect(error.code).toBe("database-unknown");
      expect(error.message).toBe("No database is related to this backup manager.");
      expect(error.remedy).toMatch(/juju integrate/);
    }
  });

  test("is unknown where none is called so, with what there is", () => {
    const error = errorOf([postgresql, mysql], "postgres");
    expect(error).toMatchObject({
      code: "database-unknown",
      message: 'No database called "postgres" is related to this backup manager.',
      remedy: "Name one of: postgresql, mysql.",
    });
  });

  test("is not guessed from a part of its name", () => {
    expect(errorOf([postgresql], "postgres").code).toBe("database-unknown");
    expect(errorOf([postgresql], "database-backup").code).toBe("database-unknown");
    expect(errorOf([postgresql], "Postgresql").code).toBe("database-unknown");
  });

  test("is ambiguous where there are more, with all of them and how to name one", () => {
    const unnamed = errorOf([postgresql, mysql]);
    expect(unnamed).toMatchObject({
      code: "database-ambiguous",
      message: "More than one database is meant: postgresql (database-backup:1), mysql (database-backup:2).",
    });
    expect(unnamed.remedy).toContain("database=<name>");
    const twice = errorOf([postgresql, mysql, second], "postgresql");
    expect(twice.code).toBe("database-ambiguous");
    expect(twice.message).toContain("postgresql (database-backup:1), postgresql (database-backup:3)");
    expect(twice.message).not.toContain("mysql");
  });
});
