/**
 * The AWS SDK and the oldest Node that this package runs on.
 */
import { join } from "node:path";
import { expect, test } from "vitest";
import { run } from "../../lib/process/run.ts";
import { read, root } from "./pages.ts";
import { objectOf } from "./schema-tables.ts";

const oldest = "20.19.0";

/** What a script writes to stderr in a process of its own, on the oldest Node as far as the SDK can tell. */
async function stderrOf(script: string): Promise<string> {
  const { AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: _, ...env } = process.env;
  const version = `Object.defineProperty(process, "version", { value: "v${oldest}" });`;
  const { stdout, stderr } = await run(
    [process.execPath, "--input-type=module", "--eval", `${version}\n${script}\nconsole.log("done");`],
    { cwd: root, env, timeoutMs: 30_000 },
  );
  // Whatever it warns of, it came to its end.
  expect(stdout, stderr).toBe("done\n");
  return stderr;
}

test("a store says nothing about the version of Node", async () => {
  const module = join(root, "dist/lib/storage/s3-store.js");
  const credentials = join(root, "dist/lib/job/storage-config.js");
  const stderr = await stderrOf(`
    import { openS3Store } from ${JSON.stringify(module)};
    import { Credentials } from ${JSON.stringify(credentials)};
    const store = await openS3Store({
      bucket: "backups",
      endpoint: "https://127.0.0.1:9",
      credentials: new Credentials("a", "s"),
    });
    await store.probe().catch(() => undefined);
    store.close();
  `);
  expect(stderr).toBe("");
});

test("the SDK by itself would", async () => {
  const stderr = await stderrOf(`
    import { S3Client } from "@aws-sdk/client-s3";
    new S3Client({ region: "us-east-1" }).destroy();
  `);
  expect(stderr).toContain("NodeVersionSupportWarning");
});

test("the SDK's range holds no release that needs a newer Node than this package", () => {
  const manifest = objectOf(JSON.parse(read("package.json")));
  expect(objectOf(manifest["engines"])["node"]).toBe(`>=${oldest.replace(/\.0$/, "")}`);
  // Its releases are minor versions, so that a tilde is a range that is known to the end.
  const range = String(objectOf(manifest["dependencies"])["@aws-sdk/client-s3"]);
  expect(range).toMatch(/^~3\.\d+\.\d+$/);
  const installed = objectOf(JSON.parse(read("node_modules/@aws-sdk/client-s3/package.json")));
  expect(objectOf(installed["engines"])["node"]).toMatch(/^>= ?20\./);
  expect(String(installed["version"]).split(".")[1]).toBe(range.split(".")[1]);
});
