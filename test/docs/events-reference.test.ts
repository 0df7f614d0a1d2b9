import { readFileSync, writeFileSync } from "node:fs";
import process from "node:process";
import { describe, expect, it } from "vitest";
import { renderEventsReference } from "../../scripts/reference/events-reference.ts";
import { CACHE_EVENT_NAMES, type CacheEventName } from "../../src/events/cache-events.ts";
import { LINE_RULES } from "../../src/observability/logging/log-lines.ts";

const file = new URL("../../docs/reference/events.md", import.meta.url);
const source = readFileSync(new URL("../../src/events/cache-events.ts", import.meta.url), "utf8");
const render = (text: string): string =>
  renderEventsReference(text, (name) => LINE_RULES[name as CacheEventName].loudest);

describe("docs/reference/events.md", () => {
  it("is what the events say (UPDATE_REFERENCE=1 rewrites it)", () => {
    const expected = render(source);
    if (process.env["UPDATE_REFERENCE"] === "1") writeFileSync(file, expected);
    expect(readFileSync(file, "utf8")).toBe(expected);
  });

  it("has a row for every event, once, with its fields", () => {
    const text = render(source);
    for (const name of CACHE_EVENT_NAMES) expect(text.split(`\n| \`${name}\` |`).length).toBe(2);
    expect(text).toMatch(/\| `hit` \| `key: string`<br>`namespace: string`<br>`tier: string` \|/);
  });

  it("refuses an event without a sentence", () => {
    expect(() => render("export interface CacheEventMap { hit: { a: 1 } }")).toThrow(/hit/);
  });
});
