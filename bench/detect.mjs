/**
 * How the time to find new jobs grows with the jobs that are known already: reading all databags, and planning.
 *
 * @module
 */
import { decodeReports, decodeRequests } from "../dist/lib/wire/index.js";
import { decideLeader } from "../dist/provider/coordination/leader-step.js";
import {
  decodeApplicationRecord,
  encodeApplicationRecord,
} from "../dist/provider/coordination/peer-databags.js";
import { jobKey } from "../dist/provider/coordination/peer-records.js";
import { RequestsSeen } from "../dist/provider/coordination/requests-seen.js";
import { providerDatabags, requirerDatabag } from "./databags.mjs";
import { growthExponent, interleaved, rounded } from "./figures.mjs";

const sizes = [100, 1_000, 10_000];
const units = 9;

/** Goals: an `exponent` of at most 1.1, and a `parseRatio` of at most 5 at the largest size. */
export async function measureDetection({ runs }) {
  const ms = {};
  let parseMs;
  for (const size of sizes) {
    const requests = requirerDatabag(size);
    const databags = providerDatabags(size, units);
    // The leader reads its own reports, and of the others' jobs what it noted of their ends.
    const [own] = databags;
    const peers = peerDatabag(databags);
    const { detect, parse } = await interleaved(
      {
        detect: () => detectNewJob(requests, own, peers),
        parse: () =>
          [requests.jobs, own.jobs, ...Object.values(peers).filter((text) => text.startsWith("{"))].map(
            (text) => JSON.parse(text),
          ),
      },
      runs,
    );
    ms[size] = rounded(detect, 2);
    parseMs = parse;
  }
  const points = sizes.map((size) => [size, ms[size]]);
  return {
    ms,
    exponent: rounded(growthExponent(points), 2),
    parseRatio: rounded(ms[sizes.at(-1)] / parseMs, 1),
  };
}

const relation = "database-backup:1";
const application = "manager";

/** What the leader noted when all reported jobs had ended. */
function peerDatabag(databags) {
  const done = new Map();
  for (const [unit, databag] of databags.entries()) {
    for (const { storage: _storage, compression: _compression, ...report } of decodeReports(databag)
      .reports) {
      const by = { unit: `database/${unit}`, incarnation: `incarnation-${unit}` };
      done.set(jobKey(relation, report.id), {
        n: done.size + 1,
        relation,
        application,
        fence: report.fence,
        by,
        report,
      });
    }
  }
  return encodeApplicationRecord({
    lineage: "bench",
    fence: done.size,
    tickets: new Map(),
    grants: new Map(),
    done,
  });
}

function detectNewJob(requestsBag, ownBag, peerBag) {
  const decoded = decodeRequests(requestsBag);
  const { reports } = decodeReports(ownBag);
  const record = decodeApplicationRecord(peerBag);
  const unit = "database/0";
  const standing = { ready: true, role: "primary", claim: "none" };
  const { application: after } = decideLeader({
    now: "2026-03-01T12:00:00.000Z",
    unit,
    application: record,
    records: new Map([[unit, { incarnation: "incarnation-0", standing, left: false, asked: [] }]]),
    listed: new Set(),
    expected: new Set([unit]),
    requests: new RequestsSeen({
      relations: [{ relation, application, ...decoded }],
      expected: new Set([application]),
      askers: { read: new Set(), expected: new Set() },
    }),
    ownReports: new Map(reports.map((report) => [jobKey(relation, report.id), report])),
    compatible: () => false,
    roles: () => ["primary"],
    revoked: new Set(),
    fenceOnDisk: 0,
    newLineage: "new",
  });
  if (after.grants.get(unit) === undefined) throw new Error("The new job was not found.");
}
