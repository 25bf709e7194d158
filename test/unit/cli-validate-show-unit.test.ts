import { describe, expect, test } from "vitest";
import { stringify } from "yaml";
import { fileOf, plainReport, plainRequest, runWith } from "./command-run.ts";

const wrongRequest = { ...plainRequest, "job-config": { compression: "yes" } };
const wrongReport = { ...plainReport, status: "done" };

interface Shown {
  readonly application?: object;
  readonly local?: object;
  readonly related?: object;
  readonly endpoint?: string;
}

/** What `juju show-unit` prints of a unit with one relation. */
function shownUnit({
  application = {},
  local = {},
  related = {},
  endpoint = "database-backup",
}: Shown): object {
  const usual = {
    "egress-subnets": "10.1.0.7/32",
    "ingress-address": "10.1.0.7",
    "private-address": "10.1.0.7",
  };
  return {
    "notes/0": {
      "opened-ports": [],
      charm: "local:notes-0",
      leader: true,
      "relation-info": [
        {
          "relation-id": 4,
          endpoint: "database-peers",
          "related-endpoint": "database-peers",
          "application-data": { jobs: "not ours" },
          "local-unit": { "in-scope": true, data: usual },
        },
        {
          "relation-id": 7,
          endpoint,
          "related-endpoint": endpoint,
          "application-data": application,
          "local-unit": { "in-scope": true, data: { ...usual, ...local } },
          "related-units": { "manager/0": { "in-scope": true, data: { ...usual, ...related } } },
        },
      ],
      "provider-id": "i-0",
      address: "10.1.0.7",
    },
  };
}

function jobs(...items: readonly unknown[]): { readonly jobs: string } {
  return { jobs: JSON.stringify(items) };
}

/** The problems with what `juju show-unit` prints, in YAML, without their remedies and sections. */
async function problems(shown: Shown, ...args: readonly string[]): Promise<readonly string[]> {
  const { out } = await runWith(["validate", ...args], stringify(shownUnit(shown)));
  return out.map((line) =>
    line.replace(/^standard input:\d+:\d+: /, "").replace(/; expected .*|\. [A-Z].*/, ""),
  );
}

describe("juju show-unit", () => {
  const inRelation = '["notes/0"].relation-info[1]';

  test("of a database shows the requests and the unit's own reports", async () => {
    expect(await problems({ application: jobs(plainRequest), local: jobs(plainReport) })).toEqual([]);
    expect(await problems({ application: jobs(wrongRequest), local: jobs(wrongReport) })).toEqual([
      `error: ${inRelation}.application-data: job "1": jobs[0].job-config.compression is "yes"`,
      `error: ${inRelation}.local-unit.data: job "1": jobs[0].status is "done"`,
    ]);
  });

  test("of a backup manager shows what the provider says, and the reports of its units", async () => {
    const application = { features: "[]", "lib-version": "latest" };
    expect(await problems({ application, related: jobs(wrongReport) })).toEqual([
      `error: ${inRelation}.application-data: lib-version is "latest"`,
      `error: ${inRelation}.related-units["manager/0"].data: job "1": jobs[0].status is "done"`,
    ]);
  });

  test("as JSON says the same, and where in the strings it stands", async () => {
    const text = JSON.stringify(shownUnit({ application: jobs(wrongRequest) }), undefined, 2);
    const { code, out } = await runWith(["validate", fileOf("shown.json", text)]);
    expect(code).toBe(1);
    const line = text.split("\n").findIndex((one) => one.includes("yes"));
    const column = text.split("\n")[line]?.indexOf(String.raw`\"yes`);
    expect(out).toEqual([expect.stringContaining(`shown.json:${line + 1}:${Number(column) + 1}: error: `)]);
  });

  test("of one side is checked alone with --side", async () => {
    const shown = { application: jobs(wrongRequest), local: jobs(wrongReport) };
    expect(await problems(shown, "--side", "provider")).toEqual([expect.stringContaining("local-unit.data")]);
    expect(await problems(shown, "--side", "requirer")).toEqual([
      expect.stringContaining("application-data"),
    ]);
  });

  test("has jobs that are in the wrong databag", async () => {
    expect(await problems({ application: jobs(plainReport) })).toEqual([
      `error: ${inRelation}.application-data: reports stand in an application databag`,
    ]);
    expect(await problems({ related: jobs({ ...plainRequest, "backup-type": "full" }) })).toEqual([
      `error: ${inRelation}.related-units["manager/0"].data: requests stand in the databag of a unit`,
    ]);
  });

  test("may have the relation under any name of its endpoint", async () => {
    const shown = { application: jobs(wrongRequest), endpoint: "safety" };
    expect(await problems(shown)).toHaveLength(1);
    expect(await problems(shown, "--endpoint", "safety")).toHaveLength(1);
    expect(await problems(shown, "--endpoint", "other")).toEqual([
      "warning: no relation is of that endpoint",
    ]);
    expect(await problems({ endpoint: "safety" })).toEqual([
      "warning: no relation is known as one of database_backup",
    ]);
    expect(await problems({})).toEqual([]);
  });

  test.each([
    ["application-data", "applcation-data"],
    ["relation-info", "relation_info"],
  ])("is read where %s is misspelt", async (name, misspelt) => {
    const text = JSON.stringify(shownUnit({ application: jobs(wrongRequest) })).replaceAll(
      `"${name}"`,
      `"${misspelt}"`,
    );
    const { code, out } = await runWith(["validate"], text);
    expect(code).toBe(1);
    expect(out.join("\n")).toContain(
      `${misspelt} is nothing that juju show-unit writes; expected ${name}. Rename it to ${name}; it was read as that.`,
    );
    expect(out.join("\n")).toContain('compression is "yes"');
  });

  test("has databags that are none", async () => {
    const text = JSON.stringify({
      "relation-info": [{ endpoint: "database-backup", "application-data": "jobs" }],
    });
    const { code, out } = await runWith(["validate"], text);
    expect(code).toBe(1);
    expect(out).toEqual([
      expect.stringContaining(
        "error: relation-info[0].application-data is a string; expected the keys of a databag.",
      ),
    ]);
  });
});

