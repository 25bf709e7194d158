import { createHmac } from "node:crypto";
import { fc, test } from "@fast-check/vitest";
import { describe, expect, it } from "vitest";
import {
  clientStatements,
  isDatabaseName,
  type ClientUser,
  type KnownRole,
} from "../../provider/postgresql/cluster/client-users.ts";
import { isVerifierOf, scramVerifier } from "../../provider/postgresql/cluster/scram-verifier.ts";

const printable = fc.string({ minLength: 1, maxLength: 40 });

describe("what PostgreSQL keeps of a password", () => {
  it("lets a client in as RFC 7677 has it", () => {
    const verifier = scramVerifier("pencil", Buffer.from("W22ZaJ0SNY7soEsUEjb6gQ==", "base64"));
    expect(verifier).toMatch(/^SCRAM-SHA-256\$4096:W22ZaJ0SNY7soEsUEjb6gQ==\$[\w+/]{43}=:[\w+/]{43}=$/);
    const nonce = "rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0";
    const said = `n=user,r=rOprNGfwEbeRWgbNEkqO,r=${nonce},s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096,c=biws,r=${nonce}`;
    const serverKey = Buffer.from(verifier.slice(verifier.lastIndexOf(":") + 1), "base64");
    expect(createHmac("sha256", serverKey).update(said).digest("base64")).toBe(
      "6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=",
    );
  });

  test.prop([printable, printable], { numRuns: 10 })("is of that password alone", (password, other) => {
    const verifier = scramVerifier(password);
    expect(isVerifierOf(verifier, password)).toBe(true);
    expect(isVerifierOf(verifier, other)).toBe(other === password);
    expect(verifier).not.toBe(scramVerifier(password));
  });

  it.each(["", "md5d3b07384d113edec49eaa6238ad5ff00", "SCRAM-SHA-256$4096:", "SCRAM-SHA-256$x:YQ==$a:b"])(
    "is of no password where it is %j",
    (verifier) => {
      expect(isVerifierOf(verifier, "")).toBe(false);
    },
  );
});

describe("the users of clients", () => {
  const shop: ClientUser = { name: "relation-7", password: "p7", database: "shop" };
  const other: ClientUser = { name: "relation-8", password: "p8", database: "shop" };
  const roleOf = ({ name, password }: ClientUser): KnownRole => ({
    name,
    canLogIn: true,
    verifier: scramVerifier(password),
    isClient: true,
  });

  it("are made with their databases, and with no password in a statement", () => {
    const statements = clientStatements([], ["postgres"], [shop, other]);
    expect(statements.map((each) => each.replace(/'SCRAM.*'/, "…"))).toEqual([
      'CREATE ROLE "relation-7";',
      `COMMENT ON ROLE "relation-7" IS 'juju-database-backup client';`,
      'ALTER ROLE "relation-7" LOGIN PASSWORD …;',
      'CREATE DATABASE "shop" OWNER "relation-7";',
      'CREATE ROLE "relation-8";',
      `COMMENT ON ROLE "relation-8" IS 'juju-database-backup client';`,
      'ALTER ROLE "relation-8" LOGIN PASSWORD …;',
      'GRANT ALL ON DATABASE "shop" TO "relation-8";',
      '\\connect "shop"',
      'GRANT ALL ON SCHEMA public TO "relation-8";',
      "\\connect postgres",
    ]);
  });

  it("are as they should be", () => {
    expect(clientStatements([roleOf(shop)], ["shop"], [shop])).toEqual([]);
  });

  it("get another password, and their database again", () => {
    const changed = clientStatements([roleOf({ ...shop, password: "old" })], [], [shop]);
    expect(changed).toEqual([
      expect.stringMatching(/^ALTER ROLE "relation-7" LOGIN PASSWORD 'SCRAM/),
      'CREATE DATABASE "shop" OWNER "relation-7";',
    ]);
  });

  it("may not log in when they are gone; others may", () => {
    const admin = { ...roleOf(other), name: "admin", isClient: false };
    const gone = [roleOf(shop), admin];
    expect(clientStatements(gone, ["shop"], [])).toEqual(['ALTER ROLE "relation-7" NOLOGIN;']);
    expect(clientStatements([{ ...roleOf(shop), canLogIn: false }], ["shop"], [])).toEqual([]);
  });

  it.each([
    ["shop", true],
    ["Shop_2.eu-west", true],
    ["postgres", false],
    ["template1", false],
    ["", false],
    ['a"; DROP DATABASE shop; --', false],
    ["a\n\\! reboot", false],
    ["a".repeat(64), false],
  ])("may have a database %j: %s", (name, isAllowed) => {
    expect(isDatabaseName(name)).toBe(isAllowed);
  });
});
