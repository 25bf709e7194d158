/**
 * A systemd unit: asked and told through `systemctl`.
 *
 * @module
 */
import { describeEnd, run } from "../../../lib/process/run.ts";
import { oneLine } from "../job-failure.ts";

const timeoutMs = 60_000;

/** A systemd unit. */
export class SystemdUnit {
  /** With its suffix, for example `patroni.service`. */
  readonly name: string;
  readonly #failed: (why: string) => Error;

  /** @param failed Makes the error that is thrown where systemctl fails. */
  constructor(name: string, failed: (why: string) => Error) {
    this.name = name.includes(".") ? name : `${name}.service`;
    this.#failed = failed;
  }

  /** Whether it runs, or is about to. */
  async running(): Promise<boolean> {
    const result = await run(["systemctl", "show", "--property=ActiveState", "--value", this.name], {
      timeoutMs,
    });
    return !/^(inactive|failed)$/.test(result.stdout.trim());
  }

  /** Starts it, and returns at once. */
  async start(): Promise<void> {
    await this.tell("reset-failed", this.name).catch(() => undefined);
    await this.tell("start", "--no-block", this.name);
  }

  /** Runs systemctl. */
  async tell(...args: readonly string[]): Promise<void> {
    const result = await run(["systemctl", ...args], { timeoutMs });
    if (result.exitCode !== 0)
      throw this.#failed(`systemctl ${args.join(" ")} ${describeEnd(result)}: ${oneLine(result.stderr)}`);
  }
}
