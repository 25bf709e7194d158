/**
 * What a simulated Juju is started with, and what is deployed in it.
 *
 * @module
 */
import type { HookFault } from "./agent/agent-loop.ts";
import type { ConfigValue } from "./model/charm-metadata.ts";
import type { CharmFunction } from "./in-process/in-process-runner.ts";
import type { ModelClock } from "./model-clock.ts";
import type { LogLine } from "./log-line.ts";

/** How to start a simulated Juju. */
export interface SimulatedJujuOptions {
  /** The model's name. Default: `demo`. */
  readonly modelName?: string;
  /** The version of Juju that charms are told, and whose ways are followed where versions differ. Default: `3.6.11`. */
  readonly version?: string;
  /** Where everything is written; kept at the end. Default: a new folder, removed at the end. */
  readonly directory?: string;
  /** Folders at the end of the charms' PATH. Default: that of the running node, so that `env node` finds it. */
  readonly extraPath?: readonly string[];
  /** Folders before the system's on the charms' PATH, for programs that stand in for others. Default: none. */
  readonly precedingPath?: readonly string[];
  /** Called with each line of the log as it comes. */
  readonly onLog?: (line: LogLine) => void;
  /** Called after each change of the model: databags, units, relations, leaders, statuses. */
  readonly onChange?: () => void;
  /** Asked before each hook how it is to fail, if at all. Default: not. */
  readonly failHook?: (unit: string, hook: string) => HookFault | undefined;
  /** Whether a leader gets `relation-changed` for its own write to a peer relation, as in Juju. Default: true. */
  readonly leaderSelfChanged?: boolean;
  /** How long a failed hook waits before it runs again; doubled with each failure, up to 5 min. Default: 5,000. */
  readonly hookRetryDelayMs?: number;
  /** Whether a failed hook runs again by itself, and not only when `resolve()` says so. Default: true. */
  readonly automaticallyRetryHooks?: boolean;
  /**
   * Whether hook tools refuse a relation id that names another endpoint than the relation's own. Default: false, as in
   * Juju up to 4.0, which looks at the number alone.
   */
  readonly checkRelationEndpoint?: boolean;
  /** How often `update-status` fires on every unit. Default: only when `updateStatus()` asks. */
  readonly updateStatusIntervalMs?: number;
  /** Times stamps and waits. Default: the clock on the wall; a new {@link VirtualClock} with `stepByStep`. */
  readonly clock?: ModelClock;
  /**
   * Whether nothing happens by itself: a test lets one thing happen after the other, see {@link SimulatedJuju.steps}. All
   * charms then run in this process. Default: false.
   */
  readonly stepByStep?: boolean;
  /**
   * Which of the things that processes do are steps of their own, with `stepByStep`; asked each time with the step's
   * `what`, and with `exit` for the end of a dispatch. What is none belongs to the step before it. That a dispatch, a worker
   * or a timer begins always is one. Default: all are.
   */
  readonly stepAt?: (what: string) => boolean;
}

/** What to deploy. */
export interface DeployOptions {
  /** The charm's folder: `charmcraft.yaml` (or `metadata.yaml`) and an executable `dispatch`. */
  readonly charm: string;
  /**
   * The charm as a function, which then runs in this process. Of its folder only what it declares is read. Default: the
   * folder's `dispatch` runs as a process.
   */
  readonly inProcess?: CharmFunction;
  readonly application: string;
  /** Default: 1. */
  readonly units?: number;
  readonly config?: Readonly<Record<string, ConfigValue>>;
  /**
   * Whether a new unit takes the lowest number that is free, as on Kubernetes. Default: false; as on machines, a number
   * is never given again.
   */
  readonly reuseUnitNumbers?: boolean;
}

/** Which charm an application gets in the place of the one that it has. */
export interface RefreshOptions {
  readonly application: string;
  /** The charm's folder. */
  readonly charm: string;
  /** The charm as a function. Default: the same as before, for a charm that runs in this process. */
  readonly inProcess?: CharmFunction;
}

/** What a command of `juju exec` is about. */
export interface ExecOptions {
  /** The id of a relation: `3` or `database-backup:3`. Default: none. */
  readonly relation?: string;
  /** Default: the only unit of that relation, if there is just one. */
  readonly remoteUnit?: string;
}

/** How long to wait for agents to rest. */
export interface SettleOptions {
  /** Default: 60,000. */
  readonly timeoutMs?: number;
  /** Whether units may be in hook error. Default: false. */
  readonly allowErrors?: boolean;
  /** In a model that goes step by step, asked before each step whether to leave it at that. Default: never. */
  readonly isEnough?: () => boolean;
}
