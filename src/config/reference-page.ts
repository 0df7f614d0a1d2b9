import { CACHE_FIELDS } from "./cache-config.ts";
import type { Field, Fields } from "./field.ts";
import { toEnvironmentName } from "./field-name.ts";
import { describeAllowed, describeDefault } from "./field-text.ts";
import { REFERENCE_INTRODUCTION } from "./reference-introduction.ts";
import { TIER_FIELDS } from "./sections/tier-config.ts";

const COLUMNS = ["Field", "Type", "Default", "Range", "Environment variable", "Meaning"];

/** The page `docs/reference/config.md`, made from the tables: one table a section, one row a field. */
export function renderConfigReference(): string {
  const chapters = [
    renderSection("The configuration itself", "", CACHE_FIELDS, [[]]),
    ...renderNested(CACHE_FIELDS, []),
  ];
  return `${REFERENCE_INTRODUCTION}\n${chapters.join("\n")}`;
}

function renderNested(fields: Fields, path: readonly string[]): string[] {
  return Object.entries(fields).flatMap(([name, field]) => {
    if (field.kind !== "section") return [];
    // Both tiers and the items of `tiers` have the same fields, and their stores' sections are described once.
    if (name === "l2") return [];
    if (field.fields === TIER_FIELDS) {
      return [renderSection("`l1`, `l2` and each item of `tiers`", field.doc, TIER_FIELDS, [["l1"], ["l2"]])];
    }
    const here = [...path, name];
    const chapter = renderSection(`\`${here.join(".")}\``, field.doc, field.fields, [here]);
    return [chapter, ...renderNested(field.fields, here)];
  });
}

function renderSection(title: string, text: string, fields: Fields, paths: readonly (readonly string[])[]): string {
  const rows = Object.entries(fields).map(([name, field]) => renderRow(name, field, paths));
  const head = [`| ${COLUMNS.join(" | ")} |`, `|${" --- |".repeat(COLUMNS.length)}`];
  return [`## ${title}`, "", ...(text === "" ? [] : [text, ""]), ...head, ...rows, ""].join("\n");
}

function renderRow(name: string, field: Field, paths: readonly (readonly string[])[]): string {
  const isSection = field.kind === "section" || field.kind === "section-list";
  const variables = paths.map((path) => `\`${toEnvironmentName([...path, name])}\``).join(", ");
  const cells = [
    `\`${name}\``,
    describeType(field),
    field.secret === true && field.default === undefined
      ? "none"
      : (describeDefault(field) ?? (isSection ? "" : "none")),
    isSection || (field.kind === "boolean" && field.word === undefined) ? "" : describeAllowed(field),
    describeVariables(field, variables),
    field.doc,
  ];
  return `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
}

function describeVariables(field: Field, variables: string): string {
  if (field.kind === "section") return "one for each field in it";
  return field.kind === "instance" ? "from code only" : variables;
}

const TYPE_WORDS: Readonly<Record<Field["kind"], string>> = {
  boolean: "boolean",
  integer: "integer",
  ratio: "number",
  number: "number",
  text: "text",
  enum: "text",
  duration: "duration",
  size: "size",
  "text-list": "list of texts",
  "text-map": "map of texts",
  section: "section",
  "section-list": "list of sections",
  instance: "object",
};

function describeType(field: Field): string {
  if (field.kind === "enum" && field.instance !== undefined) return "text or object";
  return TYPE_WORDS[field.kind];
}
