/**
 * Runs a program in a process of its own, as the other half of {@link nodeProcesses}.
 *
 * @module
 */
import { text } from "node:stream/consumers";
import type { ProgramModule } from "./machine.ts";
import { nodeMachine } from "./node-machine.ts";
import { identifyProcess } from "./process-identity.ts";

/** Runs a program to its end in this process. Asked to end by SIGTERM, it may take its time to. */
export async function runAsProcess(program: ProgramModule): Promise<void> {
  const end = new AbortController();
  process.on("SIGTERM", () => end.abort());
  const [identity, input] = await Promise.all([identifyProcess(process.pid), text(process.stdin)]);
  if (identity === undefined) return;
  await program.run({ machine: nodeMachine, identity, input, signal: end.signal });
}
