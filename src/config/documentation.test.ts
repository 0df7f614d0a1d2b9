import { readFileSync, writeFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { CACHE_FIELDS } from "./cache-config.ts";
import type { Fields } from "./field.ts";
import { describeField } from "./field-text.ts";
import { renderConfigReference } from "./reference-page.ts";
import { TIER_FIELDS } from "./sections/tier-config.ts";

/** Every table with the file that has its interface. */
const FILES: readonly (readonly [string, Fields])[] = [
  ["cache-config.ts", CACHE_FIELDS],
  ...[
    "memory",
    "redis",
    "memcached",
    "grpc",
    "sharding",
    "prometheus",
    "tracing",
    "logging",
    "consistency",
    "encryption",
    "deadlines",
    "loading",
  ].map((name): readonly [string, Fields] => [`sections/${name}-config.ts`, fieldsOf(CACHE_FIELDS, name)]),
  ["sections/redis-cluster-config.ts", fieldsOf(fieldsOf(CACHE_FIELDS, "redis"), "cluster")],
  ["sections/redis-sentinel-config.ts", fieldsOf(fieldsOf(CACHE_FIELDS, "redis"), "sentinel")],
  ["sections/tier-config.ts", TIER_FIELDS],
  ["sections/tier-codec-config.ts", fieldsOf(TIER_FIELDS, "codec")],
];

function fieldsOf(fields: Fields, name: string): Fields {
  const field = fields[name];
  if (field?.kind !== "section") throw new Error(`${name} is no section`);
  return field.fields;
}

/** The docstring of each property of a file's interface, in one line. */
function readDocstrings(file: string): Record<string, string> {
  const source = readFileSync(new URL(file, import.meta.url), "utf8");
  const matches = source.matchAll(/ {2}\/\*\*([^/]*(?:\/(?!\n)[^/]*)*?)\*\/\n {2}readonly (\w+)\?:/g);
  return Object.fromEntries(
    [...matches].map(([, text = "", name = ""]) => [
      name,
      text
        .replace(/\s*\n\s*\*\s?/g, " ")
        .replace(/\s+/g, " ")
        .trim(),
    ]),
  );
}

describe("documentation of the configuration", () => {
  it("in docs/reference/config.md is what the tables say; run with UPDATE_REFERENCE=1 after a change", () => {
    const file = new URL("../../docs/reference/config.md", import.meta.url);
    if (process.env["UPDATE_REFERENCE"] === "1") writeFileSync(file, renderConfigReference());
    const page = readFileSync(file, "utf8");
    expect(page).toBe(renderConfigReference());
  });

  it.each(FILES)("in the docstrings of %s is what the table says", (file, fields) => {
    const expected = Object.fromEntries(Object.entries(fields).map(([name, field]) => [name, describeField(field)]));
    expect(readDocstrings(file)).toEqual(expected);
  });
});
