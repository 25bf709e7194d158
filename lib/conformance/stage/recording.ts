/**
 * Records what happens in a model while a scenario is played.
 *
 * @module
 */
import type { Databag } from "../../juju/juju.ts";
import type { LogLine } from "../../testing/log-line.ts";
import type { SimulatedJuju } from "../../testing/simulated-juju.ts";
import type { Side } from "../../wire/side.ts";
import { withholding } from "./withheld.ts";
import type { Occurrence, Party, Trace, TraceEntry } from "../trace/trace.ts";

/** Which parts of the model are recorded. */
export interface Recorded {
  readonly side: Side;
  /** The application of the charm that is judged. */
  readonly judged: string;
  readonly other: string;
  /** What no trace must hold. */
  readonly credentials: readonly string[];
}

type Injection = "lost" | "interrupted";

/** What Juju itself writes into each unit's databag. */
const ownKeys: ReadonlySet<string> = new Set(["egress-subnets", "ingress-address", "private-address"]);

/** Of all databags at all times. One may hold 16 MiB. */
const mostCharacters = 256 * 1024 * 1024;

/** A recording of one scenario. */
export class Recording {
  readonly #recorded: Recorded;
  readonly #entries: TraceEntry[] = [];
  readonly #injections = new Map<string, Injection>();
  readonly #statuses = new Map<string, string>();
  readonly #said = new Map<string, string>();
  #juju: SimulatedJuju | undefined;
  #relation: number | undefined;
  #runs = 0;
  #databagLength = 0;
  #databags = "";
  #leader: string | undefined;
  #units: readonly string[] = [];

  constructor(recorded: Recorded) {
    this.#recorded = recorded;
  }

  /** Everything so far. */
  get trace(): Trace {
    return this.#entries;
  }

  /** Whether the charm has written more than the kit can keep. */
  get isFull(): boolean {
    return this.#databagLength > mostCharacters;
  }

  /** How much the charm has done that anybody sees; a hook that changed nothing does not count. */
  get changes(): number {
    return this.#entries.filter(({ kind }) => kind !== "hook" && kind !== "step").length;
  }

  /** Records what a model does from now on. */
  of(juju: SimulatedJuju): void {
    this.#juju = juju;
  }

  /** Records a relation from now on. */
  relation(id: number): void {
    this.#relation = id;
    this.look();
  }

  /** Takes in a line of the model's log: what a charm writes to standard error says why its hook failed. */
  hear({ unit, level, message }: LogLine): void {
    if (unit !== undefined && level === "WARNING" && message.trim() !== "")
      this.#said.set(unit, message.slice(0, 500));
  }

  /** Adds what the model does not show. */
  add(occurrence: Occurrence): void {
    this.look();
    this.#push(occurrence);
  }

  /** Says of the next hook of a unit that the kit has its hand in how it ends. */
  inject(unit: string, injection: Injection): void {
    this.look();
    this.#injections.set(unit, injection);
  }

  /** Takes in what has changed in the model. */
  look(): void {
    if (this.#juju === undefined) return;
    this.#lookAtHooks(this.#juju);
    this.#lookAtUnits(this.#juju);
    this.#lookAtDatabags(this.#juju);
  }

  #push(occurrence: Occurrence): void {
    const recorded = withholding(occurrence, this.#recorded.credentials);
    this.#entries.push({ at: new Date().toISOString(), ...recorded });
  }

  #lookAtHooks(juju: SimulatedJuju): void {
    const runs = juju.hooksRun();
    for (const { unit, operation, exitCode } of runs.slice(this.#runs)) {
      if (!unit.startsWith(`${this.#recorded.judged}/`)) continue;
      const injected = this.#injections.get(unit);
      this.#injections.delete(unit);
      const said = exitCode === 0 ? undefined : this.#said.get(unit);
      this.#said.delete(unit);
      this.#push({
        kind: "hook",
        unit,
        hook: operation,
        exitCode,
        ...(said === undefined ? {} : { said }),
        ...(injected === undefined ? {} : { injected }),
      });
    }
    this.#runs = runs.length;
  }

  #lookAtUnits(juju: SimulatedJuju): void {
    const { judged, other } = this.#recorded;
    const { applications } = juju.status();
    const units = Object.entries(applications[judged]?.units ?? {});
    const present = [...units.map(([unit]) => unit), ...Object.keys(applications[other]?.units ?? {})];
    for (const unit of this.#units) if (!present.includes(unit)) this.#push({ kind: "left", unit });
    this.#units = present;
    const leader = units.find(([, report]) => report.leader)?.[0];
    if (leader !== this.#leader) {
      this.#leader = leader;
      this.#push({ kind: "leader", application: judged, ...(leader === undefined ? {} : { unit: leader }) });
    }
    for (const [unit, { workload }] of units) {
      const said = `${workload.name} ${workload.message}`;
      if (this.#statuses.get(unit) === said) continue;
      this.#statuses.set(unit, said);
      this.#push({ kind: "status", unit, status: workload.name, message: workload.message });
    }
  }

  #lookAtDatabags(juju: SimulatedJuju): void {
    if (this.#relation === undefined) return;
    const { side, judged, other } = this.#recorded;
    const mine = this.#party(juju, this.#relation, judged);
    const theirs = this.#party(juju, this.#relation, other);
    const [provider, requirer] = side === "provider" ? [mine, theirs] : [theirs, mine];
    const occurrence: Occurrence = {
      kind: "databags",
      ...(provider === undefined ? {} : { provider }),
      ...(requirer === undefined ? {} : { requirer }),
    };
    const text = JSON.stringify(occurrence);
    if (text === this.#databags) return;
    this.#databags = text;
    this.#databagLength += text.length;
    this.#push(occurrence);
  }

  #party(juju: SimulatedJuju, relation: number, application: string): Party | undefined {
    try {
      const units = Object.keys(juju.status().applications[application]?.units ?? {});
      return {
        application,
        data: juju.databag(relation, application),
        units: Object.fromEntries(
          units.map((unit) => [unit, withoutOwnKeys(juju.databag(relation, unit))] as const),
        ),
      };
    } catch {
      // The relation is no more.
      return undefined;
    }
  }
}

function withoutOwnKeys(databag: Databag): Databag {
  return Object.fromEntries(Object.entries(databag).filter(([key]) => !ownKeys.has(key)));
}
