import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { stopAndCheckForLeaks } from "./leaks.ts";
import type { Probe } from "./probe.ts";
import { answer, refusal, tool, type Case } from "./script.ts";
import { SecretScene, unknown } from "./secret-scene.ts";
import { ways } from "./ways.ts";

const id = /^secret:[0-9a-z]{20}\n$/u;

describe.each(ways)("$name", (way) => {
  let probe: Probe;
  let scene: SecretScene;

  beforeAll(async () => {
    probe = await way.start({ automaticallyRetryHooks: false });
    scene = await SecretScene.set(probe);
  });
  afterAll(async () => stopAndCheckForLeaks(probe.juju));

  async function expectAnswers(unit: string, cases: readonly Case[]): Promise<void> {
    expect(await probe.answers(unit, cases)).toEqual(cases);
  }

  describe("secret-add", () => {
    test("[secret-add/settings] it prints the id at once, and keeps content, settings and owner", async () => {
      const [application, unit] = await probe.run(
        "alpha/0",
        tool`secret-add --label first --description ${"For a test."} --rotate monthly --expire 2099-01-02T03:04:05Z user=me password#base64=cDQ1NQ==`,
        tool`secret-add --owner unit --expire 24h only=mine`,
      );
      expect(application).toEqual(answer(expect.stringMatching(id) as string));
      expect(unit?.stdout).not.toBe(application?.stdout);
      expect(scene.secret(application?.stdout.trim() ?? "")).toMatchObject({
        owner: "alpha",
        label: "first",
        description: "For a test.",
        rotation: "monthly",
        revisions: {
          1: { content: { user: "me", password: "p455" }, expires: new Date("2099-01-02T03:04:05Z") },
        },
      });
      expect(scene.secret(unit?.stdout.trim() ?? "")).toMatchObject({
        owner: "alpha/0",
        label: "",
        rotation: "never",
      });
    });

    test("[secret-add/files] values and whole secrets are read from files, by absolute paths only", async () => {
      const at = (name: string): string => probe.path("alpha/0", name);
      await probe.put("alpha/0", "value", "two\nlines\n");
      await probe.put("alpha/0", "map.yaml", "from-yaml: 1.50\nother#base64: eA==\n");
      await probe.put("alpha/0", "map.json", String.raw`{"from-json":"\ud83d\ude00"}`);
      const value = await scene.add("alpha/0", tool`secret-add value#file=${at("value")}`);
      const yaml = await scene.add("alpha/0", tool`secret-add --file ${at("map.yaml")}`);
      const json = await scene.add(
        "alpha/0",
        tool`secret-add --file=${at("map.json")} from-json=lost argument=kept`,
      );
      expect(scene.secret(value).revisions[1]?.content).toEqual({ value: "two\nlines\n" });
      expect(scene.secret(yaml).revisions[1]?.content).toEqual({ "from-yaml": "1.50", other: "x" });
      expect(scene.secret(json).revisions[1]?.content).toEqual({ "from-json": "😀", argument: "kept" });
      await expectAnswers("alpha/0", [
        [
          tool`secret-add value#file=dispatch`,
          refusal(2, 'reading content for secret key "value": open /dispatch: no such file or directory'),
        ],
      ]);
    });

    test("[secret-add/refused] what is no secret is refused", async () => {
      await probe.put("alpha/0", "empty", "{}");
      await expectAnswers("alpha/0", [
        [tool`secret-add`, refusal(2, "missing secret value or filename")],
        [tool`secret-add word`, refusal(2, 'key value "word" not valid')],
        [tool`secret-add key=`, refusal(2, 'key value "key=" not valid')],
        [tool`secret-add ab=c`, refusal(2, 'key "ab" not valid')],
        [tool`secret-add Key=c`, refusal(2, 'key "Key" not valid')],
        [tool`secret-add a--b=c`, refusal(2, 'key "a--b" not valid')],
        [tool`secret-add key=c --rotate often`, refusal(2, 'rotate policy "often" not valid')],
        [tool`secret-add key=c --expire soon`, refusal(2, 'expire time or duration "soon" not valid')],
        [tool`secret-add key=c --expire=-1h`, refusal(2, 'negative expire duration "-1h" not valid')],
        [tool`secret-add key=c --owner model`, refusal(2, 'secret owner "model" not valid')],
        [tool`secret-add --file /nowhere`, refusal(2, "open /nowhere: no such file or directory")],
        [
          tool`secret-add --file ${probe.path("alpha/0", "empty")}`,
          refusal(1, "empty secret value not valid"),
        ],
        [tool`secret-add key=c --format json`, refusal(2, "option provided but not defined: --format")],
      ]);
    });

    test("[secret-add/leader] only the leader adds one for the application, every unit one of its own", async () => {
      const [refused, own] = await probe.run(
        "alpha/1",
        tool`secret-add key=value`,
        tool`secret-add --owner unit key=value`,
      );
      expect(refused).toEqual(refusal(1, "this unit is not the leader"));
      expect(own?.stdout).toMatch(id);
    });

    test("[secret-add/label] a label is refused that another secret of the hook has", async () => {
      const [, again] = await probe.run(
        "alpha/0",
        tool`secret-add --label twice key=1`,
        tool`secret-add --label twice key=2`,
      );
      expect(again).toEqual(refusal(1, 'secret with label "twice" already exists'));
    });
  });

  describe("secret-get", () => {
    test("[secret-get/formats] values and whole contents are printed in each format", async () => {
      const uri = await scene.add("alpha/0", tool`secret-add --label formats cert=c key=01`);
      await expectAnswers("alpha/0", [
        [tool`secret-get ${uri}`, answer('cert: c\nkey: "01"\n')],
        [tool`secret-get ${uri} --format=json`, answer('{"cert":"c","key":"01"}\n')],
        [tool`secret-get ${uri} cert`, answer("c\n")],
        [tool`secret-get ${uri} cert#base64`, answer("Yw==\n")],
        [tool`secret-get ${uri} cert --format=json`, answer('"c"\n')],
        [tool`secret-get --label formats`, answer('cert: c\nkey: "01"\n')],
        [tool`secret-get ${uri.replace("secret:", "")} cert`, answer("c\n")],
        [tool`secret-get ${uri.replace(":", `://${probe.juju.modelUuid}/`)} cert`, answer("c\n")],
        [tool`secret-get ${uri} none`, refusal(1, 'secret key value "none" not found')],
        [
          tool`secret-get ${uri} --format smart`,
          refusal(2, 'invalid value "smart" for option --format: unknown format "smart"'),
        ],
      ]);
    });

    test("[secret-get/refused] what names no secret that the unit may read is refused", async () => {
      const uri = await scene.add("alpha/0", tool`secret-add key=value`);
      await expectAnswers("beta/0", [
        [tool`secret-get`, refusal(2, "require either a secret URI or label")],
        [
          tool`secret-get ${uri} --peek --refresh`,
          refusal(2, "specify one of --peek or --refresh but not both"),
        ],
        [tool`secret-get ${uri} key more`, refusal(2, 'unrecognized args: ["more"]')],
        [tool`secret-get other:thing`, refusal(2, 'secret URI scheme "other" not valid')],
        // Without an id the first argument is taken for one.
        [tool`secret-get --label formats cert`, refusal(2, 'secret URI "cert" not valid')],
        [tool`secret-get secret:short`, refusal(2, 'secret URI "secret:short" not valid')],
        [tool`secret-get ${unknown}`, refusal(1, `secret "${unknown}" not found`)],
        [tool`secret-get --label none`, refusal(1, 'consumer label "none" not found')],
        [tool`secret-get ${uri}`, refusal(1, "permission denied")],
      ]);
    });

    test("[secret-get/tracked] a reader stays with the revision of its first reading until --refresh; --peek looks at the latest once", async () => {
      const uri = await scene.add("alpha/0", tool`secret-add key=one`);
      await scene.grant(uri);
      await expectAnswers("beta/0", [[tool`secret-get ${uri} key`, answer("one\n")]]);
      await probe.output("alpha/0", tool`secret-set ${uri} key=two`);
      await expectAnswers("beta/0", [
        [tool`secret-get ${uri} key`, answer("one\n")],
        [tool`secret-get ${uri} key --peek`, answer("two\n")],
        [tool`secret-get ${uri} key`, answer("one\n")],
        [tool`secret-get ${uri} key --refresh`, answer("two\n")],
        [tool`secret-get ${uri} key`, answer("two\n")],
      ]);
      expect(await probe.output("beta/1", tool`secret-get ${uri} key`)).toBe("two\n");
      expect(scene.secret(uri).consumers).toMatchObject({
        "beta/0": { tracked: 2 },
        "beta/1": { tracked: 2 },
      });
    });

    test("[secret-get/at-once] which revision was read counts at once, also in a hook that fails", async () => {
      const uri = await scene.add("alpha/0", tool`secret-add key=value`);
      await scene.grant(uri);
      await scene.failing("beta/0", tool`secret-get ${uri} --label reader`);
      expect(scene.secret(uri).consumers).toEqual({ "beta/0": { tracked: 1, label: "reader" } });
    });

    test("[secret-get/labels] each reader has a label of its own; that of the owner is the secret's", async () => {
      const uri = await scene.add("alpha/0", tool`secret-add --label given key=value`);
      const other = await scene.add("alpha/0", tool`secret-add key=other`);
      await scene.grant(uri);
      await scene.grant(other);
      await expectAnswers("beta/0", [
        [tool`secret-get --label mine`, refusal(1, 'consumer label "mine" not found')],
        [tool`secret-get ${uri} --label mine`, answer("key: value\n")],
        [tool`secret-get --label mine`, answer("key: value\n")],
        [tool`secret-get ${other} --label mine`, refusal(1, 'secret with label "mine" already exists')],
        [tool`secret-get --label given`, refusal(1, 'consumer label "given" not found')],
      ]);
      expect(await probe.output("alpha/1", tool`secret-get ${uri} --label ignored`)).toBe("key: value\n");
      expect(scene.secret(uri).label).toBe("given");
      expect(await probe.output("alpha/0", tool`secret-get ${uri} --label renamed`)).toBe("key: value\n");
      expect(scene.secret(uri).label).toBe("renamed");
      expect(await probe.output("alpha/1", tool`secret-get --label renamed`)).toBe("key: value\n");
    });
  });

  describe("secret-info-get and secret-ids", () => {
    test("[secret-info-get/managed] they tell of the secrets that the unit can manage", async () => {
      const fresh = await SecretScene.forTest(way);
      const uri = await fresh.add(
        "alpha/0",
        tool`secret-add --label L --description D --expire 2099-01-02T03:04:05 key=value`,
      );
      const bare = uri.replace("secret:", "");
      await fresh.probe.output("alpha/0", tool`secret-grant ${uri} -r ${fresh.backend} --unit beta/0`);
      const json = `{"${bare}":{"revision":1,"label":"L","owner":"application","description":"D","rotation":"never","expiry":"2099-01-02T03:04:05Z","access":[{"target":"unit-beta-0","scope":"relation-beta.frontend#alpha.backend","role":"view"}]}}\n`;
      const asLeader: readonly Case[] = [
        [tool`secret-info-get ${uri} --format json`, answer(json)],
        [tool`secret-info-get --label L --format=json`, answer(json)],
        [tool`secret-info-get`, refusal(2, "require either a secret URI or label")],
        [
          tool`secret-info-get ${uri} --label L`,
          refusal(2, "specify either a secret URI or label but not both"),
        ],
        [tool`secret-ids`, answer(`${bare}\n`)],
        [tool`secret-ids --format=json`, answer(`["${bare}"]\n`)],
      ];
      expect(await fresh.probe.answers("alpha/0", asLeader)).toEqual(asLeader);
      const asOther: readonly Case[] = [
        [tool`secret-info-get ${uri}`, refusal(1, `secret "${bare}" not found`)],
        [tool`secret-ids --format=json`, answer("[]\n")],
      ];
      expect(await fresh.probe.answers("alpha/1", asOther)).toEqual(asOther);
    });
  });

  describe("a secret that this hook adds or changes", () => {
    test("[secret-buffer/added] its creator reads its content in the same hook", async () => {
      const [added, content, info, missing] = await probe.run(
        "alpha/0",
        tool`secret-add --label pending --owner unit key=value`,
        tool`secret-get --label pending`,
        tool`secret-info-get --label pending --format=json`,
        tool`secret-get --label other`,
      );
      expect(content).toEqual(answer("key: value\n"));
      expect(info?.stdout).toContain('{"revision":1,"label":"pending","owner":"unit"}');
      expect(missing?.code).toBe(1);
      expect(scene.secret(added?.stdout.trim() ?? "").consumers).toEqual({});
    });

    test("[secret-buffer/dropped] it is not there when the hook fails", async () => {
      const before = scene.ids;
      await scene.failing("alpha/0", tool`secret-add --label never key=value`);
      expect(scene.ids).toEqual(before);
    });

    test("[secret-buffer/changed] a change is seen by --peek and --refresh only", async () => {
      const uri = await scene.add("alpha/0", tool`secret-add key=old`);
      await expectAnswers("alpha/0", [
        [tool`secret-get ${uri} key`, answer("old\n")],
        [tool`secret-set ${uri} key=new`, answer("")],
        [tool`secret-get ${uri} key`, answer("old\n")],
        [tool`secret-get ${uri} key --peek`, answer("new\n")],
        [tool`secret-get ${uri} key --refresh`, answer("new\n")],
      ]);
      expect(scene.secret(uri).consumers).toEqual({ "alpha/0": { tracked: 2, label: "" } });
      expect(await probe.output("alpha/0", tool`secret-get ${uri} key`)).toBe("new\n");
    });

    test("[secret-buffer/together] all that one hook says of a secret makes one revision", async () => {
      const uri = await scene.add("alpha/0", tool`secret-add key=1`);
      await probe.run(
        "alpha/0",
        tool`secret-set ${uri} --description told`,
        tool`secret-set ${uri} key=2`,
        tool`secret-set ${uri} key=3 --rotate daily`,
      );
      expect(scene.secret(uri)).toMatchObject({
        description: "told",
        rotation: "daily",
        revisions: { 1: { content: { key: "1" } }, 2: { content: { key: "3" } } },
      });
      expect(scene.revisions(uri)).toEqual(["1", "2"]);
    });
  });
});
