import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

/**
 * Bundles the shared memory and what a benchmark needs around it into one file that worker threads can import.
 *
 * @returns {Promise<{ url: string, remove: () => void }>}
 */
export async function bundleShared() {
  const { build } = await import(new URL("../../node_modules/tsdown/dist/index.mjs", import.meta.url).href);
  const root = fileURLToPath(new URL("../..", import.meta.url));
  const folder = mkdtempSync(join(tmpdir(), "gocachex-shared-"));
  const entry = join(folder, "entry.ts");
  const names = {
    "src/memory/shared/shared-memory-backend.ts": "createSharedMemoryBackend",
    "src/memory/shared/shared-slab.ts": "createSharedSlab",
    "src/foundation/thread-exits.ts": "systemThreadExits",
    "src/foundation/clock.ts": "systemClock",
    "src/foundation/scheduler.ts": "systemScheduler",
    "src/foundation/random-source.ts": "systemRandom, createSeededRandom",
  };
  const lines = Object.entries(names).map(
    ([path, name]) => `export { ${name} } from ${JSON.stringify(join(root, path))};`,
  );
  writeFileSync(entry, lines.join("\n"));
  const [bundle] = await build({
    ...{ cwd: root, config: false, entry: { shared: entry }, format: "esm", platform: "node", target: "node20.19" },
    ...{ dts: false, clean: false, write: false, logLevel: "error" },
  });
  const chunk = bundle?.chunks[0];
  if (chunk?.type !== "chunk") throw new Error("The shared memory cannot be bundled.");
  const file = join(folder, "shared.mjs");
  writeFileSync(file, chunk.code);
  return { url: pathToFileURL(file).href, remove: () => rmSync(folder, { recursive: true, force: true }) };
}