describe("places in YAML", () => {
  const marked = '[{"job-id": "1",\n"job-type": "clo ne"}]';
  const inOneLine = marked.replace("\n", " ");
  test.each([
    ["single quotes", `jobs: '${inOneLine}'\n`],
    ["single quotes, folded", `jobs: '[{"job-id":\n\n   "1", "job-type":\n   "clo ne"}]'\n`],
    ["double quotes", `jobs: ${JSON.stringify(marked)}\n`],
    [
      "double quotes, folded",
      String.raw`jobs: "[{\"job-id\": \"1\",` +
        "\n" +
        String.raw`   \"job-type\":` +
        "\\\n" +
        String.raw`   \"clo ne\"}]"`,
    ],
    ["a literal", `jobs: |\n  [{"job-id": "1",\n\n  "job-type": "clo ne"}]\n`],
    ["no string", `jobs:\n- job-id: "1"\n  job-type: "clo ne"\n`],
    ["quotes that are not indented", `jobs: '\n[{"job-id": "1",\n"job-type": "clo ne"}]\n'\n`],
    ["an alias", `other: &it '${inOneLine}'\njobs: *it\n`],
  ])("are told of %s", async (_, yaml) => {
    const { code, out } = await runWith(["validate", "--side=requirer", "--format=json"], yaml);
    expect(code).toBe(1);
    const lines = yaml.split("\n");
    const line = lines.findIndex((one) => /\\?"clo ne/.test(one));
    const column = (lines[line]?.search(/\\?"clo ne/) ?? 0) + 1;
    const { files } = JSON.parse(out.join("\n"));
    expect(files[0].problems).toContainEqual(
      expect.objectContaining({ path: "jobs[0].job-type", line: line + 1, column }),
    );
    expect(files[0].problems).not.toContainEqual(expect.objectContaining({ offset: expect.anything() }));
  });

  test("are told as an offset in what the value says, where the text does not allow more", async () => {
    const { out } = await runWith(["validate", "--side=requirer"], `jobs: >\n  [{"job-type":\n  "clone"}]\n`);
    expect(out).toContainEqual(
      expect.stringContaining("standard input:1:7: error: at offset 14 of the value: jobs[0].job-type is"),
    );
  });
});
