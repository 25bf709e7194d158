/**
 * How a world comes to rest when nothing goes wrong any more, and what must have come about by then.
 */
import type { Admin } from "./admin.ts";
import type { World } from "./world.ts";

const maxRounds = 14;

/** Lets everything go well, with an admin who does what he is told to, until nothing is left to happen. */
export async function comeToRest(world: World, admin: Admin): Promise<void> {
  const { violations } = world.board;
  for (let round = 0; round < maxRounds && violations.length === 0; round += 1) {
    await world.settle();
    const before = stateOf(world);
    const isIdle = await passTime(world);
    if (isIdle && stateOf(world) === before && !(await admin.act())) {
      world.lookWhatStays();
      judge(world);
      return;
    }
  }
  if (violations.length === 0) world.board.violate("rest", "the units never come to rest");
}

/** Lets what waits for the clock go on, and dispatches every unit once more. @returns Whether no other hook ran. */
async function passTime(world: World): Promise<boolean> {
  const { juju } = world;
  const before = juju.hooksRun().length;
  await world.advance(6 * 60_000);
  const { units } = world;
  for (const unit of units) await juju.updateStatus(unit);
  await world.settle();
  return juju.hooksRun().length <= before + units.length;
}

function judge(world: World): void {
  const { board } = world;
  if (board.violations.length > 0 || world.units.length === 0) return;
  const readable = world.readableEnds();
  for (const id of world.managers.flatMap(({ requests }) => [...requests.keys()])) {
    if (!world.ends.has(id)) board.violate("told", `${id} was requested, and nobody ever reports its end`);
    else if (!readable.has(id)) board.violate("told", `${id} has an end that no unit reports any more`);
  }
  for (const { unit, fence, job } of world.grants)
    board.violate("grant", `the grant of ${unit}, fence ${fence}, for ${job} is never given back`);
  if (board.isActive()) board.violate("work", "something is still at work");
}

/** What has to stay as it is for a model to be at rest. */
function stateOf(world: World): string {
  const databags = [...world.everUnits, "database"].map((owner) => [
    world.reported(owner),
    world.juju.databag(world.peers, owner),
  ]);
  return JSON.stringify([databags, world.units]);
}
