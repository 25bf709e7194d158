/**
 * A server with TLS that notes what it is asked for, in the place of all S3 servers of the world.
 *
 * @module
 */
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { Agent as PlainAgent } from "node:http";
import { Agent, createServer } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { checkServerIdentity, type PeerCertificate } from "node:tls";
import { createCertificates } from "../servers/certificates.ts";
import type { Authorities } from "./row.ts";

/** A request as it came in. */
export interface Recorded {
  readonly method: string;
  /** With the host that was asked for, and without a query. */
  readonly url: string;
  readonly accessKey: string;
  /** The region that it was signed for. */
  readonly region: string;
  readonly headers: Readonly<Record<string, unknown>>;
}

/** The server. */
export interface RecordingServer {
  readonly authorities: Authorities;
  /** The file of the authority that signed its certificate. */
  readonly caFile: string;
  readonly port: number;
  /** What it was asked for since the last time; forgotten with that. */
  take(): readonly Recorded[];
  close(): Promise<void>;
}

const names = [
  "DNS:localhost",
  "DNS:s3.example.com",
  "DNS:*.s3.example.com",
  ...["us-east-1.amazonaws.com", "eu-west-1.amazonaws.com", "cn-north-1.amazonaws.com.cn"].flatMap((host) => [
    `DNS:s3.${host}`,
    `DNS:*.s3.${host}`,
  ]),
  "IP:10.0.0.7",
  "IP:2001:db8::7",
];

/** Starts the server. It answers GET with 404 or an empty list, and takes whatever is PUT. */
export async function startRecordingServer(): Promise<RecordingServer> {
  const directory = await mkdtemp(join(tmpdir(), "recording-server-"));
  const certificates = await createCertificates(directory, names);
  const key = await readFile(certificates.keyFile, "utf8");
  let recorded: Recorded[] = [];
  const server = createServer(
    { key, cert: await readFile(certificates.certificateFile) },
    (request, response) => {
      const { method = "", url = "", headers } = request;
      const [path = ""] = url.split("?");
      const [, accessKey = "", region = ""] =
        /Credential=(.+?)\/\d+\/([^/]+)\//.exec(headers.authorization ?? "") ?? [];
      recorded.push({ method, url: `https://${headers.host ?? ""}${path}`, accessKey, region, headers });
      request.resume();
      const missing = method === "GET" && !url.includes("list-type");
      const body = missing
        ? "<Error><Code>NoSuchKey</Code></Error>"
        : "<ListBucketResult></ListBucketResult>";
      response.writeHead(missing ? 404 : 200, {
        "content-type": "application/xml",
        "content-length": Buffer.byteLength(body),
      });
      response.end(body);
    },
  );
  await new Promise<void>((resolve) => {
    server.listen(0, resolve);
  });
  const address = server.address();
  return {
    authorities: {
      signer: certificates.caPem,
      stranger: await readFile(certificates.untrustedCaFile, "utf8"),
      key,
    },
    caFile: certificates.caFile,
    port: typeof address === "object" ? (address?.port ?? 0) : 0,
    take: () => {
      const taken = recorded;
      recorded = [];
      return taken;
    },
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => {
        server.close(resolve);
      });
      await rm(directory, { recursive: true });
    },
  };
}

/** What clients of this process connected to while they were led to a {@link RecordingServer}. */
export interface Redirection {
  /** Whose word counted for the certificates of the connections since the last time; forgotten with that. */
  takeTrusted(): readonly ("the system" | "the chain")[];
  end(): void;
}

/**
 * Leads each connection with TLS of this process to a server, whatever host and port it is for, and refuses all others.
 * Only the network is changed: certificates are verified for the host that was meant. The server's authority is one of
 * the system's.
 */
export function redirectTo(server: RecordingServer): Redirection {
  // oxlint-disable-next-line typescript/unbound-method -- it is called with the agent that it is taken from
  const { createConnection } = Agent.prototype;
  // oxlint-disable-next-line typescript/unbound-method -- it is put back where it is taken from
  const { createConnection: createPlainConnection } = PlainAgent.prototype;
  let trusted: ("the system" | "the chain")[] = [];
  PlainAgent.prototype.createConnection = function refused() {
    throw Object.assign(new Error("refused"), { code: "ECONNREFUSED" });
  };
  Agent.prototype.createConnection = function redirected(options, callback) {
    const { host } = options;
    trusted.push("ca" in options ? "the chain" : "the system");
    return createConnection.call(
      this,
      {
        ca: server.authorities.signer,
        ...options,
        host: "localhost",
        port: server.port,
        checkServerIdentity: (_: string, certificate: PeerCertificate) =>
          checkServerIdentity(host ?? "", certificate),
      },
      callback,
    );
  };
  return {
    takeTrusted: () => {
      const taken = trusted;
      trusted = [];
      return taken;
    },
    end: () => {
      Agent.prototype.createConnection = createConnection;
      PlainAgent.prototype.createConnection = createPlainConnection;
    },
  };
}
