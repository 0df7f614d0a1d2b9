import { existsSync } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

/** Where bundles are written, anew by every run. */
export const BUILD_FOLDER = fileURLToPath(new URL(".build/", import.meta.url));
const PROJECT_ROOT = fileURLToPath(new URL("..", import.meta.url));

/**
 * Bundles TypeScript sources into one file, not minified, with class fields as they are written: what is measured is what the package
 * ships.
 *
 * @param {Readonly<Record<string, string>>} exported names, and the files from the root of the tree that export them
 * @param {string} name of the file, without what it ends with
 * @param {string} [sourceRoot] the tree to take sources from; another checkout compares two versions
 * @returns {Promise<string>} the file
 */
export async function bundleSources(exported, name, sourceRoot = PROJECT_ROOT) {
  // The bundler is the one that builds the package; it is installed at the root of the project, not here.
  const bundler = createRequire(join(PROJECT_ROOT, "package.json")).resolve("rolldown");
  const { build } = await import(pathToFileURL(bundler).href);
  await mkdir(BUILD_FOLDER, { recursive: true });
  const entry = join(BUILD_FOLDER, `${name}-entry.js`);
  // An older tree may not have all.
  const lines = Object.entries(exported)
    .filter(([, path]) => existsSync(join(sourceRoot, path)))
    .map(
      ([exportedName, path]) => `export { ${exportedName} } from ${JSON.stringify(join(resolve(sourceRoot), path))};`,
    );
  await writeFile(entry, `${lines.join("\n")}\n`);
  // Not .mjs: the checks of the project read every .mjs file as a source.
  const file = join(BUILD_FOLDER, `${name}.js`);
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
