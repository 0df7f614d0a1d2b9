import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { renderErrorsReference } from "../../scripts/reference/errors-reference.ts";
import { ERROR_CODES } from "../../src/foundation/error-codes.ts";

const reference = fileURLToPath(new URL("../../docs/reference/errors.md", import.meta.url));

describe("docs/reference/errors.md", () => {
  it("is what the table of codes says (UPDATE_REFERENCE=1 rewrites it)", () => {
    const expected = renderErrorsReference(ERROR_CODES);
    if (process.env["UPDATE_REFERENCE"] === "1") {
      mkdirSync(new URL("../../docs/reference/", import.meta.url), { recursive: true });
      writeFileSync(reference, expected);
    }
    expect(readFileSync(reference, "utf8")).toBe(expected);
  });

  it("has a row for every code, once", () => {
    const text = renderErrorsReference(ERROR_CODES);
    for (const code of Object.keys(ERROR_CODES)) expect(text.split(`| \`${code}\` |`).length).toBe(2);
  });

  it("refuses an area without a title", () => {
    expect(() => renderErrorsReference({ GCX_SURPRISE_NEW: "What." })).toThrow(/SURPRISE/);
  });
});

describe("the table of codes", () => {
  it.each(Object.entries(ERROR_CODES))("%s follows GCX_<AREA>_<WHAT> and has a sentence", (code, meaning) => {
    expect(code).toMatch(/^GCX(_[A-Z]+){2,}$/);
    expect(meaning).toMatch(/^[A-Z`].*\.$/);
  });
});
