import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";

/** One dispatch of the charm. */
export async function charm({ juju, event }) {
  const config = await juju.config();
  const { renew, authority } = await wishes(juju, event);
  const directory = config["directory"];
  if (authority) rmSync(directory, { recursive: true, force: true });
  makeAuthority(directory);
  const broken = event.kind === "relation" && event.change === "broken" ? event.relationId : undefined;
  for (const relation of await juju.relationIds("certificates")) {
    if (relation === broken) continue;
    const own = await juju.readApplicationDatabag(relation, juju.application);
    const signed = renew ? [] : JSON.parse(own.certificates ?? "[]");
    const requests = config["withhold"] ? [] : await requestsOf(juju, relation);
    const certificates = requests.map(
      (request) =>
        signed.find((each) => each.certificate_signing_request === request) ??
        sign(directory, request, config["validity-days"]),
    );
    await juju.writeApplicationDatabag(relation, { certificates: JSON.stringify(certificates) });
  }
  if (event.kind === "action") await juju.setActionResults({ renewed: "true" });
  else await juju.setStatus({ name: "active", message: "" });
}

async function wishes(juju, event) {
  if (event.kind !== "action") return { renew: false, authority: false };
  const { authority } = await juju.actionParameters();
  return { renew: true, authority };
}

/** What the units of a relation ask to have signed. */
async function requestsOf(juju, relation) {
  const databags = await Promise.all(
    (await juju.relationUnits(relation)).map((unit) => juju.readUnitDatabag(relation, unit)),
  );
  return databags
    .flatMap((databag) => JSON.parse(databag["certificate_signing_requests"] ?? "[]"))
    .map((request) => request["certificate_signing_request"]);
}

function makeAuthority(directory) {
  if (existsSync(join(directory, "ca.crt"))) return;
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  openssl([
    ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "365"],
    ["-config", "/dev/null", "-subj", "/CN=Authority of the tests"],
    ["-addext", "basicConstraints=critical,CA:TRUE", "-addext", "keyUsage=critical,keyCertSign"],
    ["-keyout", join(directory, "ca.key"), "-out", join(directory, "ca.crt")],
  ]);
}

/** Signs a request, for the names that it has. */
function sign(directory, request, days) {
  const ca = readFileSync(join(directory, "ca.crt"), "utf8").trim();
  const argv = [
    ["x509", "-req", "-copy_extensions", "copyall", "-days", String(days)],
    ["-CA", join(directory, "ca.crt"), "-CAkey", join(directory, "ca.key"), "-CAcreateserial"],
  ];
  const certificate = openssl(argv, request).trim();
  return { ca, chain: [certificate, ca], certificate_signing_request: request, certificate };
}

function openssl(argv, input = "") {
  return execFileSync("openssl", argv.flat(), { encoding: "utf8", input, stdio: ["pipe", "pipe", "ignore"] });
}
