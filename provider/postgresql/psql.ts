/**
 * Asks PostgreSQL, through psql on its socket as the database's own user.
 *
 * @module
 */
import { join } from "node:path";
import { describeEnd } from "../../lib/process/run.ts";
import type { DatabaseUser } from "./database-user.ts";
import { ExecutorError } from "../../lib/errors.ts";
import { oneLine } from "./job-failure.ts";
import type { Settings } from "./options.ts";

const defaultTimeoutMs = 30_000;

/** Asks PostgreSQL. */
export class Psql {
  readonly #settings: Settings;
  readonly #user: DatabaseUser;

  constructor(settings: Settings, user: DatabaseUser) {
    this.#settings = settings;
    this.#user = user;
  }

  /**
   * Runs one statement in a transaction of its own.
   *
   * @returns The rows, each a list of texts.
   * @throws ExecutorError `postgresql-query-failed`.
   */
  async query(
    statement: string,
    timeoutMs: number = defaultTimeoutMs,
  ): Promise<readonly (readonly string[])[]> {
    return (await this.#run([`--command=${statement}`], timeoutMs))
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => line.split("\t"));
  }

  /**
   * Runs a script of statements, each in a transaction of its own, up to the first that fails. It reaches psql on standard
   * input: in an argument everybody on the machine could read it.
   *
   * @throws ExecutorError `postgresql-query-failed`.
   */
  async execute(script: string, timeoutMs: number = defaultTimeoutMs): Promise<void> {
    await this.#run(["--quiet", "--file=-"], timeoutMs, script);
  }

  /** The single value that a statement returns. */
  async value(statement: string): Promise<string> {
    return (await this.query(statement))[0]?.[0] ?? "";
  }

  async #run(command: readonly string[], timeoutMs: number, stdin?: string): Promise<string> {
    const { binDirectory, socketDirectory, port, user } = this.#settings.postgresql;
    const result = await this.#user.run(
      [
        join(binDirectory, "psql"),
        "--no-psqlrc",
        "--no-password",
        "--tuples-only",
        "--no-align",
        "--field-separator=\t",
        "--set=ON_ERROR_STOP=1",
        `--host=${socketDirectory}`,
        `--port=${port}`,
        `--username=${user}`,
        "--dbname=postgres",
        ...command,
      ],
      { timeoutMs, ...(stdin === undefined ? {} : { stdin }) },
    );
    if (result.exitCode !== 0)
      throw new ExecutorError({
        code: "postgresql-query-failed",
        message: `PostgreSQL on port ${port} did not answer a query: psql ${describeEnd(result)}: ${oneLine(result.stderr)}`,
        remedy:
          "Check that PostgreSQL runs and that its superuser may connect on the socket without a password.",
      });
    return result.stdout;
  }
}
