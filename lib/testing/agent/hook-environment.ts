/**
 * The environment of a charm's process, built from scratch as Juju's agent builds it: nothing of the environment that
 * the simulation itself runs in is handed on, neither HOME nor USER.
 *
 * @module
 * @see https://documentation.ubuntu.com/juju/3.6/reference/hook/
 */
import type { HookContext } from "./hook-context.ts";
import { operationRelation } from "./operation.ts";
import { numberOf } from "../model/unit-name.ts";

/** Where a charm finds what it needs. */
export interface HookPlaces {
  readonly charmDirectory: string;
  readonly socketPath: string;
  /** The whole PATH. */
  readonly path: string;
}

/** Makes the environment for one context. */
export function hookEnvironment(context: HookContext, places: HookPlaces): Record<string, string> {
  const { model, operation, unit } = context;
  const environment: Record<string, string> = {
    APT_LISTCHANGES_FRONTEND: "none",
    CHARM_DIR: places.charmDirectory,
    CLOUD_API_VERSION: "",
    DEBIAN_FRONTEND: "noninteractive",
    JUJU_AGENT_SOCKET_ADDRESS: places.socketPath,
    JUJU_AGENT_SOCKET_NETWORK: "unix",
    JUJU_API_ADDRESSES: "10.0.0.254:17070",
    JUJU_AVAILABILITY_ZONE: "",
    JUJU_CHARM_DIR: places.charmDirectory,
    JUJU_CHARM_FTP_PROXY: "",
    JUJU_CHARM_HTTPS_PROXY: "",
    JUJU_CHARM_HTTP_PROXY: "",
    JUJU_CHARM_NO_PROXY: "127.0.0.1,localhost,::1",
    JUJU_CONTEXT_ID: context.id,
    JUJU_HOOK_NAME: operation.kind === "hook" ? operation.hook.name : "",
    JUJU_MACHINE_ID: String(numberOf(unit)),
    JUJU_MODEL_NAME: model.name,
    JUJU_MODEL_UUID: model.uuid,
    JUJU_PRINCIPAL_UNIT: "",
    JUJU_UNIT_NAME: unit,
    JUJU_VERSION: model.version,
    LANG: "C.UTF-8",
    PATH: places.path,
    TERM: "tmux-256color",
  };
  if (operation.kind === "hook") environment["JUJU_DISPATCH_PATH"] = `hooks/${operation.hook.name}`;
  if (operation.kind === "action") {
    const { name, id, uuid } = operation.task;
    environment["JUJU_DISPATCH_PATH"] = `actions/${name}`;
    environment["JUJU_ACTION_NAME"] = name;
    environment["JUJU_ACTION_TAG"] = `action-${id}`;
    environment["JUJU_ACTION_UUID"] = uuid;
  }
  const relation = operationRelation(operation);
  if (relation !== undefined) {
    environment["JUJU_RELATION"] = relation.endpoint;
    environment["JUJU_RELATION_ID"] = `${relation.endpoint}:${relation.id}`;
    environment["JUJU_REMOTE_APP"] = relation.remoteApplication;
    environment["JUJU_REMOTE_UNIT"] = relation.remoteUnit ?? "";
    if (relation.departingUnit !== undefined) environment["JUJU_DEPARTING_UNIT"] = relation.departingUnit;
  }
  const secret = operation.kind === "hook" ? operation.hook.secret : undefined;
  if (secret !== undefined) {
    environment["JUJU_SECRET_ID"] = `secret:${secret.id}`;
    environment["JUJU_SECRET_LABEL"] = secret.label;
    const isAboutRevision = secret.event === "remove" || secret.event === "expired";
    if (isAboutRevision) environment["JUJU_SECRET_REVISION"] = String(secret.revision);
  }
  return environment;
}
