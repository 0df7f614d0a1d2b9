// Runs test/fuzz/fuzz-codec.ts for long: node scripts/fuzz-codec.mjs [cases per mode] [first seed] [mode,mode… or all] [most ms a case]
// Seeds count up, 100,000 cases of each mode a process, until there are enough. Each process may use 512 MB of heap, and fails with more.
import { spawnSync } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { build } from "tsdown";

const [cases = "100000", firstSeed = "1", modes = "all", maxCaseMs = "50"] = process.argv.slice(2);
const CASES_PER_PROCESS = 100_000;
const root = fileURLToPath(new URL("..", import.meta.url));
const folder = `${root}.tmp`;
const file = `${folder}/fuzz-codec-${process.pid}.mjs`;

const [bundle] = await build({
  cwd: root,
  config: false,
  entry: { fuzz: "./test/fuzz/fuzz-codec.ts" },
  format: "esm",
  platform: "node",
  target: "node20.19",
  dts: false,
  clean: false,
  write: false,
  logLevel: "error",
});
const chunk = bundle?.chunks[0];
if (chunk?.type !== "chunk") throw new Error("The fuzzer cannot be bundled.");
mkdirSync(folder, { recursive: true });
// The corpus reads a file beside its source.
const code = chunk.code.replaceAll(
  "import.meta.url",
  JSON.stringify(`file://${root}test/support/codec/compressions.ts`),
);
writeFileSync(
  file,
  `${code}
const [seed, caseCount, maxCaseMs] = process.argv.slice(2, 5).map(Number);
const chosen = process.argv[5] === "all" ? {} : { modes: process.argv[5].split(",") };
console.log(describeReports(seed, await fuzzCodec({ seed, caseCount, maxCaseMs, ...chosen })));
`,
);
for (let done = 0, seed = Number(firstSeed); done < Number(cases); done += CASES_PER_PROCESS, seed += 1) {
  const count = Math.min(CASES_PER_PROCESS, Number(cases) - done);
  const run = spawnSync(
    process.execPath,
    ["--max-old-space-size=512", file, String(seed), String(count), maxCaseMs, modes],
    {
      stdio: "inherit",
    },
  );
  if (run.status !== 0) process.exitCode = run.status ?? 1;
  if (run.status !== 0) break;
}
rmSync(file);
