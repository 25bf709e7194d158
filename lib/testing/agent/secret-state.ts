/**
 * What one unit's agent remembers of secrets, and which hook follows from it.
 *
 * @module
 * @see https://documentation.ubuntu.com/juju/3.6/reference/hook/
 */
import type { HookInfo, HookSecret } from "./operation.ts";
import type { Model } from "../model/model.ts";
import { askAgainMs } from "../model/secret-rotation.ts";
import type { Secret } from "../model/secret.ts";

/** The secrets as one unit has seen them. */
export class SecretState {
  readonly #unit: string;
  readonly #model: Model;
  /** By the secret, the revision that the last `secret-changed` was about. */
  readonly #changed = new Map<string, number>();
  /** The revisions that a `secret-remove` was about. None of them gets a second one from this agent. */
  readonly #removed = new Set<string>();
  /** By the revision, when to ask again about one that has expired and is still there. */
  readonly #expired = new Map<string, Date>();

  constructor(unit: string, model: Model) {
    this.#unit = unit;
    this.#model = model;
  }

  /** The hook that secrets want next, if any: expired, rotate, changed, remove. */
  nextHook(): HookInfo | undefined {
    const now = this.#model.now();
    const managed = this.#managed();
    return (
      firstOf(managed, (secret) => this.#expiredHook(secret, now)) ??
      firstOf(managed, (secret) => rotateHook(secret, now)) ??
      firstOf(this.#model.secrets.all(), (secret) => this.#changedHook(secret)) ??
      firstOf(managed, (secret) => this.#removeHook(secret))
    );
  }

  /** The next time at which a hook may come of the clock alone. */
  nextTime(): Date | undefined {
    const now = this.#model.now();
    const times = this.#managed().flatMap((secret) => [
      ...(secret.nextRotation === undefined ? [] : [secret.nextRotation]),
      ...this.#expiries(secret).map(([, time]) => time),
    ]);
    return times.filter((time) => time > now).toSorted((a, b) => a.getTime() - b.getTime())[0];
  }

  /** Takes note that a hook has run well. */
  committed({ id, event, revision }: HookSecret): void {
    switch (event) {
      case "changed":
        this.#changed.set(id, revision);
        break;
      case "remove":
        this.#removed.add(`${id}/${revision}`);
        break;
      case "expired":
        this.#expired.set(`${id}/${revision}`, new Date(this.#model.now().getTime() + askAgainMs));
        break;
      case "rotate":
        this.#model.secrets.rotated(id, revision);
        break;
    }
  }

  #managed(): readonly Secret[] {
    return this.#model.secrets.managedBy(this.#unit, this.#model.isLeader(this.#unit));
  }

  #expiries({ id, revisions }: Secret): readonly (readonly [number, Date])[] {
    return [...revisions].flatMap(([number, { expires }]): (readonly [number, Date])[] =>
      expires === undefined ? [] : [[number, this.#expired.get(`${id}/${number}`) ?? expires]],
    );
  }

  #expiredHook(secret: Secret, now: Date): HookInfo | undefined {
    const due = this.#expiries(secret).find(([, time]) => time <= now);
    return due && hook(secret, "expired", secret.label, due[0]);
  }

  #changedHook(secret: Secret): HookInfo | undefined {
    const consumer = secret.consumers.get(this.#unit);
    if (consumer === undefined || consumer.tracked >= secret.latest || !secret.canBeReadBy(this.#unit)) {
      return undefined;
    }
    if ((this.#changed.get(secret.id) ?? 0) >= secret.latest) return undefined;
    const label = secret.isOfSameApplication(this.#unit) ? secret.label : consumer.label;
    return hook(secret, "changed", label, secret.latest);
  }

  #removeHook(secret: Secret): HookInfo | undefined {
    const unused = secret.unusedRevisions().find((number) => !this.#removed.has(`${secret.id}/${number}`));
    return unused === undefined ? undefined : hook(secret, "remove", secret.label, unused);
  }
}

function rotateHook(secret: Secret, now: Date): HookInfo | undefined {
  if (secret.nextRotation === undefined || secret.nextRotation > now) return undefined;
  return hook(secret, "rotate", secret.label, secret.latest);
}

function hook(secret: Secret, event: HookSecret["event"], label: string, revision: number): HookInfo {
  return { name: `secret-${event}`, secret: { id: secret.id, event, label, revision } };
}

function firstOf(
  secrets: readonly Secret[],
  hookOf: (secret: Secret) => HookInfo | undefined,
): HookInfo | undefined {
  for (const secret of secrets) {
    const found = hookOf(secret);
    if (found !== undefined) return found;
  }
  return undefined;
}
