import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { nodeProcesses } from "../../lib/machine/node-processes.ts";
import { run } from "../../lib/process/run.ts";
import { pokeCommand, Poker, workerEvent } from "../../provider/worker/poke.ts";

let directory: string;
let pokes: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "poke-"));
  pokes = join(directory, "pokes");
});
afterEach(async () => {
  await rm(directory, { recursive: true, force: true });
});

/** A poke that notes itself, and waits for a file where it is told to. */
function command(waitFor?: string): readonly [string, ...string[]] {
  const wait = waitFor === undefined ? "" : `; until [ -e "${waitFor}" ]; do sleep 0.01; done`;
  return ["sh", "-c", `echo poke >> "${pokes}"${wait}; echo done >> "${pokes}"`];
}

async function noted(): Promise<string> {
  return (await readFile(pokes, "utf8").catch(() => "")).trim().replaceAll("\n", " ");
}

/** What the pokes note once they are as expected, and a little later, lest there be more of them. */
async function settled(expected: string): Promise<string> {
  await expect.poll(noted, { timeout: 5_000, interval: 10 }).toBe(expected);
  await sleep(100);
  return await noted();
}

describe("the command of a poke", () => {
  test.each(["charm", "agent's charm", `a "b" $HOME \\ ; c`, "'", "é 😀"])(
    "starts the charm in a directory called %s, through a shell",
    async (name) => {
      const charm = join(directory, name);
      await mkdir(charm);
      await writeFile(join(charm, "dispatch"), '#!/bin/sh\necho "$JUJU_DISPATCH_PATH $# $0"\n');
      await chmod(join(charm, "dispatch"), 0o755);
      const [tool, ...args] = pokeCommand("postgresql/0", charm);
      expect([tool, ...args.slice(0, 2)]).toEqual(["juju-exec", "-u", "postgresql/0"]);
      expect(args).toHaveLength(3);
      // What juju-exec does with its last argument.
      const result = await run(["bash", "-s"], { stdin: `${args[2] ?? ""}\n` });
      expect(result).toMatchObject({ exitCode: 0, stderr: "" });
      expect(result.stdout).toBe(`hooks/${workerEvent} 0 ${charm}/dispatch\n`);
    },
  );
});

describe("pokes", () => {
  test("happen", async () => {
    new Poker(nodeProcesses, command()).poke();
    expect(await settled("poke done")).toBe("poke done");
  });

  test("that come while one is under way become one more after it", async () => {
    const go = join(directory, "go");
    const poker = new Poker(nodeProcesses, command(go));
    poker.poke();
    await expect.poll(noted).toBe("poke");
    for (let index = 0; index < 5; index += 1) poker.poke();
    expect(await settled("poke")).toBe("poke");
    await writeFile(go, "");
    expect(await settled("poke done poke done")).toBe("poke done poke done");
    poker.poke();
    expect(await settled("poke done poke done poke done")).toBe("poke done poke done poke done");
  });

  test("for the last time do not wait, and are followed by none", async () => {
    const go = join(directory, "go");
    const poker = new Poker(nodeProcesses, command(go));
    poker.poke();
    await expect.poll(noted).toBe("poke");
    poker.poke();
    poker.pokeAndLeave();
    expect(await settled("poke poke")).toBe("poke poke");
    await writeFile(go, "");
    expect(await settled("poke poke done done")).toBe("poke poke done done");
  });

  test("that cannot be made are nobody's trouble, and the next one is made", async () => {
    const program = join(directory, "juju-exec");
    const poker = new Poker(nodeProcesses, [program]);
    poker.poke();
    await sleep(50);
    await writeFile(program, `#!/bin/sh\necho poke >> "${pokes}"\n`);
    await chmod(program, 0o755);
    poker.poke();
    expect(await settled("poke")).toBe("poke");
    new Poker(nodeProcesses, [join(directory, "none")]).pokeAndLeave();
    await sleep(50);
  });
});
