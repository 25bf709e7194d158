/**
 * Requests to Patroni's REST API, by Node's plain client: the machinery behind `fetch` would take a worker 15 MB.
 *
 * @module
 */
import { request as requestPlain, type ClientRequest, type IncomingMessage } from "node:http";

/** A request. */
export interface RestRequest {
  /** With scheme, host and path. */
  readonly url: string;
  /** Default: GET. */
  readonly method?: string;
  /** What is sent, as JSON. Default: nothing. */
  readonly body?: unknown;
  /** For all of it, the answer included. */
  readonly timeoutMs: number;
}

/** The answer. */
export interface RestAnswer {
  readonly status: number;
  readonly text: string;
}

/** Asks. Rejects where no whole answer comes in time. */
export async function askRest({ url, method = "GET", body, timeoutMs }: RestRequest): Promise<RestAnswer> {
  const request = url.startsWith("https:") ? (await import("node:https")).request : requestPlain;
  const text = body === undefined ? undefined : JSON.stringify(body);
  const options = {
    method,
    // A connection that is kept may be one to a Patroni that has gone since.
    agent: false as const,
    signal: AbortSignal.timeout(timeoutMs),
    headers: text === undefined ? {} : { "content-type": "application/json" },
  };
  return await new Promise((resolve, reject) => {
    const sent: ClientRequest = request(url, options, (response: IncomingMessage) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.once("error", reject);
      response.once("end", () =>
        resolve({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString("utf8") }),
      );
    });
    sent.once("error", reject);
    sent.end(text);
  });
}
