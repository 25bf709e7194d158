import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { CharmFunction } from "../../../lib/testing/index.ts";
import { stopAndCheckForLeaks } from "./leaks.ts";
import type { Probe } from "./probe.ts";
import { ways } from "./ways.ts";

const metadata = `
name: probe
provides: { backend: { interface: probe }, extra: { interface: extra } }
requires: { frontend: { interface: probe, limit: 2 } }
peers: { cluster: { interface: probe-peer }, second: { interface: probe-peer } }
config: { options: { name: { type: string, default: renewed }, size: { type: string }, added: { type: int, default: 1 } } }
`;

describe.each(ways)("$name", (way) => {
  let probe: Probe;
  let folder: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "renewed-"));
    await writeFile(join(folder, "charmcraft.yaml"), metadata);
    await writeFile(
      join(folder, "dispatch"),
      '#!/bin/sh\nstatus-set active "renewed: $(config-get --format=json)"\n',
    );
    await chmod(join(folder, "dispatch"), 0o755);
    probe = await way.start({ automaticallyRetryHooks: false });
    await probe.deploy("alpha", { units: 2, config: { name: "kept", size: 7 } });
    await probe.juju.settle();
  });
  afterAll(async () => {
    await stopAndCheckForLeaks(probe.juju);
    await rm(folder, { recursive: true });
  });

  const renewed: CharmFunction = async ({ runTool }) => {
    const { stdout } = await runTool("config-get", ["--format=json"]);
    await runTool("status-set", ["active", `renewed: ${stdout.trimEnd()}`]);
  };

  function messageOf(unit: string): string | undefined {
    return probe.juju.status().applications["alpha"]?.units[unit]?.workload.message;
  }

  test("[refresh/after-error] a unit in hook error begins the new charm when its hook has run well", async () => {
    await probe.failing("alpha/1", "update-status");
    await probe.updateStatus("alpha/1");
    const from = probe.now;
    const isInProcess = probe.charm.inProcess !== undefined;
    const options = { application: "alpha", charm: folder };
    await probe.juju.refresh(isInProcess ? { ...options, inProcess: renewed } : options);
    await probe.juju.settle({ allowErrors: true });
    expect(probe.ran("alpha/0", from)).toContain("upgrade-charm");
    expect(probe.ran("alpha/1", from)).toEqual([]);
    await probe.juju.resolve("alpha/1");
    await probe.juju.settle({ allowErrors: true });
    // It is the old charm that is asked again.
    expect(probe.ran("alpha/1", from)).toEqual(["update-status"]);
    expect(messageOf("alpha/1")).toBe("");
    await probe.off("alpha/1", "update-status");
    await probe.juju.resolve("alpha/1");
    await probe.juju.settle();
    expect(probe.ran("alpha/1", from).slice(0, 4)).toEqual([
      "update-status",
      "update-status",
      "second-relation-created",
      "upgrade-charm",
    ]);
  });

  test("[refresh/code] from upgrade-charm on it runs the code of the new charm", () => {
    expect(messageOf("alpha/0")).toMatch(/^renewed: /u);
    expect(messageOf("alpha/1")).toMatch(/^renewed: /u);
  });

  test("[refresh/configuration] what was set stays if the new charm still declares it so, and new options have their defaults", () => {
    expect(messageOf("alpha/0")).toBe('renewed: {"added":1,"name":"kept"}');
  });

  test("[refresh/peer-relation] a peer endpoint that is new has its relation from then on", () => {
    expect(probe.juju.status().applications["alpha"]?.relations).toEqual({
      cluster: ["alpha"],
      second: ["alpha"],
    });
    expect(probe.ran("alpha/0")).toContain("second-relation-joined alpha/1");
  });

  test("[refresh/new-unit] a unit that comes later begins with the new charm, without upgrade-charm", async () => {
    const unit = await probe.juju.addUnit("alpha");
    await probe.juju.settle();
    expect(probe.ran(unit)).toContain("install");
    expect(probe.ran(unit)).not.toContain("upgrade-charm");
    expect(messageOf(unit)).toMatch(/^renewed: /u);
  });
});
