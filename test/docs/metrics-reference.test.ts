import { readFileSync, writeFileSync } from "node:fs";
import process from "node:process";
import { describe, expect, it } from "vitest";
import { renderMetricsReference } from "../../scripts/reference/metrics-reference.ts";
import { CALL_METRICS } from "../../src/observability/prometheus/call-metrics.ts";
import { COHERENCE_METRICS } from "../../src/observability/prometheus/coherence-metrics.ts";
import { CONTENT_METRICS } from "../../src/observability/prometheus/content-metrics.ts";
import { LOAD_METRICS } from "../../src/observability/prometheus/load-metrics.ts";
import { METRIC_CATALOGUE } from "../../src/observability/prometheus/metric-catalogue.ts";

const SECTIONS = [
  ["What the cache holds", CONTENT_METRICS],
  ["Calls to stores", CALL_METRICS],
  ["Loads", LOAD_METRICS],
  ["Copies and their freshness", COHERENCE_METRICS],
] as const;

const file = new URL("../../docs/reference/metrics.md", import.meta.url);

describe("docs/reference/metrics.md", () => {
  it("is what the catalogue says (UPDATE_REFERENCE=1 rewrites it)", () => {
    const expected = renderMetricsReference(SECTIONS);
    if (process.env["UPDATE_REFERENCE"] === "1") writeFileSync(file, expected);
    expect(readFileSync(file, "utf8")).toBe(expected);
  });

  it("has every metric of the catalogue, once", () => {
    const text = renderMetricsReference(SECTIONS);
    for (const { name } of METRIC_CATALOGUE) expect(text.split(`| \`gocachex_${name}\` |`).length).toBe(2);
  });
});
