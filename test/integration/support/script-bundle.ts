import { existsSync, mkdtempSync, renameSync, rmSync } from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "tsdown";
import { inject } from "vitest";

const ROOT = fileURLToPath(new URL("../../..", import.meta.url));

/** What tests start in processes and threads of their own, which run no TypeScript; from the root of the repository. No two have the same name. */
const SCRIPTS = [
  "src/cli/main.ts",
  "test/integration/compressors-memory-worker.ts",
  "test/integration/encryption-nonce-worker.ts",
  "test/integration/fleet/fleet-worker.ts",
  "test/integration/logging-worker.ts",
  "test/integration/no-leaks-worker.ts",
  "test/integration/outbox/outbox-worker.ts",
  "test/integration/shared-store-worker.ts",
  "test/integration/support/owner-worker.ts",
  "test/integration/support/transport-worker.ts",
  "test/integration/tier-fleet/tier-worker.ts",
] as const;

const nameOf = (path: string): string => basename(path, ".ts");

/**
 * The file that `node` runs for a script, with the sources that it imports. Other packages stay where they are installed, and the file lies inside the
 * repository, so that optional ones are found. Who asks first in a run of the tests bundles all scripts: that takes hardly longer than one, for each has all sources in it.
 */
export async function bundleScript(path: (typeof SCRIPTS)[number]): Promise<string> {
  const folder = inject("scriptFolder");
  const bundled = join(folder, "bundled");
  if (!existsSync(bundled)) await bundleAll(folder, bundled);
  return join(bundled, `${nameOf(path)}.mjs`);
}

async function bundleAll(folder: string, bundled: string): Promise<void> {
  const own = mkdtempSync(join(folder, "own-"));
  await build({
    cwd: ROOT,
    config: false,
    entry: Object.fromEntries(SCRIPTS.map((path) => [nameOf(path), path])),
    outDir: own,
    format: "esm",
    platform: "node",
    target: "node20.19",
    dts: false,
    clean: false,
    logLevel: "error",
    // Of some 450 files: to find and compile each takes a process longer than everything else at its start.
    deps: { alwaysBundle: ["@redis/client"] },
  });
  try {
    renameSync(own, bundled);
  } catch (error) {
    // Another process was faster; what it has bundled is the same.
    if (!existsSync(bundled)) throw error;
    rmSync(own, { recursive: true });
  }
}
