/**
 * Brings a fault about, and judges what came of it by evidence.
 *
 * @module
 */
import { endOf, type Fault, type FaultResult, type FaultSummary, type Shown, type Stand } from "./fault.ts";
import { backUp } from "./next-jobs.ts";

/** Runs one fault on a stand, which is as good as new afterwards if the fault held. */
export async function runFault<Place extends Stand>(stand: Place, fault: Fault<Place>): Promise<FaultResult> {
  const problems: string[] = [];
  let shown: readonly Shown[] = [];
  let secondsToNextJob: number | undefined;
  try {
    stand.rows.begin();
    shown = await fault.inject(stand);
    problems.push(...judgeShown(fault, shown));
    await fault.heal?.(stand);
    const healed = performance.now();
    await stand.rows.end();
    problems.push(...(await left(stand, "after the fault")));
    problems.push(...(await finish(stand, fault, shown)));
    secondsToNextJob = (performance.now() - healed) / 1000;
    problems.push(...(await left(stand, "after the next job")));
  } catch (error) {
    problems.push(error instanceof Error ? error.message : String(error));
  }
  await stand.rows.end();
  return {
    fault: fault.name,
    title: fault.title,
    held: problems.length === 0,
    problems,
    shown,
    endState: endState(shown, problems),
    secondsToNextJob: problems.length === 0 ? secondsToNextJob : undefined,
  };
}

function isRestored({ what, end }: Shown): boolean {
  return what === "restore" && end === "succeeded";
}

function judgeShown(
  { ends, remedy }: FaultSummary & { readonly remedy?: RegExp },
  shown: readonly Shown[],
): readonly string[] {
  const problems: string[] = [];
  const seen = shown.map(endOf);
  if (seen.join() !== ends.join()) problems.push(`ended ${seen.join(", ")} instead of ${ends.join(", ")}`);
  for (const each of shown) {
    if (each.code !== undefined && ((each.message ?? "") === "" || (each.remedy ?? "") === ""))
      problems.push(`${endOf(each)} has no cause or no remedy`);
  }
  if (
    remedy !== undefined &&
    !shown.some((each) => remedy.test(`${each.message ?? ""} ${each.remedy ?? ""}`))
  )
    problems.push(`no remedy says ${remedy.source}`);
  return problems;
}

/** What is not as it must be: rows that are gone, and whatever was left. */
async function left(stand: Stand, when: string): Promise<readonly string[]> {
  const remains = await stand.remains();
  const rows = await stand.rows.compare();
  return [...remains.map((each) => `left: ${each}`), ...(rows === undefined ? [] : [rows])].map(
    (problem) => `${when}: ${problem}`,
  );
}

/** Requests what has to succeed. @returns What did not. */
async function finish<Place extends Stand>(
  stand: Place,
  fault: Fault<Place>,
  shown: readonly Shown[],
): Promise<readonly string[]> {
  const jobs = await (fault.next?.(stand, shown) ?? backUp(stand));
  const bad = jobs.filter(({ end }) => end !== "succeeded");
  if (bad.length === 0) await stand.rows.write();
  return bad.map((job) => `the next ${job.what} ${endOf(job)}: ${job.message ?? ""} ${job.remedy ?? ""}`);
}

function endState(shown: readonly Shown[], problems: readonly string[]): string {
  if (problems.length > 0) return "did not hold";
  const restored = shown.some(isRestored);
  return restored ? "restored as asked, nothing left" : "database as it was, nothing left";
}
