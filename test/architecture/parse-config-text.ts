import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { CacheConfig } from "../../src/config/cache-config.ts";
import { loadConfig } from "../../src/config/load-config.ts";

/** What `loadConfig` makes of a file with this text and these variables. */
export async function parseConfigText(text: string, env: Record<string, string>): Promise<CacheConfig> {
  const folder = mkdtempSync(join(tmpdir(), "gocachex-config-"));
  try {
    const file = join(folder, "cache.json");
    writeFileSync(file, text);
    return await loadConfig({ file, env });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
