/**
 * The example PostgreSQL charm, any dispatch of which a test can have killed.
 *
 * @module
 */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { charmWithDispatch } from "../simulation/charm-with-dispatch.ts";

/** When a dispatch is killed: before or after everything that it writes. */
export type Killed = "die-before-writes" | "die-after-writes";

/**
 * Makes the charm's folder.
 *
 * @param directory Where. What the units are told lies there, too.
 * @param beforehand What a dispatch does first, for the shell. Default: nothing.
 */
export async function killablePostgresqlCharm(directory: string, beforehand: string = ""): Promise<string> {
  await mkdir(join(directory, "told"), { recursive: true });
  return await charmWithDispatch(
    "examples/postgresql-charm",
    join(directory, "charm"),
    `${beforehand}
told='${directory}/told/'"$(echo "$JUJU_UNIT_NAME" | tr / -)"
isTold() { [ -e "$told-$1" ] && rm "$told-$1"; }
isTold die-before-writes && kill -9 $$
node '${process.cwd()}/examples/postgresql-charm/dist/main.js' || exit
isTold die-after-writes && kill -9 $$
exit 0`,
  );
}

/** Lets the next dispatch of a unit be killed. */
export async function killNextDispatch(directory: string, unit: string, when: Killed): Promise<void> {
  await writeFile(join(directory, "told", `${unit.replace("/", "-")}-${when}`), "");
}
