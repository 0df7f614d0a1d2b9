import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "tsdown";

/** A script for worker threads, with everything it imports, as one file. */
export interface WorkerBundle {
  readonly file: string;
  remove(): void;
}

/** Bundles `shared-store-worker.ts`: worker threads run no TypeScript. */
export async function bundleWorker(): Promise<WorkerBundle> {
  const [bundle] = await build({
    cwd: fileURLToPath(new URL("../..", import.meta.url)),
    config: false,
    entry: { worker: "test/integration/shared-store-worker.ts" },
    format: "esm",
    platform: "node",
    target: "node20.19",
    dts: false,
    clean: false,
    write: false,
    logLevel: "error",
  });
  const chunk = bundle?.chunks[0];
  if (chunk?.type !== "chunk") throw new Error("the worker cannot be bundled");
  const folder = mkdtempSync(join(tmpdir(), "gocachex-shared-"));
  const file = join(folder, "worker.mjs");
  writeFileSync(file, chunk.code);
  return { file, remove: () => rmSync(folder, { recursive: true, force: true }) };
}
