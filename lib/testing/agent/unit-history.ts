/**
 * What a unit has behind it: which of the hooks that belong to no relation and no secret have run well.
 *
 * @module
 * @see https://documentation.ubuntu.com/juju/3.6/reference/hook/
 */
import type { HookInfo } from "./operation.ts";

/** The history of one unit. */
export class UnitHistory {
  #isInstalled = false;
  #startPending = false;
  #isStarted = false;
  #isStopped = false;
  #configVersion = 0;
  #charmVersion = 0;
  /** Whether the unit knows that it leads. Nobody tells it that it was deposed: it finds out. */
  knowsItLeads = false;

  get isInstalled(): boolean {
    return this.#isInstalled;
  }

  /** Whether `start` comes next, before anything else. */
  get startPending(): boolean {
    return this.#startPending;
  }

  /** The hook that an application's present charm and configuration want, if any. */
  nextHook(charmVersion: number, configVersion: number): HookInfo | undefined {
    if (!this.#isInstalled) return { name: "install", charmVersion };
    if (charmVersion !== this.#charmVersion) return { name: "upgrade-charm", charmVersion };
    return configVersion === this.#configVersion ? undefined : { name: "config-changed", configVersion };
  }

  /** The last hooks of a unit that has left its relations. */
  lastHook(): HookInfo {
    return this.#isStarted && !this.#isStopped ? { name: "stop" } : { name: "remove" };
  }

  /** Takes note that a hook has run well. */
  committed(hook: HookInfo): void {
    switch (hook.name) {
      case "install":
        this.#isInstalled = true;
        this.#charmVersion = hook.charmVersion ?? 0;
        break;
      case "leader-elected":
        this.knowsItLeads = true;
        break;
      case "upgrade-charm":
        this.#charmVersion = hook.charmVersion ?? 0;
        // A new charm has yet to see its configuration.
        this.#configVersion = 0;
        break;
      case "config-changed":
        this.#configVersion = hook.configVersion ?? 0;
        this.#startPending = !this.#isStarted;
        break;
      case "start":
        this.#startPending = false;
        this.#isStarted = true;
        break;
      case "stop":
        this.#isStopped = true;
        break;
    }
  }
}
