/**
 * Runs the command in the process of the test.
 *
 * @module
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runCommand } from "../../lib/cli/command.ts";
import type { JsonObject } from "../../lib/wire/list-value.ts";

/** How a command ended. */
export interface Ended {
  readonly code: number;
  readonly out: readonly string[];
  readonly err: readonly string[];
}

/** Runs the command with some bytes or a text as its standard input. */
export async function runWith(args: readonly string[], input: string | Uint8Array = ""): Promise<Ended> {
  const out: string[] = [];
  const err: string[] = [];
  const code = await runCommand(args, {
    out: (line) => void out.push(line),
    err: (line) => void err.push(line),
    input: async function* () {
      yield Buffer.from(input);
    },
    interruption: () => new AbortController().signal,
  });
  return { code, out, err };
}

const folder = mkdtempSync(join(tmpdir(), "cli-"));
// The files of tests share this module, so that no hook of one of them may take it away.
process.once("exit", () => {
  rmSync(folder, { recursive: true, force: true });
});

/** A file that the command can be given: a text or bytes as they are, all else as JSON. */
export function fileOf(name: string, content: unknown): string {
  const path = join(folder, name);
  const isRaw = typeof content === "string" || content instanceof Uint8Array;
  writeFileSync(path, isRaw ? content : JSON.stringify(content));
  return path;
}

/** A storage whose keys must never be printed. */
export const canaryStorage = {
  bucket: "backups",
  "access-key": "canary-access",
  "secret-key": "canary-secret",
} as const;

/** A request of version 0 in which nothing is wrong. */
export const plainRequest: JsonObject = {
  "job-id": "1",
  "job-type": "backup",
  "job-config": { compression: true },
  "storage-interface": "s3",
  "storage-config": canaryStorage,
};

/** A report in which nothing is wrong. */
export const plainReport: JsonObject = {
  ...plainRequest,
  "storage-config": { bucket: "backups", "access-key": "", "secret-key": "" },
  status: "success",
  phase: "succeeded",
};
