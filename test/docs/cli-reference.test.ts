import { readFileSync, writeFileSync } from "node:fs";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { renderCliReference } from "../../scripts/reference/cli-reference.ts";
import { COMMANDS } from "../../src/cli/command-table.ts";
import { EXIT_CODE_TEXTS } from "../../src/cli/exit-code.ts";

const reference = fileURLToPath(new URL("../../docs/reference/cli.md", import.meta.url));
const guide = readFileSync(new URL("../../docs/guide/cli.md", import.meta.url), "utf8");

describe("docs/reference/cli.md", () => {
  it("is what the table of commands says (UPDATE_REFERENCE=1 rewrites it)", () => {
    const expected = renderCliReference(COMMANDS);
    if (process.env["UPDATE_REFERENCE"] === "1") writeFileSync(reference, expected);
    expect(readFileSync(reference, "utf8")).toBe(expected);
  });

  it("has every option of every command", () => {
    const text = renderCliReference(COMMANDS);
    for (const { name, options } of COMMANDS) {
      const section = text.split(`\n## ${name}\n`)[1]?.split("\n## ")[0] ?? "";
      for (const option of options) expect(section, name).toContain(`\`--${option.name}`);
    }
  });
});

describe("docs/guide/cli.md", () => {
  it("names every command and every exit code", () => {
    for (const { name } of COMMANDS) expect(guide, name).toMatch(new RegExp(`\`${name}[ \`]`));
    for (const [code] of EXIT_CODE_TEXTS) expect(guide).toContain(`| ${code} |`);
  });
});

describe("the table of commands", () => {
  it("has examples for each, no name twice, and short summaries that begin small and end without a stop", () => {
    const names = COMMANDS.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    for (const { summary, examples, options } of COMMANDS) {
      expect(summary).toMatch(/^[a-z].{3,80}[^.]$/);
      expect(examples.length).toBeGreaterThan(0);
      const optionNames = options.map(({ name }) => name);
      expect(new Set(optionNames).size).toBe(optionNames.length);
      const letters = options.flatMap(({ short }) => (short === undefined ? [] : [short]));
      expect(new Set([...letters, "q", "h"]).size).toBe(letters.length + 2);
    }
  });
});
