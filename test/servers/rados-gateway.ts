/**
 * A real S3 server: a Ceph RADOS Gateway with TLS, above one monitor and one storage daemon that keeps its objects in
 * memory. It checks signatures, which the small S3 servers for tests do not.
 *
 * @module
 */
import { randomUUID } from "node:crypto";
import { mkdir, writeFile } from "node:fs/promises";
import { Agent, get } from "node:https";
import { join } from "node:path";
import { CreateBucketCommand, S3Client } from "@aws-sdk/client-s3";
import { stateOfCephDaemon } from "./ceph-admin-socket.ts";
import { createCertificates, type Certificates } from "./certificates.ts";
import { Daemon, runDirectoryVariable } from "./daemon.ts";
import { freePort } from "./free-port.ts";
import { programPath, requirePrograms, s3Programs } from "./programs.ts";
import { openRunDirectory } from "./run-directory.ts";
import { ServerError, runOrThrow } from "./server-error.ts";
import { currentUser } from "./unix-user.ts";

/** The key pair of an S3 user. */
export interface S3Credentials {
  readonly accessKey: string;
  readonly secretKey: string;
}

/** A running S3 server. */
export interface RadosGateway {
  /** For example https://localhost:21443. The certificate is for the name, not for the address alone. */
  readonly endpoint: string;
  /** The gateway accepts any region: a wrong one cannot be tested with it. */
  readonly region: string;
  /** The authority that signed the server's certificate. */
  readonly caFile: string;
  /** The content of `caFile`. */
  readonly caPem: string;
  /** An authority that did not. */
  readonly untrustedCaFile: string;
  readonly users: { readonly admin: S3Credentials };
  /** Creates a bucket that belongs to the user `admin`. */
  createBucket(name: string): Promise<void>;
  /** Creates another user, who may create buckets but not read those of `admin`. */
  createUser(name: string): Promise<S3Credentials>;
  /** Makes a client. Default: of the user `admin`. Whoever asked for it destroys it. */
  client(credentials?: S3Credentials): S3Client;
  /** Makes the endpoint refuse connections, as in an outage. The objects stay. */
  stop(): Promise<void>;
  /**
   * Ends the outage: the same endpoint, with the same objects.
   *
   * @param certificate What the server shows for its certificate. Default: a valid one.
   */
  start(certificate?: "valid" | "expired"): Promise<void>;
  /** Refuses every new object that `admin` wants to store, as where the quota is used up, until told otherwise. */
  refuseObjects(refuse: boolean): Promise<void>;
  /** Ends all of it, objects included. */
  close(): Promise<void>;
}

/**
 * Starts an S3 server and nothing else.
 *
 * @param options.directory Must be empty or missing; it is kept. Default: a temporary directory, removed by `close`.
 * @throws {@link ServerError} that names the Debian packages to install where a program is missing.
 */
export async function startRadosGateway(
  options: { readonly directory?: string } = {},
): Promise<RadosGateway> {
  await requirePrograms(s3Programs);
  const runDirectory = await openRunDirectory(options.directory);
  try {
    const certificates = await createCertificates(join(runDirectory.path, "certificates"));
    const gateway = await startRadosGatewayIn(runDirectory.path, certificates);
    return {
      ...gateway,
      close: async () => {
        await gateway.close();
        await runDirectory.close();
      },
    };
  } catch (error) {
    await runDirectory.close();
    throw error;
  }
}

