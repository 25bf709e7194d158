/**
 * Reads pgBackRest's manifest of a backup: which files a restore of it needs, and where in the repository they lie. Pure.
 *
 * @module
 */
import { isJsonRecord, type JsonRecord } from "../json-record.ts";
import { parseLsn } from "./pgbackrest-info.ts";

/** A file in the repository that a restore reads. */
export interface StoredFile {
  readonly bytes: number;
  /** Whether it has exactly that size. A bundle holds many files, of which an older backup may need the first alone. */
  readonly isWhole: boolean;
}

/** A place in the WAL, and the name of the segment that holds it. */
export interface WalPlace {
  readonly segment: string;
  readonly lsn: bigint;
}

/** What a manifest says. */
export interface BackupManifest {
  /** PostgreSQL's system identifier. */
  readonly systemId: string;
  readonly start: WalPlace;
  readonly stop: WalPlace;
  /** By the label of the backup in whose folder they lie, the files that a restore reads, by their path in it. */
  readonly files: ReadonlyMap<string, ReadonlyMap<string, StoredFile>>;
}

/** pgBackRest's endings by its compress-type. */
const endings: Readonly<Record<string, string>> = {
  none: "",
  bz2: ".bz2",
  gz: ".gz",
  lz4: ".lz4",
  zst: ".zst",
};

/** Takes a manifest line by line: that of a large database has a line for each of a million files. */
export class ManifestReader {
  readonly #label: string;
  readonly #files = new Map<string, Map<string, StoredFile>>();
  readonly #values = new Map<string, unknown>();
  #section = "";

  /** @param label Of the backup whose manifest it is. */
  constructor(label: string) {
    this.#label = label;
  }

  /** @throws SyntaxError, TypeError where the line is not of pgBackRest's form. */
  line(text: string): void {
    const section = /^\[([\w:]+)\]$/.exec(text)?.[1];
    if (section !== undefined) {
      this.#section = section;
      return;
    }
    if (this.#section === "target:file") {
      // A file's name may hold an equals sign and a brace; the value, of numbers and checksums, does not.
      const at = text.lastIndexOf("={");
      if (at > 0) this.#addFile(text.slice(0, at), JSON.parse(text.slice(at + 1)));
      return;
    }
    const at = text.indexOf("=");
    if (at > 0 && /^backup(?::(?:db|option))?$/.test(this.#section)) {
      // A system identifier has 64 bits, more than a JavaScript number keeps.
      const [key, value] = [text.slice(0, at), text.slice(at + 1)];
      this.#values.set(key, key === "db-system-id" ? value : JSON.parse(value));
    }
  }

  /** @throws TypeError where something is missing. */
  end(): BackupManifest {
    return {
      systemId: this.#text("db-system-id"),
      start: { segment: this.#text("backup-archive-start"), lsn: parseLsn(this.#text("backup-lsn-start")) },
      stop: { segment: this.#text("backup-archive-stop"), lsn: parseLsn(this.#text("backup-lsn-stop")) },
      files: this.#files,
    };
  }

  #text(key: string): string {
    const value = this.#values.get(key);
    if (typeof value !== "string") throw new TypeError(`the manifest has no ${key}`);
    return value;
  }

  #addFile(name: string, value: unknown): void {
    const file: JsonRecord = isJsonRecord(value) ? value : {};
    const { size, bni: bundle } = file;
    if (typeof size !== "number") throw new TypeError(`the manifest has no size of ${name}`);
    // Where files are bundled, an empty one is stored nowhere.
    if (size === 0 && this.#values.get("backup-bundle") === true) return;
    const bytes = numberOr(file["repo-size"], size);
    const label = typeof file["reference"] === "string" ? file["reference"] : this.#label;
    const own = this.#files.get(label) ?? new Map<string, StoredFile>();
    this.#files.set(label, own);
    if (typeof bundle === "number") {
      const path = `bundle/${bundle}`;
      const end = numberOr(file["bno"], 0) + bytes;
      own.set(path, { bytes: Math.max(end, own.get(path)?.bytes ?? 0), isWhole: false });
      return;
    }
    // A file of blocks, some of them in earlier backups, has an ending of its own instead of the compression's.
    const isBlocks = file["bi"] !== undefined;
    own.set(`${name}${isBlocks ? ".pgbi" : this.#ending()}`, { bytes, isWhole: true });
  }

  #ending(): string {
    const type = this.#text("option-compress-type");
    const ending = endings[type];
    if (ending === undefined) throw new TypeError(`"${type}" is no type of compression`);
    return ending;
  }
}

function numberOr(value: unknown, otherwise: number): number {
  return typeof value === "number" ? value : otherwise;
}
