/**
 * A user of the S3 server that may do what the how-to page of S3 policies says, and nothing else.
 *
 * @module
 */
import { PutBucketPolicyCommand, PutObjectCommand } from "@aws-sdk/client-s3";
import { watch, type Keys } from "../canaries/credentials.ts";
import { marked } from "../package/pages.ts";
import type { Servers } from "../servers/servers.ts";

/** The page, whose policy is for a bucket of this name. */
export const policyPage = "docs/how-to/allow-in-an-s3-policy.md";

interface Policy {
  readonly Statement: readonly Readonly<Record<string, unknown>>[];
}

/**
 * Makes the user.
 *
 * @throws Error where the server lets it in before the policy does: then the policy would prove nothing.
 */
export async function userOfThePolicy({ s3 }: Servers, bucket: string): Promise<Keys> {
  const user = await s3.createUser("policy");
  watch(user);
  const own = s3.client(user);
  const admin = s3.client();
  try {
    const refusal = await own
      .send(new PutObjectCommand({ Bucket: bucket, Key: "before", Body: "x" }))
      .then(() => undefined)
      .catch((error: unknown) => (error instanceof Error ? error.name : String(error)));
    if (refusal !== "AccessDenied") throw new Error(`Without a policy the server said: ${refusal ?? "yes"}`);
    const policy: Policy = JSON.parse(marked(policyPage, "run").get("policy")?.text ?? "");
    const ofUser = policy.Statement.map((statement) => ({
      ...statement,
      Principal: { AWS: ["arn:aws:iam:::user/policy"] },
    }));
    await admin.send(
      new PutBucketPolicyCommand({
        Bucket: bucket,
        Policy: JSON.stringify({ ...policy, Statement: ofUser }),
      }),
    );
  } finally {
    own.destroy();
    admin.destroy();
  }
  return user;
}
