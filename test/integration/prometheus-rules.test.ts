import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ensurePrometheus } from "../../scripts/servers/ensure-prometheus.ts";
import { METRIC_CATALOGUE } from "../../src/observability/prometheus/metric-catalogue.ts";
import type { MetricRow } from "../../src/observability/prometheus/metric-row.ts";

const deploy = fileURLToPath(new URL("../../deploy/", import.meta.url));
const RULES = readFileSync(`${deploy}prometheus/gocachex.rules.yml`, "utf8");
const RULES_TEST = readFileSync(`${deploy}prometheus/gocachex.rules.test.yml`, "utf8");

interface Dashboard {
  readonly panels: readonly {
    readonly title: string;
    readonly type: string;
    readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
    readonly targets?: readonly { readonly expr: string; readonly legendFormat: string }[];
  }[];
  readonly templating: { readonly list: readonly { readonly definition?: string }[] };
}

const dashboard = JSON.parse(readFileSync(`${deploy}grafana/gocachex-dashboard.json`, "utf8")) as Dashboard;
const targets = dashboard.panels.flatMap(({ title, targets: own = [] }) => own.map((target) => ({ title, ...target })));

let folder: string;
beforeAll(() => {
  ensurePrometheus();
  folder = mkdtempSync(join(tmpdir(), "gocachex-rules-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function promtool(...args: readonly string[]): { status: number | null; output: string } {
  // What failed goes to another stream than the name of the file.
  const merged = ["-c", 'exec "$0" "$@" 2>&1', ensurePrometheus().tool, ...args];
  const { status, stdout } = spawnSync("sh", merged, { encoding: "utf8" });
  return { status, output: stdout };
}

/** Tests rules in a folder of their own. */
function testRules(rules: string): { status: number | null; output: string } {
  writeFileSync(join(folder, "gocachex.rules.yml"), rules);
  writeFileSync(join(folder, "gocachex.rules.test.yml"), RULES_TEST);
  return promtool("test", "rules", join(folder, "gocachex.rules.test.yml"));
}

/** Every series that the catalogue makes, with the row it is of. */
const SERIES: ReadonlyMap<string, MetricRow> = new Map(
  METRIC_CATALOGUE.flatMap((row) => {
    const name = `gocachex_${row.name}`;
    const names = row.type === "histogram" ? ["_bucket", "_sum", "_count"].map((end) => name + end) : [name];
    return names.map((each) => [each, row] as const);
  }),
);

/** What an expression uses that is not in the catalogue: series, and labels of their selectors. */
function unknownIn(expression: string): readonly string[] {
  // Names of recording rules have a colon before.
  const uses = expression.matchAll(/(?<![\w:])(gocachex_\w+)(?:\{([^}]*)\})?/g);
  return [...uses].flatMap(([, series = "", selector = ""]) => {
    const row = SERIES.get(series);
    if (row === undefined) return [series];
    const labels = [...selector.matchAll(/(\w+)\s*(?:=~|!~|!=|=)/g)].map(([, label = ""]) => label);
    const known: readonly string[] = ["job", "instance", "cache", "le", ...row.labels];
    return labels.filter((label) => !known.includes(label)).map((label) => `${series}{${label}}`);
  });
}

describe("the rules for Prometheus", () => {
  it("are valid, and do what their tests say", () => {
    expect(promtool("check", "rules", `${deploy}prometheus/gocachex.rules.yml`).status).toBe(0);
    expect(testRules(RULES)).toMatchObject({ status: 0, output: expect.stringContaining("SUCCESS") });
  });

  it("are tested one by one: another condition of any alert is seen", () => {
    const alerts = [...RULES.matchAll(/- alert: (\w+)/g)].map(([, name = ""]) => name);
    expect(alerts.length).toBe(9);
    const files = alerts.map((name) => {
      const [before, rest = ""] = RULES.split(`- alert: ${name}\n`);
      const own = mkdtempSync(join(folder, "alert-"));
      const changed = rest.replace(/expr: (.*)/, "expr: ($1) * 0 > 1");
      writeFileSync(join(own, "gocachex.rules.yml"), `${before}- alert: ${name}\n${changed}`);
      writeFileSync(join(own, "gocachex.rules.test.yml"), RULES_TEST);
      return join(own, "gocachex.rules.test.yml");
    });
    const { status, output } = promtool("test", "rules", ...files);
    expect(status).not.toBe(0);
    const results = output.split("Unit Testing:").slice(1);
    const seen = alerts.filter((name, index) => results[index]?.includes(`alertname: ${name},`));
    expect(seen).toEqual(alerts);
  });

  it("use metrics and labels that there are", () => {
    const expressions = RULES.split("\n").filter(
      (line) => line.includes("gocachex_") && !/record:|description:|summary:|#/.test(line),
    );
    expect(expressions.length).toBeGreaterThan(10);
    expect(expressions.flatMap(unknownIn)).toEqual([]);
  });

  it("are read by a check that does find what there is not", () => {
    expect(unknownIn('sum(rate(gocachex_nothing_total{job="a"}[5m]))')).toEqual(["gocachex_nothing_total"]);
    expect(unknownIn('gocachex_key_count{cache="a", outcome="ok"}')).toEqual(["gocachex_key_count{outcome}"]);
    expect(unknownIn("gocachex_load_duration_seconds")).toEqual(["gocachex_load_duration_seconds"]);
  });
});

describe("the dashboard for Grafana", () => {
  it("uses metrics and labels that there are, also in its variables and legends", () => {
    expect(targets.length).toBeGreaterThan(30);
    expect(targets.flatMap(({ expr }) => unknownIn(expr))).toEqual([]);
    const definitions = dashboard.templating.list.flatMap(({ definition }) => definition ?? []);
    expect(definitions.length).toBe(3);
    expect(definitions.flatMap(unknownIn)).toEqual([]);
    for (const { expr, legendFormat } of targets) {
      const grouped = /by \(([^)]*)\)/.exec(expr)?.[1]?.split(/,\s*/) ?? [];
      for (const [, label = ""] of legendFormat.matchAll(/\{\{(\w+)\}\}/g)) expect(grouped).toContain(label);
    }
  });

  it("has expressions that Prometheus can parse", () => {
    const rules = targets.map(({ expr }, index) => ({
      record: `panel:expression_${index}`,
      expr: expr.replaceAll("$__rate_interval", "5m"),
    }));
    const file = join(folder, "dashboard.json");
    writeFileSync(file, JSON.stringify({ groups: [{ name: "dashboard", rules }] }));
    expect(promtool("check", "rules", file)).toMatchObject({ status: 0 });
  });

  it("shows every metric that somebody should look at", () => {
    const shown = targets.map(({ expr }) => expr).join("\n");
    const hidden = METRIC_CATALOGUE.filter(({ name }) => !shown.includes(`gocachex_${name}`)).map(({ name }) => name);
    // Details to look up when something else says that they matter.
    expect(hidden).toEqual([
      ...["unreadable_values_total", "tier_copy_reads_total", "tier_copy_writes_total", "uptime_seconds"],
      ...["warnings_total", "coherence_probe_duration_seconds"],
    ]);
  });

  it("has panels that do not lie on each other", () => {
    const cells = new Set<string>();
    for (const { gridPos, title } of dashboard.panels) {
      expect(gridPos.x + gridPos.w).toBeLessThanOrEqual(24);
      for (let x = gridPos.x; x < gridPos.x + gridPos.w; x += 1) {
        for (let y = gridPos.y; y < gridPos.y + gridPos.h; y += 1) {
          expect(cells.has(`${x},${y}`), title).toBe(false);
          cells.add(`${x},${y}`);
        }
      }
    }
  });
});
