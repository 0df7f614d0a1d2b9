import { defineConfig } from "tsdown";
import type { UserConfig } from "tsdown";

/** One file per entry of `package.json#exports`, plus the command line. Shared code goes to shared chunks, so classes keep one identity. */
const config: UserConfig = defineConfig({
  entry: {
    index: "src/index.ts",
    server: "src/server/index.ts",
    testing: "src/testing/index.ts",
    cli: "src/cli/main.ts",
  },
  format: ["esm", "cjs"],
  platform: "node",
  target: "node20.19",
  dts: true,
  clean: true,
  sourcemap: false,
  fixedExtension: true,
});

export default config;
