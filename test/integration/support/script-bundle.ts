import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "tsdown";

const ROOT = fileURLToPath(new URL("../../..", import.meta.url));

/** A script for a process of its own, with the sources that it imports. Packages stay where they are installed. */
export interface ScriptBundle {
  readonly file: string;
  remove(): void;
}

/**
 * Bundles a TypeScript file for `node`. The bundle lies inside the repository, so that optional packages are found.
 *
 * @param path of the script, from the root of the repository
 */
export async function bundleScript(path: string): Promise<ScriptBundle> {
  mkdirSync(join(ROOT, ".tmp"), { recursive: true });
  const folder = mkdtempSync(join(ROOT, ".tmp", "script-"));
  await build({
    cwd: ROOT,
    config: false,
    entry: { script: path },
    outDir: folder,
    format: "esm",
    platform: "node",
    target: "node20.19",
    dts: false,
    clean: false,
    logLevel: "error",
  });
  return { file: join(folder, "script.mjs"), remove: () => rmSync(folder, { recursive: true, force: true }) };
}
