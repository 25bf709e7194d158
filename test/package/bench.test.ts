import { spawnSync } from "node:child_process";
import { beforeAll, describe, expect, test } from "vitest";
import { root, tableOf } from "./pages.ts";

let figures: Readonly<Record<string, unknown>>;
beforeAll(() => {
  const { stdout, stderr, status } = spawnSync(
    process.execPath,
    ["bench/main.mjs", "--json", "--runs", "1"],
    { cwd: root, encoding: "utf8" },
  );
  expect(status, stderr).toBe(0);
  figures = flattened(JSON.parse(stdout));
  // On a machine that is busy with others.
}, 240_000);

function flattened(value: object, prefix = ""): Record<string, unknown> {
  return Object.assign(
    {},
    ...Object.entries(value).map(([name, inner]) =>
      typeof inner === "object" ? flattened(inner, `${prefix}${name}.`) : { [`${prefix}${name}`]: inner },
    ),
  );
}

describe("the benchmark", () => {
  test("measures everything, in numbers above nought", () => {
    const dispatches = ["idle", "running", "postgresqlIdle", "postgresqlRunning"];
    expect(Object.keys(figures).toSorted()).toEqual(
      [
        "hook.nodeMs",
        ...dispatches.flatMap((name) =>
          ["dispatchMs", "emptyMs", "ratio", "calls"].map((figure) => `hook.${name}.${figure}`),
        ),
        "validate.loadMs",
        "validate.jobsPerSecond",
        "detect.ms.100",
        "detect.ms.1000",
        "detect.ms.10000",
        "detect.exponent",
        "detect.parseRatio",
        "simulate.hooksPerSecond",
        "simulate.modelMs",
        "simulate.backupsPerModel",
        "simulate.schedulesPerSecond",
        "simulate.stepsPerSecond",
        ...["units1", "units3", "units9"].flatMap((size) =>
          ["hooks", "bytes", "idle", "dispatchesToStart"].map((figure) => `coordination.${size}.${figure}`),
        ),
        "latency.dispatches",
        ...["nodeMs", "startMs", "startRatio", "startMoreMs", "exponent"].map(
          (figure) => `command.${figure}`,
        ),
        ...["1000", "10000", "50000"].map((size) => `command.ms.${size}`),
        ...["successBytes", "failureBytes", "bytes", "exponent"].map((figure) => `history.${figure}`),
        ...["loadMs", "addMs", "listMs"].flatMap((figure) =>
          ["100", "1000", "10000"].map((size) => `history.${figure}.${size}`),
        ),
        ...["noneMs", "fullMs", "ratio"].map((figure) => `history.dispatch.${figure}`),
      ].toSorted(),
    );
    // The difference of two short times, or their growth, may come out as anything on a machine that is busy.
    const difference = /^validate\.loadMs$|^command\.startMoreMs$|\.exponent$/;
    const idle = /\.idle$/;
    const named = Object.entries(figures);
    for (const [name, value] of named) expect(value, name).toEqual(expect.any(Number));
    for (const [name, value] of named.filter(([each]) => idle.test(each))) expect(value, name).toBe(0);
    for (const [name, value] of named.filter(([each]) => !idle.test(each) && !difference.test(each)))
      expect(value, name).toBeGreaterThan(0);
  });

  test("makes the figures of the page", () => {
    const rows = tableOf("docs/explanation/performance.md", "figures").slice(1);
    expect(rows.length).toBeGreaterThan(5);
    for (const [part = "", figure = ""] of rows) {
      expect(Object.keys(figures)).toContain(`${part}.${figure}`.replaceAll("`", ""));
    }
  });

  test("says what it does not know", () => {
    const { status, stderr } = spawnSync(process.execPath, ["bench/main.mjs", "--only", "nothing"], {
      cwd: root,
      encoding: "utf8",
    });
    expect(status).toBe(2);
    expect(stderr).toBe(
      'There is no part "nothing". Name some of: hook, validate, detect, simulate, coordination, latency, command, history, backup, restore, throughput.\n',
    );
  });
});
