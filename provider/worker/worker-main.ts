/**
 * The worker as a process of its own. A charm that bundles the library makes an entry `worker-main` of it.
 *
 * @module
 */
import { runAsProcess } from "../../lib/machine/node-program.ts";
import { run } from "./worker.ts";

await runAsProcess({ run });
