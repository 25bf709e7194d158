/**
 * How the time to find new jobs grows with the jobs that are known already: reading all databags, and planning.
 *
 * @module
 */
import { decodeReports, decodeRequests } from "../dist/lib/wire/index.js";
import { planDispatch } from "../dist/provider/plan.js";
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
    const reports = providerDatabags(size, units);
    const { detect, parse } = await interleaved(
      {
        detect: () => detectNewJobs(requests, reports),
        parse: () => [requests, ...reports].map(({ jobs }) => JSON.parse(jobs)),
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

function detectNewJobs(requestsBag, reportBags) {
  const { requests, rejected, problems } = decodeRequests(requestsBag);
  const reports = reportBags.flatMap((databag) => decodeReports(databag).reports);
  const plan = planDispatch({
    now: "2026-03-01T12:00:00.000Z",
    plannedUnits: 1,
    relations: [{ id: "database-backup:1", application: "manager", requests, rejected, problems, reports }],
    journal: { incarnation: "bench", entries: new Map(), tickets: new Map() },
    running: new Set(),
  });
  if (plan.next === undefined) throw new Error("The new job was not found.");
}
