/**
 * A unit whose clock can be set wrong: that of its dispatches, their workers, and the pgBackRest that those start.
 *
 * @module
 */
import { chmod, mkdir, readdir, rm, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { charmWithDispatch } from "../simulation/charm-with-dispatch.ts";

/** Gives the folder of the database's charm, with a dispatch that has the clock of {@link setClock}; any other as it is. */
export async function withClock(charm: string, directory: string): Promise<string> {
  if (!charm.endsWith("postgresql-charm")) return charm;
  const settings = settingsFile(directory);
  return await charmWithDispatch(
    charm,
    join(directory, "charm"),
    `[ -e '${settings}' ] && . '${settings}'\nexec node '${resolve(charm)}/dist/main.js'`,
  );
}

/** Sets the unit's clock wrong, for example by `+1h`; undefined sets it right. */
export async function setClock(directory: string, wrongBy: string | undefined): Promise<void> {
  const settings = settingsFile(directory);
  if (wrongBy === undefined) return await rm(settings);
  const programs = join(directory, "wrong-clock");
  await mkdir(programs, { recursive: true });
  const fake = `LD_PRELOAD='${await fakeTime()}' FAKETIME='${wrongBy}' FAKETIME_DONT_FAKE_MONOTONIC=1`;
  // The executor gives what it starts an environment of its own, of which PATH alone is ours.
  const program = join(programs, "pgbackrest");
  await writeFile(program, `#!/bin/sh\n${fake} exec /usr/bin/pgbackrest "$@"\n`);
  await chmod(program, 0o755);
  await writeFile(settings, `export ${fake}\nexport PATH='${programs}':"$PATH"\n`);
}

function settingsFile(directory: string): string {
  return join(directory, "charm-clock");
}

async function fakeTime(): Promise<string> {
  for (const folder of await readdir("/usr/lib")) {
    const file = join("/usr/lib", folder, "faketime/libfaketime.so.1");
    const found = await readdir(join(file, "..")).catch(() => []);
    if (found.length > 0) return file;
  }
  throw new Error('The Debian package "faketime" is not installed.');
}
