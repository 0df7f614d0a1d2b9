import type { UserConfig } from "tsdown";
import { defineConfig } from "tsdown";
import packageEntries from "./scripts/package-entries.json" with { type: "json" };

/** `"./server"` → `"server"`, `"."` → `"index"`: the names that `package.json#exports` points at. */
function outputName(entry: string): string {
  return entry === "." ? "index" : entry.slice("./".length).replaceAll("/", "-");
}

const entryFiles: Record<string, string> = Object.fromEntries(
  Object.entries(packageEntries).map(([entry, file]) => [outputName(entry), file]),
);

/**
 * One file per entry of `package.json#exports`, and the command line, which only Node runs and nobody imports. Code that
 * entries share goes to shared chunks, so that a class has one identity whichever entry it came through.
 */
const config: UserConfig = defineConfig({
  format: { esm: { entry: { ...entryFiles, cli: "src/cli/main.ts" } }, cjs: { entry: entryFiles } },
  platform: "node",
  target: "node20.19",
  dts: true,
  clean: true,
  sourcemap: false,
  fixedExtension: true,
  // Without a chunk of its own, rolldown's interop code lands in whichever entry needs it first, and the other entries
  // load that one: the root would load the test kit.
  outputOptions: { codeSplitting: { groups: [{ name: "interop", test: /rolldown[/:]runtime/ }] } },
  onSuccess: "node scripts/write-config-schema.mjs && node scripts/build-dashboard.mjs",
});

export default config;
