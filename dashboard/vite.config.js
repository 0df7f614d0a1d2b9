import { defineConfig } from "vite";

/** Static files with hashes in their names, for a policy that allows neither inline scripts and styles nor other origins. */
export default defineConfig({
  base: "./",
  build: {
    outDir: "../.tmp/dashboard",
    emptyOutDir: true,
    // A data: script or font would be refused by the policy.
    assetsInlineLimit: 0,
    // The polyfill is an inline script in some cases, and every browser of the target has the real thing.
    modulePreload: { polyfill: false },
    target: "es2022",
  },
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  server: {
    // A running node for development: gocachex serve, then npm run dev here.
    proxy: { "/v1": "http://127.0.0.1:7411" },
  },
});
