/**
 * What charms need of Juju besides the two sides of the interface.
 *
 * @module
 */
export { ActionParameters, runAction, type ActionHandler } from "./action.ts";
export { currentDispatch, type Dispatch } from "./dispatch.ts";
export { currentEvent, type JujuEvent, type RelationChange } from "./event.ts";
export { HookTools, type HookToolsOptions } from "./hook-tools.ts";
export { runCharm } from "./run-charm.ts";
export type { ToolEnd, ToolRunner } from "./tool-runner.ts";
export type {
  Databag,
  DatabagChanges,
  GoalState,
  Juju,
  LogLevel,
  SecretContent,
  SecretInfo,
  StatusName,
  UnitStatus,
} from "./juju.ts";
export type { SecretFiles } from "./secret-files.ts";
export type {
  Clock,
  Disk,
  Machine,
  Processes,
  ProcessIdentity,
  Program,
  ProgramModule,
  RunningProgram,
  WriteOptions,
} from "../machine/machine.ts";
