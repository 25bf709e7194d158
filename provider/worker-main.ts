/**
 * The worker as a process of its own.
 *
 * @module
 */
import { runAsProcess } from "../lib/machine/node-program.ts";
import { run } from "./worker.ts";

await runAsProcess({ run });
