/**
 * Whether somebody listens on a port, in less time than a program takes to start.
 *
 * @module
 */
import { connect } from "node:net";

/** Whether a connection is taken in time. */
export async function takesConnections(address: string, port: number, timeoutMs: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: address, port });
    const end = (answer: boolean) => (): void => {
      socket.destroy();
      resolve(answer);
    };
    socket.setTimeout(timeoutMs, end(false));
    socket.once("connect", end(true));
    socket.once("error", end(false));
  });
}
