import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { isMainThread, Worker, workerData } from "node:worker_threads";

const SOURCE_FOLDER = fileURLToPath(new URL("../../src/memory/", import.meta.url));

/**
 * Compiles a module of the memory store with what it imports and loads it, so that what is measured is the source at hand, on any Node, built or not.
 *
 * @param {string} name a file of `src/memory`, without its ending
 * @param {string} [folder] where that file is; another version of the source, to compare with
 * @returns {Promise<Record<string, unknown>>} its exports
 */
export async function importSource(name, folder = SOURCE_FOLDER) {
  const target = mkdtempSync(join(tmpdir(), "gocachex-weights-"));
  try {
    await compileElsewhere(resolve(folder, `${name}.ts`), target);
    return await import(pathToFileURL(join(target, `${name}.mjs`)).href);
  } finally {
    rmSync(target, { recursive: true, force: true });
  }
}

/** In a thread that ends, for the compiler fills a heap that every collection would have to go through. */
function compileElsewhere(file, target) {
  const worker = new Worker(new URL(import.meta.url), { workerData: { file, target } });
  return new Promise((settle, fail) => {
    worker.once("error", fail);
    worker.once("exit", settle);
  });
}

function compile(ts, file, target, done) {
  if (done.has(file)) return;
  done.add(file);
  mkdirSync(target, { recursive: true });
  const compilerOptions = { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2023, verbatimModuleSyntax: true };
  const { outputText } = ts.transpileModule(readFileSync(file, "utf8"), { compilerOptions });
  for (const [, path] of outputText.matchAll(/from "(\.[^"]+)\.ts"/g)) {
    compile(ts, resolve(dirname(file), `${path}.ts`), resolve(target, dirname(path)), done);
  }
  writeFileSync(
    join(target, `${basename(file, ".ts")}.mjs`),
    outputText.replaceAll(/(from "\.[^"]+)\.ts"/g, '$1.mjs"'),
  );
}

if (!isMainThread && workerData?.target !== undefined) {
  const { default: ts } = await import("typescript");
  compile(ts, workerData.file, workerData.target, new Set());
}
