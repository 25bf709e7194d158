/**
 * Words what is wrong with a text that is not YAML. The reader's own messages may quote the text, where credentials may
 * stand.
 *
 * @module
 */
import type { YAMLError } from "yaml";

const causes: Readonly<Partial<Record<YAMLError["code"], string>>> = {
  BAD_ALIAS: "an alias stands for nothing that was named before",
  BAD_DIRECTIVE: "a directive is not known",
  BAD_DQ_ESCAPE: "a string in double quotes has an unknown escape",
  BAD_INDENT: "a line is not indented as those around it",
  BAD_SCALAR_START: "a value begins with a character that needs quotes",
  BLOCK_AS_IMPLICIT_KEY: "a second colon stands on one line",
  KEY_OVER_1024_CHARS: "a name is longer than 1,024 characters",
  MISSING_CHAR: "a quote, a bracket, a comma or a blank is missing",
  MULTILINE_IMPLICIT_KEY: "a line has no colon, or a quote is missing",
  MULTIPLE_DOCS: "a second document begins",
  RESOURCE_EXHAUSTION: "values are nested too deeply",
  TAB_AS_INDENT: "a line is indented with a tab",
};

/** What is wrong, without a full stop. */
export function causeOf(code: YAMLError["code"]): string {
  return causes[code] ?? "something stands here that was not expected";
}

/** What to do about it: one imperative sentence. */
export function remedyOf(code: YAMLError["code"]): string {
  return code === "MULTIPLE_DOCS"
    ? "Give one document at a time."
    : "Write the YAML with a library, or give the output of juju show-unit as it is.";
}
