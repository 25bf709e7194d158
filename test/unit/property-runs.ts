/**
 * How many cases each property test tries.
 *
 * @module
 */
import { configureGlobal } from "fast-check";

configureGlobal({ numRuns: Number(process.env["PROPERTY_RUNS"] ?? 100) });
