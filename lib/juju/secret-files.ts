/**
 * The files by which the values of a secret reach Juju: a command line can be read by everybody on the machine.
 *
 * @module
 * @see https://documentation.ubuntu.com/juju/3.6/reference/hook-command/list-of-hook-commands/secret-add/
 */
import type { Disk } from "../machine/machine.ts";
import type { SecretContent } from "./juju.ts";

/** Lends out files that are there while they are used. */
export interface SecretFiles {
  /**
   * Writes each value into a file of its own, which only this user can read, and removes them when they have been used.
   *
   * @param use What needs them. It is given the absolute path of each key's file.
   */
  lend<Result>(
    content: SecretContent,
    use: (paths: Readonly<Record<string, string>>) => Promise<Result>,
  ): Promise<Result>;
}

/**
 * Files on the real disk.
 *
 * @param unit Whose they are. What a dispatch of that unit left behind because it was killed is removed by the next.
 */
export function nodeSecretFiles(unit: string): SecretFiles {
  return {
    lend: async (content, use) => {
      const fs = process.getBuiltinModule("node:fs");
      const { tmpdir } = process.getBuiltinModule("node:os");
      const prefix = `juju-database-backup-${unit.replace("/", "-")}.`;
      for (const name of fs.readdirSync(tmpdir())) {
        if (name.startsWith(prefix)) fs.rmSync(`${tmpdir()}/${name}`, { recursive: true, force: true });
      }
      const directory = fs.mkdtempSync(`${tmpdir()}/${prefix}`);
      try {
        const paths = pathsIn(directory, content);
        for (const [key, path] of Object.entries(paths))
          fs.writeFileSync(path, content[key] ?? "", { mode: 0o600 });
        return await use(paths);
      } finally {
        fs.rmSync(directory, { recursive: true, force: true });
      }
    },
  };
}

/** Files on the disk of a machine that is not the real one, and that nobody else can read. */
export function secretFilesOn(disk: Disk): SecretFiles {
  return {
    lend: async (content, use) => {
      const directory = "/tmp/juju-database-backup";
      await disk.makeDirectory(directory);
      try {
        const paths = pathsIn(directory, content);
        for (const [key, path] of Object.entries(paths)) await disk.replace(path, content[key] ?? "");
        return await use(paths);
      } finally {
        await disk.remove(directory);
      }
    },
  };
}

function pathsIn(directory: string, content: SecretContent): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.keys(content).map((key) => [key, `${directory}/${key}`]));
}
