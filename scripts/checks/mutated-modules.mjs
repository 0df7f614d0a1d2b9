// Loads source modules with some of them mutated, many mutations in one process: what a mutation does not reach is evaluated once for all, what it reaches is
// evaluated anew, and every file is read, compiled and linked by name but once. Node's own loader could only load everything again for every mutation.
import { readFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { moduleRunnerTransform, transformWithOxc } from "vite";

/**
 * @typedef {Record<string, unknown>} Exports
 * @typedef {(specifier: string) => Promise<Exports>} Import
 * @typedef {(exports: Exports, meta: { url: string }, importNow: Import, importLater: Import, exportAll: (from: Exports) => void, exportName: (name: string, get: () => unknown) => void) => Promise<void>} Body
 * @typedef {{ path: string, code: string, imports: readonly string[] }} Program a module that is compiled but not evaluated; its imports are paths
 * @typedef {{ exports: Exports, ready: Promise<void> }} Instance
 * @typedef {{ programs: Map<string, Program>, instances: Map<string, Instance>, shared: Realm | undefined }} Realm modules that see one another; of `programs` it has instances of its own
 */

/** The names under which Vite's transform expects what a module imports and exports. */
const PARAMETERS = [
  "__vite_ssr_exports__",
  "__vite_ssr_import_meta__",
  "__vite_ssr_import__",
  "__vite_ssr_dynamic_import__",
  "__vite_ssr_exportAll__",
  "__vite_ssr_exportName__",
];
/** Nobody is shown a line of these modules; to work out where each came from takes as long as the rest of the transform. */
const NO_MAP = { mappings: /** @type {const} */ ("") };
const AsyncFunction = /** @type {FunctionConstructor} */ (Object.getPrototypeOf(async () => undefined).constructor);

/** Only TypeScript of this repository can be mutated; packages, Node's modules and scripts are Node's to load. */
function isOurs(/** @type {string} */ specifier) {
  return specifier.startsWith(".") && specifier.endsWith(".ts");
}

/**
 * @param {string} path
 * @param {string} text
 * @returns {Promise<Program>}
 */
async function compile(path, text) {
  const { code } = await transformWithOxc(text, path, { sourcemap: false, target: "es2024" });
  const result = await moduleRunnerTransform(code, NO_MAP, path, code);
  if (result === null) throw new Error(`${path} cannot be transformed.`);
  const imports = [...(result.deps ?? []), ...(result.dynamicDeps ?? [])].filter(isOurs);
  return { path, code: result.code, imports: imports.map((specifier) => resolve(dirname(path), specifier)) };
}

/**
 * Compiles modules and all that they import, directly or not. What it returns can be handed to other threads.
 *
 * @param {readonly string[]} roots absolute paths
 * @param {(path: string) => Promise<Program>} [programOf] where each comes from. Default: it is read and compiled
 * @returns {Promise<Map<string, Program>>} by path
 */
export async function programsBelow(roots, programOf = async (path) => compile(path, await readFile(path, "utf8"))) {
  /** @type {Map<string, Program>} */
  const programs = new Map();
  const seen = new Set(roots);
  let wave = [...seen];
  while (wave.length > 0) {
    const loaded = await Promise.all(wave.map(programOf));
    for (const program of loaded) programs.set(program.path, program);
    wave = [...new Set(loaded.flatMap(({ imports }) => imports))].filter((path) => !seen.has(path));
    for (const path of wave) seen.add(path);
  }
  return programs;
}

/** @type {WeakMap<Program, Body>} */
const bodies = new WeakMap();

/** @param {Program} program */
function bodyOf(program) {
  const known = bodies.get(program);
  if (known !== undefined) return known;
  const body = /** @type {Body} */ (
    /** @type {unknown} */ (new AsyncFunction(...PARAMETERS, `"use strict";${program.code}`))
  );
  bodies.set(program, body);
  return body;
}

export class MutatedModules {
  /** @type {Map<string, Promise<Program>>} */
  #programs;
  /** @type {Realm} */
  #shared = { programs: new Map(), instances: new Map(), shared: undefined };

  /** @param {ReadonlyMap<string, Program>} [compiled] what need not be compiled any more, by path */
  constructor(compiled = new Map()) {
    this.#programs = new Map([...compiled].map(([path, program]) => [path, Promise.resolve(program)]));
  }

  /**
   * Evaluates a module, and again all that it needs and that a mutated file reaches.
   *
   * @param {string} path absolute; it is always evaluated anew
   * @param {readonly { path: string, text: string }[]} [mutated] other texts of some files
   * @returns {Promise<Exports>} what the module exports
   * @throws what a module throws, and SyntaxError when it cannot be compiled
   */
  async import(path, mutated = []) {
    const programs = await programsBelow([path], (each) => this.#program(each));
    const texts = new Map(mutated.map((file) => [file.path, file.text]));
    const reached = reachedFrom(texts, programs).add(path);
    const own = new Map(await Promise.all([...reached].map((each) => this.#ownProgram(each, texts))));
    /** @type {Map<string, Program>} */ for (const [each, program] of programs)
      this.#shared.programs.set(each, program);
    return evaluate(path, { programs: own, instances: new Map(), shared: this.#shared }, []);
  }

  /**
   * @param {string} path
   * @param {ReadonlyMap<string, string>} texts of mutated files
   * @returns {Promise<[string, Program]>}
   */
  async #ownProgram(path, texts) {
    const text = texts.get(path);
    return [path, await (text === undefined ? this.#program(path) : compile(path, text))];
  }

  /** @param {string} path */
  #program(path) {
    const known = this.#programs.get(path);
    if (known !== undefined) return known;
    const program = readFile(path, "utf8").then((text) => compile(path, text));
    this.#programs.set(path, program);
    return program;
  }
}

/**
 * @param {ReadonlyMap<string, string>} targets by path
 * @param {ReadonlyMap<string, Program>} programs
 * @returns {Set<string>} the modules and all that import one of them, directly or not
 */
function reachedFrom(targets, programs) {
  const reached = new Set([...targets.keys()].filter((path) => programs.has(path)));
  let size = 0;
  while (size !== reached.size) {
    size = reached.size;
    for (const { path, imports } of programs.values()) if (imports.some((each) => reached.has(each))) reached.add(path);
  }
  return reached;
}

/**
 * @param {string} path
 * @param {Realm} realm
 * @param {readonly string[]} importers the modules that wait for this one: one of them is given out as far as it is, as in any cycle of modules
 * @returns {Promise<Exports>}
 */
async function evaluate(path, realm, importers) {
  const program = realm.programs.get(path);
  if (program === undefined) {
    if (realm.shared === undefined) throw new Error(`${path} was not found before it was imported.`);
    return evaluate(path, realm.shared, importers);
  }
  let instance = realm.instances.get(path);
  if (instance === undefined) {
    const exports = Object.defineProperty(Object.create(null), Symbol.toStringTag, { value: "Module" });
    instance = { exports, ready: run(program, exports, realm, [...importers, path]) };
    realm.instances.set(path, instance);
  }
  if (!importers.includes(path)) await instance.ready;
  return instance.exports;
}

/**
 * @param {Program} program
 * @param {Exports} exports
 * @param {Realm} realm
 * @param {readonly string[]} importers
 */
function run(program, exports, realm, importers) {
  const { path } = program;
  /** @type {(waiting: readonly string[]) => Import} */
  const importFor = (waiting) => (specifier) =>
    isOurs(specifier)
      ? evaluate(resolve(dirname(path), specifier), realm, waiting)
      : import(specifier.startsWith(".") ? pathToFileURL(resolve(dirname(path), specifier)).href : specifier);
  const exportName = (/** @type {string} */ name, /** @type {() => unknown} */ get) => {
    Object.defineProperty(exports, name, { enumerable: true, configurable: true, get });
  };
  const exportAll = (/** @type {Exports} */ from) => {
    for (const name of Object.keys(from))
      if (name !== "default" && !(name in exports)) exportName(name, () => from[name]);
  };
  const meta = { url: pathToFileURL(path).href };
  return bodyOf(program)(exports, meta, importFor(importers), importFor([]), exportAll, exportName);
}
