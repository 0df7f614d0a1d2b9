import { existsSync } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { ENGINE_EXPORTS } from "./engine.mjs";

const FOLDER = fileURLToPath(new URL(".build/", import.meta.url));
const PROJECT_ROOT = fileURLToPath(new URL("..", import.meta.url));

/**
 * Bundles the engine and the cache from the sources into one file, not minified, with class fields as they are written:
 * what is measured is what the package ships.
 *
 * @param {string} [sourceRoot] the tree to take `src` from; another checkout compares two versions
 * @param {string} [name] of the file, without what it ends with
 * @returns {Promise<string>} the file
 */
export async function buildEngine(sourceRoot = PROJECT_ROOT, name = "engine") {
  // The bundler is the one that builds the package; it is installed at the root of the project, not here.
  const bundler = createRequire(join(PROJECT_ROOT, "package.json")).resolve("rolldown");
  const { build } = await import(pathToFileURL(bundler).href);
  await mkdir(FOLDER, { recursive: true });
  const entry = join(FOLDER, `${name}-entry.js`);
  // An older tree may not have all.
  const lines = Object.entries(ENGINE_EXPORTS)
    .filter(([, path]) => existsSync(join(sourceRoot, path)))
    .map(([exported, path]) => `export { ${exported} } from ${JSON.stringify(join(resolve(sourceRoot), path))};`);
  await writeFile(entry, `${lines.join("\n")}\n`);
  // Not .mjs: the checks of the project read every .mjs file as a source.
  const file = join(FOLDER, `${name}.js`);
  const { peerDependencies = {} } = JSON.parse(await readFile(join(PROJECT_ROOT, "package.json"), "utf8"));
  await build({
    input: entry,
    platform: "node",
    // Optional packages are loaded as a program loads them; here they are those of bench/.
    external: [/^node:/, ...Object.keys(peerDependencies)],
    transform: { target: "node20.19" },
    logLevel: "warn",
    output: { file, format: "esm", minify: false, codeSplitting: false },
  });
  return file;
}
