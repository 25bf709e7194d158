/**
 * The rules of pg_hba.conf that let nobody in but superusers and replication, made of those that are there. Pure.
 *
 * @module
 * @see https://www.postgresql.org/docs/15/auth-pg-hba-conf.html
 */

/** Marks the last rule, by which the file can be told from what it was before. */
export const blockingRule = "host all all all reject # database-backup: a backup is made here";

/** What a rule begins with whose address is a network's. */
const overNetwork = /^(host|hostssl|hostnossl|hostgssenc|hostnogssenc)$/;

/**
 * The rules while a backup is made: those of the unix socket as they are, those of the network for replication and
 * superusers alone.
 *
 * @returns Undefined where a rule is of a form that is not known here, such as an include.
 */
export function blockClients(
  rules: readonly string[],
  superusers: readonly string[],
): readonly string[] | undefined {
  const kept: string[] = [];
  for (const rule of rules) {
    const line = rule.trim();
    if (line === "" || line.startsWith("#")) continue;
    const [type = "", database = "", user = "", ...rest] = fieldsOf(line);
    if (type === "local") {
      kept.push(line);
      continue;
    }
    if (!overNetwork.test(type) || rest.length < 2 || line.includes("@")) return undefined;
    const databases = listOf(database);
    if (databases.includes("replication")) kept.push([type, "replication", user, ...rest].join(" "));
    const others = databases.filter((name) => name !== "replication").join(",");
    const users = listOf(user);
    const admitted = superusers
      .filter((name) => users.includes("all") || users.includes(name) || users.includes(quoted(name)))
      .map(quoted)
      .join(",");
    if (others !== "" && admitted !== "") kept.push([type, others, admitted, ...rest].join(" "));
  }
  return [...kept, blockingRule];
}

/** Fields are divided by blanks, but for those between quotes. */
function fieldsOf(line: string): readonly string[] {
  return line.match(/(?:"[^"]*"|[^\s"#])+/g) ?? [];
}

function listOf(field: string): readonly string[] {
  return field.match(/(?:"[^"]*"|[^,"])+/g) ?? [];
}

function quoted(name: string): string {
  return `"${name}"`;
}
