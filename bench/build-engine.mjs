import { bundleSources } from "./bundle-sources.mjs";
import { ENGINE_EXPORTS } from "./engine.mjs";

/**
 * Bundles the engine and the cache from the sources.
 *
 * @param {string} [sourceRoot] the tree to take `src` from; another checkout compares two versions
 * @param {string} [name] of the file, without what it ends with
 * @returns {Promise<string>} the file
 */
export function buildEngine(sourceRoot, name = "engine") {
  return bundleSources(ENGINE_EXPORTS, name, sourceRoot);
}