/** As {@link startRadosGateway}, in a run directory that the caller opened and closes. */
export async function startRadosGatewayIn(
  runDirectory: string,
  certificates: Certificates,
): Promise<RadosGateway> {
  const directory = join(runDirectory, "s3");
  for (const folder of ["", "monitor", "storage", "gateway", "run", "log"]) {
    await mkdir(join(directory, folder));
  }
  const monitorPort = await freePort();
  const gatewayPort = await freePort();
  const clusterId = randomUUID();
  const configurationFile = join(directory, "ceph.conf");
  await writeFile(configurationFile, configuration({ directory, clusterId, monitorPort }));
  const user = currentUser();
  const env = { PATH: programPath, HOME: user.home, LANG: "C.UTF-8", [runDirectoryVariable]: runDirectory };
  // Without the option, each program fetches the map of monitors before anything else, as a list of addresses that does
  // not say of which cluster; the first commands may then be refused ("wrong fsid"). With it, all use the map's file.
  const common = ["--no-mon-config", "-c", configurationFile];
  const ceph = async (purpose: string, program: string, ...args: readonly string[]): Promise<string> =>
    await runOrThrow(purpose, [program, ...common, ...args], { env, cwd: "/" });
  const startDaemon = async (name: string, program: string, ...args: readonly string[]): Promise<Daemon> =>
    await Daemon.start({
      name,
      argv: [program, "-f", ...common, ...args],
      user,
      logFile: join(directory, `${program}.log`),
      runDirectory,
    });

  const keyring = join(directory, "keyring");
  const monitorMap = join(directory, "monitor-map");
  await runOrThrow("make the key of the Ceph monitor", [
    "ceph-authtool",
    "--create-keyring",
    keyring,
    "--gen-key",
    "-n",
    "mon.",
    "--cap",
    "mon",
    "allow *",
  ]);
  await runOrThrow("make the map of Ceph monitors", [
    "monmaptool",
    "--create",
    "--fsid",
    clusterId,
    "--addv",
    "a",
    `[v1:127.0.0.1:${monitorPort}]`,
    monitorMap,
  ]);
  await ceph(
    "prepare the Ceph monitor",
    "ceph-mon",
    "--mkfs",
    "-i",
    "a",
    "--monmap",
    monitorMap,
    "--keyring",
    keyring,
  );
  const monitor = await startDaemon(
    "the Ceph monitor",
    "ceph-mon",
    "-i",
    "a",
    "--public-addr",
    `127.0.0.1:${monitorPort}`,
  );

  const socketOf = (daemon: string): string => join(directory, "run", `${daemon}.sock`);
  await monitor.waitUntilReady(
    async () => (await stateOfCephDaemon(socketOf("mon.a"), "mon_status")) === "leader",
  );

  // It registers itself with the monitor at its first start.
  await ceph("prepare the Ceph storage daemon", "ceph-osd", "-i", "0", "--mkfs", "--osd-uuid", randomUUID());
  const storage = await startDaemon("the Ceph storage daemon", "ceph-osd", "-i", "0");
  await storage.waitUntilReady(
    async () => (await stateOfCephDaemon(socketOf("osd.0"), "status")) === "active",
  );

  const endpoint = `https://localhost:${gatewayPort}`;
  let gateway: Daemon;
  const start = async (certificate: "valid" | "expired" = "valid"): Promise<void> => {
    const files = certificate === "valid" ? certificates : certificates.expired;
    gateway = await startDaemon(
      "the S3 server (radosgw)",
      "radosgw",
      "-n",
      "client.gateway",
      `--rgw_frontends=${frontend(gatewayPort, files)}`,
    );
    const authority = certificate === "valid" ? certificates.caPem : undefined;
    await gateway.waitUntilReady(async () => await answers(gatewayPort, authority));
  };
  await start();

  const administer = async (purpose: string, ...args: readonly string[]): Promise<string> =>
    await ceph(purpose, "radosgw-admin", "-n", "client.gateway", ...args);
  const createUser = async (name: string): Promise<S3Credentials> => {
    const output = await administer(
      `create the S3 user ${name}`,
      "user",
      "create",
      `--uid=${name}`,
      `--display-name=${name}`,
    );
    return readCredentials(name, output);
  };
  const admin = await createUser("admin");
  const region = "us-east-1";
  const client = (credentials: S3Credentials = admin): S3Client =>
    createClient(endpoint, region, certificates.caPem, credentials);

  return {
    endpoint,
    region,
    caFile: certificates.caFile,
    caPem: certificates.caPem,
    untrustedCaFile: certificates.untrustedCaFile,
    users: { admin },
    createUser,
    client,
    createBucket: async (name) => {
      const s3 = client();
      try {
        await s3.send(new CreateBucketCommand({ Bucket: name }));
      } finally {
        s3.destroy();
      }
    },
    start,
    stop: async () => await gateway.kill(),
    refuseObjects: async (refuse) => {
      const quota = ["quota", "--quota-scope=user", "--uid=admin"];
      if (refuse) await administer("set the quota", ...quota.toSpliced(1, 0, "set"), "--max-objects=1");
      const state = refuse ? "enable" : "disable";
      await administer(`${state} the quota`, ...quota.toSpliced(1, 0, state));
    },
    close: async () => {
      // The objects are in memory: there is nothing to save, and time to lose.
      for (const daemon of [gateway, storage, monitor]) await daemon.kill();
    },
  };
}

