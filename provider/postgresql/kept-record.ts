/**
 * Records that a unit keeps on disk.
 *
 * @module
 */
import { mkdir, rename, writeFile } from "node:fs/promises";
import { dirname } from "node:path";

/** Keeps a record as JSON, the whole of it or what was there before. Nobody but the owner can read it. */
export async function keepRecord(file: string, record: object): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  const draft = `${file}.draft`;
  await writeFile(draft, `${JSON.stringify(record)}\n`, { mode: 0o600 });
  await rename(draft, file);
}
