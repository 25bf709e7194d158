/**
 * All rules, by side.
 *
 * @module
 */
import type { Side } from "../../wire/side.ts";
import { providerRules } from "./provider-rules.ts";
import { requirerRules } from "./requirer-rules.ts";
import type { Rule } from "./rule.ts";

/** The rules of a side. */
export function rulesOf(side: Side): readonly Rule[] {
  return side === "provider" ? providerRules : requirerRules;
}
