import { access, mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test, vi } from "vitest";
import { SimulationError, type LogLine } from "../../lib/testing/index.ts";
import { survivingProcesses } from "../../lib/testing/processes/surviving-processes.ts";
import { startForTest, stopAndCheckForLeaks } from "./juju-contract/leaks.ts";
import { probeCharm, ShellProbe } from "./juju-contract/shell-probe.ts";

describe("a simulated Juju", () => {
  test("says who does what when it does not come to rest, and kills it at the end", async () => {
    const hanging = await startForTest();
    const probe = new ShellProbe(hanging);
    await probe.on("solo/0", "install", 'touch "$place/hangs"; trap "" TERM; sleep 1000 & wait; sleep 1000');
    await hanging.deploy({ charm: probeCharm, application: "solo" });
    await probe.reached("solo/0", "hangs");
    await expect(hanging.settle({ timeoutMs: 20 })).rejects.toThrow("within 20 ms (solo/0: install)");
    await expect(hanging.settle({ timeoutMs: 20 })).rejects.toBeInstanceOf(SimulationError);
    const waiting = hanging.runAction("solo/0", "probe");
    await stopAndCheckForLeaks(hanging);
    expect((await waiting).status).toBe("aborted");
    await expect(hanging.addUnit("solo")).rejects.toThrow("was stopped");
    await expect(access(hanging.directory)).rejects.toThrow("ENOENT");
  });

  test("kills what a charm left behind, also out of its process group", async () => {
    const leaving = await startForTest();
    const probe = new ShellProbe(leaving);
    await probe.on("solo/0", "install", "setsid sleep 1000 & sleep 1000 & exit 0");
    await leaving.deploy({ charm: probeCharm, application: "solo" });
    await leaving.settle();
    expect((await survivingProcesses(leaving.modelUuid)).length).toBeGreaterThan(0);
    await stopAndCheckForLeaks(leaving);
  });

  test("keeps a folder that it was given, and reports its log", async () => {
    const given = await mkdtemp(join(tmpdir(), "given-"));
    // Deep enough for the sockets to need another place.
    const directory = join(given, "x".repeat(120));
    await mkdir(directory);
    const lines: LogLine[] = [];
    const kept = await startForTest({
      directory,
      modelName: "kept",
      onLog: (line) => lines.push(line),
      extraPath: ["/x", "/y"],
    });
    const probe = new ShellProbe(kept);
    await kept.deploy({ charm: probeCharm, application: "solo", units: 1, config: { name: "mine" } });
    const shown = await probe.output(
      "solo/0",
      "juju-log hello; config-get name; echo $JUJU_MODEL_NAME ${PATH: -6}",
    );
    expect(shown).toBe("mine\nkept :/x:/y\n");
    expect(lines).toEqual(kept.log());
    expect(lines).toContainEqual(
      expect.objectContaining({ unit: "solo/0", level: "INFO", message: "hello" }),
    );
    expect(kept.status().model).toBe("kept");
    await kept.stop();
    await expect(access(kept.socketDirectory)).rejects.toThrow("ENOENT");
    await access(join(directory, "agents/unit-solo-0/charm/dispatch"));
    await rm(given, { recursive: true });
  });

  test("fires update-status by itself on request", async () => {
    const ticking = await startForTest({ updateStatusIntervalMs: 1 });
    await ticking.deploy({ charm: probeCharm, application: "solo" });
    await vi.waitFor(
      () => expect(ticking.hooksRun().map((run) => run.operation)).toContain("update-status"),
      20_000,
    );
    await stopAndCheckForLeaks(ticking);
  });
});
