/**
 * The example PostgreSQL charm for units that share this machine. An application has one configuration, and units of a real
 * deployment have a machine each with the same paths and ports on it; here each unit sees the paths and ports of its node
 * in the same configuration, by a `config-get` before Juju's own. The charm knows nothing of it.
 *
 * @module
 */
import { chmod, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Servers } from "../servers/servers.ts";
import { killablePostgresqlCharm } from "./killable-charm.ts";

type Node = Servers["nodes"][number];

/** The numbers that stand for a node's ports: options that are numbers have no room for a word. */
const ports = { postgresql: 64_001, tls: 64_002 };

/** The configuration of the application, in which each unit finds its own node. */
export function configOfNodes(
  [node]: Servers["nodes"],
  stateDirectory: string,
): Readonly<Record<string, string | number>> {
  if (node === undefined) throw new Error("there is no node");
  return {
    "patroni-config": "@node@/patroni",
    "patroni-scope": node.patroni.scope,
    "patroni-member": "@member@",
    "patroni-rest-url": "@rest@",
    "patroni-unit": "",
    "patroni-pid-file": "@node@/patroni.pid",
    "patroni-log-file": "@node@/patroni.log",
    "data-directory": "@node@/data",
    "bin-directory": node.postgresql.binDirectory,
    "socket-directory": "@node@",
    port: ports.postgresql,
    "tls-address": "localhost",
    "tls-directory": "@node@/tls",
    "tls-port": ports.tls,
    "state-directory": stateDirectory,
  };
}

/** Makes the charm's folder. Which unit has which node is said by {@link giveNode}. */
export async function charmOfNodes(directory: string): Promise<string> {
  const programs = nodesDirectory(directory);
  await mkdir(programs, { recursive: true });
  const tool = join(programs, "config-get");
  await writeFile(
    tool,
    `#!/bin/sh
PATH=\${PATH#*:}
answer=$(config-get "$@") || exit
printf '%s\\n' "$answer" | sed -f '${programs}/'"$(echo "$JUJU_UNIT_NAME" | tr / -)"
`,
  );
  await chmod(tool, 0o755);
  return await killablePostgresqlCharm(directory, `export PATH='${programs}':"$PATH"`);
}

/** Says which node is on a unit's machine. */
export async function giveNode(directory: string, unit: string, node: Node, tlsPort: number): Promise<void> {
  const words: Readonly<Record<string, string | number>> = {
    "@node@": node.directory,
    "@member@": node.name,
    "@rest@": node.patroni.restUrl,
    [ports.postgresql]: node.postgresql.port,
    [ports.tls]: tlsPort,
  };
  const lines = Object.entries(words).map(([word, value]) => `s|${word}|${value}|g\n`);
  await writeFile(join(nodesDirectory(directory), unit.replace("/", "-")), lines.join(""));
}

function nodesDirectory(directory: string): string {
  return join(directory, "nodes");
}