interface Settings {
  readonly directory: string;
  readonly clusterId: string;
  readonly monitorPort: number;
}

function configuration({ directory, clusterId, monitorPort }: Settings): string {
  return `[global]
fsid = ${clusterId}
mon_host = v1:127.0.0.1:${monitorPort}/0
monmap = ${directory}/monitor-map
mon_initial_members = a
ms_bind_msgr2 = false
public_addr = 127.0.0.1
cluster_addr = 127.0.0.1
auth_cluster_required = none
auth_service_required = none
auth_client_required = none
# The monitor collects changes for a second before it agrees to them. Here it waits for nobody, and each of the many
# changes on the way up would cost that second.
paxos_propose_interval = 0.02
paxos_min_wait = 0.01
osd_pool_default_size = 1
osd_pool_default_min_size = 1
osd_pool_default_pg_num = 8
osd_pool_default_pgp_num = 8
osd_pool_default_pg_autoscale_mode = off
osd_crush_chooseleaf_type = 0
mon_allow_pool_size_one = true
mon_max_pg_per_osd = 1000
# A machine whose disk is nearly full can still keep objects in memory.
mon_data_avail_crit = 1
mon_data_avail_warn = 2
run_dir = ${directory}/run
admin_socket = ${directory}/run/$name.sock
pid_file = ${directory}/run/$name.pid
log_file = ${directory}/log/$name.log
crash_dir = ${directory}/log
mon_data = ${directory}/monitor
osd_data = ${directory}/storage
osd_objectstore = memstore
memstore_device_bytes = 6442450944
[client.gateway]
rgw_data = ${directory}/gateway
rgw_dns_name = localhost
rgw_thread_pool_size = 32
# With the cache, a gateway that comes back after it was killed waits half a minute for its former self to confirm
# each change.
rgw_cache_enabled = false
rgw_enable_usage_log = false
rgw_gc_max_objs = 8
rgw_lc_max_objs = 4
rgw_usage_max_shards = 4
rgw_usage_max_user_shards = 1
# What was written is counted at once, so that a quota takes effect.
rgw_bucket_quota_ttl = 0
`;
}

function frontend(
  port: number,
  files: { readonly certificateFile: string; readonly keyFile: string },
): string {
  return `beast tcp_nodelay=1 ssl_endpoint=127.0.0.1:${port} ssl_certificate=${files.certificateFile} ssl_private_key=${files.keyFile}`;
}

/** @param ca The authority to trust; undefined where the server is not expected to prove itself. */
async function answers(port: number, ca: string | undefined): Promise<boolean> {
  const trust = ca === undefined ? { rejectUnauthorized: false } : { ca };
  return await new Promise((resolve, reject) => {
    const request = get({ host: "localhost", port, ...trust, agent: false, timeout: 2_000 }, (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    });
    request.once("timeout", () => request.destroy(new Error("no answer within 2 s")));
    request.once("error", reject);
  });
}

function readCredentials(user: string, output: string): S3Credentials {
  const accessKey = /"access_key": "([^"]+)"/u.exec(output)?.[1];
  const secretKey = /"secret_key": "([^"]+)"/u.exec(output)?.[1];
  if (accessKey !== undefined && secretKey !== undefined) return { accessKey, secretKey };
  // What it did write may hold half of a key pair, and is therefore not shown.
  throw new ServerError(`radosgw-admin made no key pair for the S3 user ${user}.`, {
    remedy: `Run "radosgw-admin user info --uid=${user}" by hand.`,
  });
}

function createClient(endpoint: string, region: string, ca: string, credentials: S3Credentials): S3Client {
  process.env["AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED"] = "true";
  return new S3Client({
    endpoint,
    region,
    credentials: { accessKeyId: credentials.accessKey, secretAccessKey: credentials.secretKey },
    forcePathStyle: true,
    // The gateway refuses the checksums that the SDK would otherwise append to a stream.
    requestChecksumCalculation: "WHEN_REQUIRED",
    responseChecksumValidation: "WHEN_REQUIRED",
    requestHandler: { httpsAgent: new Agent({ ca }) },
  });
}
