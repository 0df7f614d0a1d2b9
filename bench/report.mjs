// Makes docs/benchmarks from measured results: tables as Markdown, figures as SVG.
//
// node report.mjs [--from results/x.json]... [--hit-ratio <file>]... [--out <folder>] [--only-data] [--allow-quick]
//
// Without --from and --hit-ratio, the newest complete results of both kinds under bench/results are taken in. With
// --only-data, or when there are none, the pages are made again from the data in docs/benchmarks/data.
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { writeApiPage } from "./report/api-page.mjs";
import { newestHitRatios, takeInHitRatios } from "./report/hit-ratio-data.mjs";
import { writeHitRatioPage } from "./report/hit-ratio-page.mjs";
import { writePausesPage } from "./report/pauses-page.mjs";
import { writeRemotePage } from "./report/remote-page.mjs";
import { newestResults, readReportData, takeInResults } from "./report/report-data.mjs";
import { writeSpeedPage } from "./report/speed-page.mjs";

const PROJECT_ROOT = fileURLToPath(new URL("..", import.meta.url));

const { values } = parseArgs({
  options: {
    from: { type: "string", multiple: true },
    "hit-ratio": { type: "string", multiple: true },
    out: { type: "string", default: join(PROJECT_ROOT, "docs/benchmarks") },
    "allow-quick": { type: "boolean", default: false },
    "only-data": { type: "boolean", default: false },
  },
});

const out = String(values.out);
const dataFolder = join(out, "data");
mkdirSync(dataFolder, { recursive: true });
const sources =
  values.from ?? (values["only-data"] === true || values["hit-ratio"] !== undefined ? [] : newestResults());
const isOnlyNamed = values["only-data"] === true || values.from !== undefined;
const hitRatioSources = values["hit-ratio"] ?? (isOnlyNamed ? [] : newestHitRatios());
for (const source of sources) takeInResults(dataFolder, source, values["allow-quick"] === true);
for (const source of hitRatioSources) takeInHitRatios(dataFolder, source);

const data = readReportData(dataFolder);
const written = [
  ...writeSpeedPage(out, data.speed),
  ...writePausesPage(out, data),
  ...writeApiPage(out, data.api),
  ...writeRemotePage(out, data),
  ...writeHitRatioPage(out, data["hit-ratio"]),
];
formatData();
for (const source of [...sources, ...hitRatioSources]) console.log(`took in ${source}`);
console.log(written.length === 0 ? "There is no data to make pages from." : `wrote ${written.length} files to ${out}`);

/** The data is committed, so it has to look as the formatter of the project wants it. */
function formatData() {
  const formatter = join(PROJECT_ROOT, "node_modules/.bin/biome");
  if (!existsSync(formatter)) return;
  execFileSync(formatter, ["format", "--write", "--vcs-enabled=false", dataFolder], {
    cwd: PROJECT_ROOT,
    stdio: "pipe",
  });
}
