/**
 * The real servers, whose keys are looked for in all that was left in their directory when they are stopped.
 *
 * @module
 */
import { watch } from "../canaries/credentials.ts";
import { CanaryScan } from "../canaries/scan.ts";
import { startServers, type Servers, type ServersOptions } from "../servers/servers.ts";

/** The S3 server keeps its users' keys where it keeps all of its data. */
const ownFilesOfS3 = /^file s3\//;
/** The only files in which a database's unit may keep keys. */
const configurationOfPgBackRest = /(?:^|\/)pgbackrest\/[^/]+\.conf$/;

/** Starts servers. `stop()` fails where it finds their keys in a file, other than a closed one of pgBackRest's. */
export async function startWatchedServers(options: ServersOptions = {}): Promise<Servers> {
  const servers = await startServers(options);
  for (const keys of Object.values(servers.s3.users)) watch(keys);
  const stop = async (): Promise<void> => {
    const scan = new CanaryScan();
    await scan.processes();
    await scan.files(servers.directory, (path) => configurationOfPgBackRest.test(path));
    await servers.stop();
    const found = scan.found.filter((where) => !ownFilesOfS3.test(where));
    if (found.length > 0) throw new Error(`Keys were left behind:\n${found.join("\n")}`);
  };
  return { ...servers, stop };
}
