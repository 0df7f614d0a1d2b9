import { realpathSync } from "node:fs";
import process from "node:process";
import { fileURLToPath } from "node:url";

/**
 * Whether a module is what Node was started with, not an import of something else.
 *
 * @param {string} moduleUrl `import.meta.url`
 * @returns {boolean}
 */
export function isMain(moduleUrl) {
  const started = process.argv[1];
  return started !== undefined && realpathSync(started) === fileURLToPath(moduleUrl);
}
