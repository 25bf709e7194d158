/**
 * The folder of one scenario: the kit's own charms, what the charm writes, and the sockets.
 *
 * @module
 */
import { chmod, mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ConfigurationError } from "../../errors.ts";
import { errnoOf } from "../../process/errno.ts";
import { quoted } from "../../wire/received.ts";

/** What the path of a unix socket may have, less what the kit appends to the folder of its own. */
const longestBase = 107 - "/kit-123456/program/socket".length;

/** Makes it. @throws ConfigurationError where there is no room for it. */
export async function makeKitDirectory(): Promise<string> {
  const base = Buffer.byteLength(tmpdir()) > longestBase ? "/tmp" : tmpdir();
  try {
    const directory = await mkdtemp(join(base, "kit-"));
    // A database may run as a user of its own, and has to find what the charm writes for it.
    await chmod(directory, 0o711);
    return directory;
  } catch (cause) {
    throw new ConfigurationError(
      `Nothing can be written into the folder ${quoted(base)} (${errnoOf(cause) ?? "unknown"}).`,
      { remedy: "Set TMPDIR to a folder that can be written.", cause },
    );
  }
}
