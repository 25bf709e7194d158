/**
 * A simulated Juju, to test charms and to show them without a cloud.
 *
 * @module
 */
export type { HookRun } from "./processes/agent-process.ts";
export type { ConfigValue } from "./model/charm-metadata.ts";
export type { Clock } from "./clock.ts";
export type { LogLine } from "./log-line.ts";
export type { Status } from "./model/model.ts";
export type { SecretReport } from "./model/secret-report.ts";
export type { ApplicationReport, ModelReport, UnitReport } from "./model/model-status.ts";
export type { ActionResult } from "./agent/operation.ts";
export { SimulatedJuju } from "./simulated-juju.ts";
export type { DeployOptions, SimulatedJujuOptions } from "./simulated-juju-options.ts";
export { SimulationError } from "./simulation-error.ts";
