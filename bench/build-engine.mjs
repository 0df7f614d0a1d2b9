import { mkdir, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { ENGINE_EXPORTS } from "./engine.mjs";

const FOLDER = fileURLToPath(new URL(".build/", import.meta.url));
const PROJECT_ROOT = fileURLToPath(new URL("..", import.meta.url));

/**
 * Bundles the engine and the cache from the sources into one file, not minified, with class fields as they are written:
 * what is measured is what the package ships.
 *
 * @param {string} [sourceRoot] the tree to take `src` from; another checkout compares two versions
 * @returns {Promise<string>} the file
 */
export async function buildEngine(sourceRoot = PROJECT_ROOT) {
  // The bundler is the one that builds the package; it is installed at the root of the project, not here.
  const bundler = createRequire(join(PROJECT_ROOT, "package.json")).resolve("rolldown");
  const { build } = await import(pathToFileURL(bundler).href);
  await mkdir(FOLDER, { recursive: true });
  const entry = join(FOLDER, "entry.js");
  const lines = Object.entries(ENGINE_EXPORTS).map(
    ([name, path]) => `export { ${name} } from ${JSON.stringify(join(sourceRoot, path))};`,
  );
  await writeFile(entry, `${lines.join("\n")}\n`);
  // Not .mjs: the checks of the project read every .mjs file as a source.
  const file = join(FOLDER, "engine.js");
  await build({
    input: entry,
    platform: "node",
    external: [/^node:/],
    transform: { target: "node20.19" },
    logLevel: "warn",
    output: { file, format: "esm", minify: false, codeSplitting: false },
  });
  return file;
}
