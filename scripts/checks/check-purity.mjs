// Checks that L0–L4 and the composition root take time, chance and scheduling as arguments: no clock, timer, randomness,
// environment, file or socket of the platform outside the few files of foundation that wrap it. What is not pure cannot
// be simulated, and a cache whose races cannot be simulated is not proven.
//
// Usage: node scripts/checks/check-purity.mjs [root]
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import ts from "typescript";
import { isMain } from "./is-main.mjs";
import { sourceFiles } from "./source-files.mjs";

const PURE_FOLDERS = [
  ...["foundation", "entry", "events", "backend", "codec", "coherence"],
  ...["memory", "tiers", "sharding", "loading", "atomic", "cache"],
].map((room) => `src/${room}`);

/** The whole platform surface of the core. A name here is allowed in that file only. */
const WRAPPERS = new Map([
  ["src/foundation/clock.ts", new Set(["Date.now", "performance"])],
  ["src/foundation/random-source.ts", new Set(["Math.random"])],
  ["src/foundation/scheduler.ts", new Set(["setTimeout", "clearTimeout", "setImmediate", "clearImmediate"])],
]);

/** Node modules that compute and do nothing else, by folder; `*` is every folder. */
const PURE_MODULES = new Map([
  ["*", ["node:buffer", "node:util", "node:util/types"]],
  ["src/events", ["node:diagnostics_channel"]],
  ["src/loading", ["node:async_hooks"]],
  ["src/codec", ["node:zlib", "node:v8", "node:crypto"]],
]);

const IMPURE_GLOBALS = new Set([
  ...["setTimeout", "setInterval", "setImmediate", "clearTimeout", "clearInterval", "clearImmediate"],
  ...["performance", "crypto", "fetch", "WebSocket", "BroadcastChannel", "require"],
]);

/** Of objects that are partly pure: what is not. `*` is everything but the names behind `!`. */
const IMPURE_MEMBERS = new Map([
  ["Date", new Set(["now"])],
  ["Math", new Set(["random"])],
  ["AbortSignal", new Set(["timeout"])],
  ["Atomics", new Set(["wait", "waitAsync"])],
]);

/** A warning about a listener that threw has nowhere else to go. */
const PURE_PROCESS_MEMBERS = new Set(["emitWarning"]);

/** @typedef {{ file: string, line: number, what: string }} Impurity */

/**
 * What one file uses of the platform.
 *
 * @param {string} file path from the root, with forward slashes
 * @param {string} text
 * @returns {Impurity[]}
 */
export function impuritiesOf(file, text) {
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.ESNext, true);
  const allowed = WRAPPERS.get(file) ?? new Set();
  /** @type {Impurity[]} */
  const found = [];
  /** @param {ts.Node} node */
  const visit = (node) => {
    const what = impureModule(file, node) ?? impureUse(node);
    if (what !== undefined && !allowed.has(what)) {
      found.push({ file, line: source.getLineAndCharacterOfPosition(node.getStart()).line + 1, what });
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

/**
 * @param {string} file
 * @param {ts.Node} node
 * @returns {string | undefined}
 */
function impureModule(file, node) {
  const isImport = ts.isImportDeclaration(node) || ts.isExportDeclaration(node);
  const isDynamic = ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword;
  const specifier = isImport ? node.moduleSpecifier : isDynamic ? node.arguments[0] : undefined;
  if (specifier === undefined || !ts.isStringLiteral(specifier) || !specifier.text.startsWith("node:"))
    return undefined;
  const isAllowed = [...PURE_MODULES].some(
    ([folder, modules]) => (folder === "*" || file.startsWith(`${folder}/`)) && modules.includes(specifier.text),
  );
  return isAllowed ? undefined : specifier.text;
}

/**
 * @param {ts.Node} node
 * @returns {string | undefined}
 */
function impureUse(node) {
  if (ts.isNewExpression(node) || ts.isCallExpression(node)) {
    const isDate = ts.isIdentifier(node.expression) && node.expression.text === "Date";
    if (isDate && (ts.isCallExpression(node) || (node.arguments ?? []).length === 0)) return "Date()";
  }
  if (ts.isPropertyAccessExpression(node)) return impureMember(nameOf(node.expression), node.name.text);
  if (ts.isIdentifier(node) && IMPURE_GLOBALS.has(node.text) && isFreeValue(node)) return node.text;
  return undefined;
}

/**
 * @param {string} object
 * @param {string} member
 * @returns {string | undefined}
 */
function impureMember(object, member) {
  if (object === "process") return PURE_PROCESS_MEMBERS.has(member) ? undefined : `process.${member}`;
  if (object === "globalThis" && (IMPURE_GLOBALS.has(member) || member === "process")) return member;
  return IMPURE_MEMBERS.get(object)?.has(member) ? `${object}.${member}` : undefined;
}

/**
 * `Date` of both `Date` and `globalThis.Date`.
 *
 * @param {ts.Expression} expression
 */
function nameOf(expression) {
  if (ts.isIdentifier(expression)) return expression.text;
  const isGlobal = ts.isPropertyAccessExpression(expression) && expression.expression.getText() === "globalThis";
  return isGlobal ? expression.name.text : "";
}

/**
 * Whether an identifier is a value looked up in scope, not a member's name, a declaration or a type.
 *
 * @param {ts.Identifier} node
 */
function isFreeValue(node) {
  const { parent } = node;
  if (ts.isPropertyAccessExpression(parent)) return parent.expression === node;
  if (ts.isTypeNode(parent) || ts.isQualifiedName(parent)) return false;
  const isDeclared = "name" in parent && parent.name === node;
  return !isDeclared;
}

/** @param {string} root */
export async function checkPurity(root) {
  const files = await sourceFiles(root, PURE_FOLDERS);
  if ((await sourceFiles(root)).includes("src/create-cache.ts")) files.push("src/create-cache.ts");
  const pureFiles = files.filter((file) => !file.endsWith(".test.ts"));
  const impurities = await Promise.all(
    pureFiles.map(async (file) => impuritiesOf(file, await readFile(join(root, file), "utf8"))),
  );
  return { fileCount: pureFiles.length, impurities: impurities.flat() };
}

if (isMain(import.meta.url)) {
  const { fileCount, impurities } = await checkPurity(
    process.argv[2] ?? fileURLToPath(new URL("../..", import.meta.url)),
  );
  for (const { file, line, what } of impurities) console.error(`${file}:${line} uses ${what}; take it as an argument`);
  if (fileCount === 0) console.error("The purity check saw no file.");
  console.log(`purity: ${fileCount} files, ${impurities.length} violations`);
  process.exitCode = impurities.length > 0 || fileCount === 0 ? 1 : 0;
}
