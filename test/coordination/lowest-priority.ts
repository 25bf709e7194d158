/**
 * Lets schedules, which only compute, wait for everything else on the machine: tests on real servers have time limits.
 *
 * @module
 */
import { constants, setPriority } from "node:os";

setPriority(constants.priority.PRIORITY_LOW);
