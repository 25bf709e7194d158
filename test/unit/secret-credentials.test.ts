import { describe, expect, test } from "vitest";
import type { JobRequest } from "../../lib/job/request.ts";
import { Credentials } from "../../lib/job/storage-config.ts";
import type { SecretContent } from "../../lib/juju/juju.ts";
import { withSecretCredentials } from "../../provider/secret-credentials.ts";

const uri = "secret:d4f2k8vmp25c7612lk10";
const keys = { "access-key": "AKIA", "secret-key": "canary" };

function request(id: string, secretExtra?: string): JobRequest {
  const credentials = secretExtra === undefined ? new Credentials("own", "key") : new Credentials("", "");
  return {
    id,
    type: "backup",
    backupType: "full",
    compression: true,
    storage: { bucket: "b", credentials },
    ...(secretExtra === undefined ? {} : { secretExtra }),
  };
}

/** A Juju that has these secrets, and notes what it was asked for. */
function jujuWith(secrets: Readonly<Record<string, SecretContent>>): {
  readonly asked: string[];
  readonly readSecret: (uri: string) => Promise<SecretContent | undefined>;
} {
  const asked: string[] = [];
  const readSecret = async (name: string): Promise<SecretContent | undefined> => {
    asked.push(name);
    return secrets[name];
  };
  return { asked, readSecret };
}

describe("requests that name a secret", () => {
  test("get its keys, which are read once for all of them", async () => {
    const juju = jujuWith({ [uri]: keys });
    const { requests, withoutKeys } = await withSecretCredentials(juju, [
      request("a", uri),
      request("b", uri),
    ]);
    const revealed = requests.map(({ storage }) => storage.credentials.reveal());
    expect(revealed).toEqual([
      { accessKey: "AKIA", secretKey: "canary" },
      { accessKey: "AKIA", secretKey: "canary" },
    ]);
    expect(juju.asked).toEqual([uri]);
    expect(withoutKeys.size).toBe(0);
  });

  test("wait for one that cannot be read, while the others go on in their order", async () => {
    const given = [request("a", uri), request("b"), request("c", "secret:d4f2k8vmp25c7612lk11")];
    const { requests, withoutKeys } = await withSecretCredentials(jujuWith({ [uri]: keys }), given);
    expect(requests.map(({ id, storage }) => [id, storage.credentials.present])).toEqual([
      ["a", true],
      ["b", true],
      ["c", false],
    ]);
    expect([...withoutKeys.keys()]).toEqual(["c"]);
    expect(withoutKeys.get("c")).toMatch(/cannot be read yet/);
  });

  test.each([
    [{}, "has no access-key and no secret-key."],
    [{ "access-key": "AKIA" }, "has no secret-key."],
    [{ ...keys, "access-key": " " }, "has no access-key."],
  ])("wait for a secret with %j, and are told what is missing and nothing more", async (content, reason) => {
    const { withoutKeys } = await withSecretCredentials(jujuWith({ [uri]: content }), [request("a", uri)]);
    expect(withoutKeys.get("a")).toContain(reason);
    expect(withoutKeys.get("a")).not.toMatch(/AKIA|canary/);
  });
});

test("a request that brings its own keys keeps them, and nothing is read", async () => {
  const juju = jujuWith({});
  const given = [request("a")];
  expect((await withSecretCredentials(juju, given)).requests).toEqual(given);
  expect(juju.asked).toEqual([]);
});
