/**
 * The file that makes Patroni bootstrap its cluster from a backup. Pure.
 *
 * @module
 */
import type { Settings } from "../options.ts";
import type { DynamicConfig } from "../patroni/patroni.ts";
import type { RestorePlan } from "../checks/restore-target.ts";
import { postgresqlTime } from "../restore-time.ts";

/** With this command archiving fails, so that PostgreSQL keeps what there is to archive. */
export const holdingArchiveCommand = "/bin/false";

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
    "--log-level-console=warn",
    "--log-level-stderr=off",
    "--log-level-file=detail",
    "restore",
  ];
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
