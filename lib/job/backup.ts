/**
 * A backup in a repository: what a restore can name.
 *
 * @module
 */
import type { BackupType } from "./request.ts";

/** A backup in a repository. */
export interface Backup {
  /** The engine's own name for it, for example pgBackRest's label. */
  readonly id: string;
  readonly type: BackupType;
  /** RFC 3339 in UTC. */
  readonly finishedAt: string;
  /** What it takes up in storage, in bytes. */
  readonly sizeBytes: number;
  readonly timeline: number;
  /** Relative to the bucket. */
  readonly artefactPath: string;
}
