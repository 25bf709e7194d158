/**
 * The unix socket on which an agent serves the hook tools of its unit: one request a connection.
 *
 * @module
 */
import { createServer, type Server, type Socket } from "node:net";
import { thrownText } from "../../thrown.ts";
import { encodeMessage, MessageReader } from "./tool-protocol.ts";

/** Answers a request, now or later. */
export type RequestHandler = (request: readonly string[]) => Promise<readonly string[]>;

/** The server of one agent. */
export class AgentServer {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #handle: RequestHandler;

  private constructor(handle: RequestHandler) {
    this.#handle = handle;
    this.#server = createServer((socket) => this.#serve(socket));
  }

  /** Listens on a path of at most 107 bytes. */
  static async listen(path: string, handle: RequestHandler): Promise<AgentServer> {
    const server = new AgentServer(handle);
    await new Promise<void>((resolve, reject) => {
      server.#server.once("error", reject);
      server.#server.listen(path, () => {
        server.#server.off("error", reject);
        resolve();
      });
    });
    return server;
  }

  /** Closes the socket and every connection. */
  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
    });
  }

  #serve(socket: Socket): void {
    const reader = new MessageReader();
    this.#sockets.add(socket);
    socket.once("close", () => this.#sockets.delete(socket));
    // A client that was killed together with its hook is no fault of the agent.
    socket.on("error", () => socket.destroy());
    socket.on("data", (chunk: Buffer) => {
      let request: readonly string[] | undefined;
      try {
        request = reader.add(chunk);
      } catch {
        socket.destroy();
        return;
      }
      if (request !== undefined) void this.#answer(socket, request);
    });
  }

  async #answer(socket: Socket, request: readonly string[]): Promise<void> {
    let answer: readonly string[];
    try {
      answer = await this.#handle(request);
    } catch (error) {
      answer = ["1", "", `ERROR ${thrownText(error)}\n`];
    }
    socket.end(encodeMessage(answer));
  }
}
