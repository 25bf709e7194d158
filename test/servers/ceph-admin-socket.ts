/**
 * Asking a Ceph daemon about itself by its unix socket, which answers within milliseconds where the program `ceph`
 * takes a fifth of a second to load.
 *
 * @module
 */
import { connect } from "node:net";

/**
 * Asks a daemon for its state: "leader" of a monitor, "active" of a storage daemon that can be used.
 *
 * @param command The question whose answer holds the state: `mon_status` for a monitor, `status` for others.
 * @throws What the connection throws, for example ENOENT while the daemon has not made its socket yet.
 */
export async function stateOfCephDaemon(socketPath: string, command: string): Promise<unknown> {
  const answer = await new Promise<Buffer>((resolve, reject) => {
    const chunks: Buffer[] = [];
    const socket = connect(socketPath, () => socket.write(`${JSON.stringify({ prefix: command })}\0`));
    socket.setTimeout(2_000, () => socket.destroy(new Error(`no answer from ${socketPath} within 2 s`)));
    socket.on("data", (chunk: Buffer) => chunks.push(chunk));
    socket.once("end", () => resolve(Buffer.concat(chunks)));
    socket.once("error", reject);
  });
  // The answer is preceded by its length in four bytes; the daemon closes the connection after it.
  const parsed: unknown = JSON.parse(answer.subarray(4).toString("utf8"));
  return typeof parsed === "object" && parsed !== null && "state" in parsed ? parsed.state : undefined;
}
