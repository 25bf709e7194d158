/**
 * The file that makes Patroni bootstrap its cluster from a backup. Pure.
 *
 * @module
 */
import type { Settings } from "../options.ts";
import type { Move } from "./data-directory.ts";
import type { DynamicConfig } from "../patroni/patroni.ts";
import type { RestorePlan } from "../checks/restore-target.ts";
import { postgresqlTime } from "../restore-time.ts";

/**
 * With this command archiving fails, so that PostgreSQL keeps what there is to archive.
 *
 * Patroni stops the server once after its promotion, and a server that stops tries three times, a second apart, to archive
 * each file that it has. With 127 the archiver gives up at once, and while the server runs would rest for ten seconds; so it is
 * told only where the server stops.
 *
 * @see https://www.postgresql.org/docs/15/continuous-archiving.html#BACKUP-ARCHIVING-WAL
 */
export const holdingArchiveCommand = "if grep -q ^stopping postmaster.pid; then exit 127; else exit 1; fi";

/**
 * The arguments of the restore.
 *
 * The timeline is always named. By default PostgreSQL follows the newest one, which may have left the backup's line
 * before the backup was made; then it cannot even start.
 */
export function restoreArguments(
  settings: Settings,
  stanza: string,
  plan: RestorePlan,
  options: { readonly delta?: boolean } = {},
): readonly [string, ...string[]] {
  const target = ((): readonly string[] => {
    switch (plan.target.kind) {
      case "backup":
        // pgBackRest does not take --target-timeline together with this type.
        return [
          "--type=immediate",
          "--target-action=promote",
          `--recovery-option=recovery_target_timeline=${plan.timeline}`,
        ];
      case "time":
        return [
          "--type=time",
          `--target=${postgresqlTime(plan.target.moment)}`,
          "--target-action=promote",
          `--target-timeline=${plan.timeline}`,
        ];
      case "latest":
        return ["--type=default", `--target-timeline=${plan.timeline}`];
    }
  })();
  return [
    settings.program,
    `--config=${settings.files.restoreConfig}`,
    `--stanza=${stanza}`,
    `--pg1-path=${settings.postgresql.dataDirectory}`,
    `--set=${plan.backup.label}`,
    ...target,
    ...(options.delta === true ? ["--delta"] : []),
    "--log-level-console=warn",
    "--log-level-stderr=off",
    "--log-level-file=detail",
    "restore",
  ];
}

/**
 * A command that moves the old data back to where it was and then runs another one, which writes over it. Patroni
 * bootstraps only where it finds no data; so the data is put there when it has looked.
 *
 * The data directory comes last: while it is aside, nothing was written over.
 */
export function afterMovingBack(
  moves: readonly Move[],
  argv: readonly [string, ...string[]],
): readonly [string, ...string[]] {
  const script =
    'while [ "$1" != -- ]; do if [ -d "$1" ]; then rmdir "$1" || exit; fi; mv -T "$2" "$1" || exit; shift 2; done; shift; exec "$@"';
  const pairs = moves.toReversed().flatMap(({ from, to }) => [from, to]);
  return ["/bin/sh", "-c", script, "restore", ...pairs, "--", ...argv];
}

/**
 * The overlay. JSON is YAML, so Patroni reads it.
 *
 * The archive_command is set in the local part, which outranks the dynamic configuration: taking the file away is then
 * all that it needs to let archiving begin, whatever the dynamic configuration says.
 */
export function renderOverlay(argv: readonly string[], config: DynamicConfig): string {
  const overlay = {
    bootstrap: {
      method: "pgbackrest",
      pgbackrest: {
        command: argv.map(quote).join(" "),
        no_params: true,
        keep_existing_recovery_conf: true,
      },
      dcs: config,
    },
    postgresql: { parameters: { archive_mode: "on", archive_command: holdingArchiveCommand } },
  };
  return `${JSON.stringify(overlay, null, 2)}\n`;
}

/** Patroni splits the command as a shell would, but has no shell run it. */
function quote(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
