/**
 * A charm whose dispatch is a test's own.
 *
 * @module
 */
import { chmod, copyFile, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";

/**
 * Makes a charm's folder that declares what another one does.
 *
 * @param charm The folder of the other charm.
 * @param directory The folder to make.
 * @param script What a dispatch does, for the shell.
 */
export async function charmWithDispatch(charm: string, directory: string, script: string): Promise<string> {
  await mkdir(directory, { recursive: true });
  await copyFile(join(charm, "charmcraft.yaml"), join(directory, "charmcraft.yaml"));
  const dispatch = join(directory, "dispatch");
  await writeFile(dispatch, `#!/bin/sh\n${script}\n`);
  await chmod(dispatch, 0o755);
  return directory;
}
