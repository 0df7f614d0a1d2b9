import { fileURLToPath } from "node:url";
import { build } from "tsdown";

/**
 * Imports a TypeScript module of the sources: bundled in memory, so that scripts need neither a build nor a Node that
 * runs TypeScript, and write no files.
 *
 * @param {string} path from the root of the repository; the module may import nothing but sources and Node's own modules
 * @returns {Promise<Record<string, any>>} its exports
 */
export async function importSource(path) {
  const [bundle] = await build({
    cwd: fileURLToPath(new URL("..", import.meta.url)),
    config: false,
    entry: { source: path },
    format: "esm",
    platform: "node",
    target: "node20.19",
    dts: false,
    clean: false,
    write: false,
    logLevel: "error",
  });
  const chunk = bundle?.chunks[0];
  if (chunk?.type !== "chunk") throw new Error(`${path} cannot be bundled.`);
  return import(`data:text/javascript;base64,${Buffer.from(chunk.code).toString("base64")}`);
}
