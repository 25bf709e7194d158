/**
 * A simulated Juju, to test charms and to show them without a cloud.
 *
 * @module
 */
export type { HookFault, HookRun } from "./agent/agent-loop.ts";
export type { ConfigValue } from "./model/charm-metadata.ts";
export type { CharmFunction } from "./in-process/in-process-runner.ts";
export type { DiskFault, MemoryDisk } from "./in-process/memory-disk.ts";
export type { SimulatedMachine } from "./in-process/simulated-machine.ts";
export { waitFor } from "./in-process/simulated-process.ts";
export { VirtualClock, type Timer } from "./in-process/virtual-clock.ts";
export type { ModelClock } from "./model-clock.ts";
export type { LogLine } from "./log-line.ts";
export type { Status } from "./model/model.ts";
export type { SecretReport } from "./model/secret-report.ts";
export type { ApplicationReport, ModelReport, UnitReport } from "./model/model-status.ts";
export type { ActionResult, ProcessEnd } from "./agent/operation.ts";
export { ScriptedDatabase, type ScriptedModule } from "./scripted/scripted-database.ts";
export type { Script, ScriptedCall, ScriptedJob } from "./scripted/script.ts";
export { SimulatedJuju } from "./simulated-juju.ts";
export type {
  DeployOptions,
  ExecOptions,
  RefreshOptions,
  SettleOptions,
  SimulatedJujuOptions,
} from "./simulated-juju-options.ts";
export type { Fault, Step } from "./stepping/step.ts";
export { SimulationError } from "./simulation-error.ts";
export type { StartedAction } from "./tasks.ts";
