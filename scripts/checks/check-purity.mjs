// Checks that L0–L4 and the composition root take time, chance and scheduling as arguments: no clock, timer, randomness,
// environment, file or socket of the platform outside the few files of foundation that wrap it. What is not pure cannot
// be simulated, and a cache whose races cannot be simulated is not proven.
//
// Usage: node scripts/checks/check-purity.mjs [root]
import { readFile } from "node:fs/promises";
import { isBuiltin } from "node:module";
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
  ["src/foundation/clock.ts", new Set(["Date.now", "performance", "node:os"])],
  [
    "src/foundation/thread-exits.ts",
    new Set(["node:worker_threads", "process.getBuiltinModule", "process.on", "process.off"]),
  ],
  ["src/foundation/random-source.ts", new Set(["Math.random"])],
  ["src/foundation/scheduler.ts", new Set(["setTimeout", "clearTimeout", "setImmediate", "clearImmediate"])],
]);

/** Node modules that compute and do nothing else, by folder; `*` is every folder. */
const PURE_MODULES = new Map([
  ["*", ["node:buffer", "node:util", "node:util/types"]],
  ["src/events", ["node:diagnostics_channel"]],
  ["src/loading", ["node:async_hooks"]],
  ["src/memory", ["node:v8"]],
  ["src/codec", ["node:zlib", "node:v8", "node:crypto"]],
  ["src/sharding", ["node:crypto"]],
]);

const IMPURE_GLOBALS = new Set([
  ...["setTimeout", "setInterval", "setImmediate", "clearTimeout", "clearInterval", "clearImmediate"],
  ...["crypto", "fetch", "WebSocket", "BroadcastChannel", "require", "eval"],
]);

/**
 * Objects of the platform that are partly pure, with the members that may be read straight from them. Anything else is
 * impure: another member, a computed one, and the bare object, which could be renamed and read where nobody looks.
 */
const PARTLY_PURE = new Map([
  ["Math", new Set(Object.getOwnPropertyNames(Math).filter((name) => name !== "random"))],
  ["Date", new Set(["UTC", "parse", "prototype"])],
  ["AbortSignal", new Set(["abort", "any", "prototype"])],
  ["Atomics", new Set(["add", "and", "compareExchange", "exchange", "load", "or", "store", "sub", "xor"])],
  // A warning about a listener that threw has nowhere else to go.
  ["process", new Set(["emitWarning"])],
  // Its constructor is eval by another name.
  ["Function", new Set(["prototype"])],
  ["performance", new Set()],
  ["globalThis", new Set()],
  ["global", new Set()],
]);

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
  // What is computed cannot be judged.
  if (isDynamic && (specifier === undefined || !ts.isStringLiteralLike(specifier))) return "import()";
  if (specifier === undefined || !ts.isStringLiteralLike(specifier) || !isBuiltin(specifier.text)) return undefined;
  const name = specifier.text.startsWith("node:") ? specifier.text : `node:${specifier.text}`;
  const isAllowed = [...PURE_MODULES].some(
    ([folder, modules]) => (folder === "*" || file.startsWith(`${folder}/`)) && modules.includes(name),
  );
  return isAllowed ? undefined : name;
}

/**
 * @param {ts.Node} node
 * @returns {string | undefined}
 */
function impureUse(node) {
  if (!ts.isIdentifier(node) || !isFreeValue(node)) return undefined;
  return judge(node, node.text);
}

/**
 * What is impure about the use of a name, found on the way outwards: `globalThis` to `globalThis.Date` to
 * `globalThis.Date.now`.
 *
 * @param {ts.Expression} expression what stands for the platform's object of that name
 * @param {string} name
 * @returns {string | undefined}
 */
function judge(expression, name) {
  if (IMPURE_GLOBALS.has(name)) return name;
  const pureMembers = PARTLY_PURE.get(name);
  if (pureMembers === undefined || isPureUse(expression, name)) return undefined;
  const member = memberOf(expression);
  if (member === undefined) return name === "Date" && isMade(expression) ? "Date()" : name;
  if (name === "globalThis" || name === "global") {
    const isKnown = IMPURE_GLOBALS.has(member) || PARTLY_PURE.has(member);
    return isKnown ? judge(/** @type {ts.Expression} */ (expression.parent), member) : undefined;
  }
  if (pureMembers.has(member)) return undefined;
  return name === "performance" ? name : `${name}.${member}`;
}

/**
 * The name of the member that is read from an expression; `undefined` when none is, or which one cannot be seen.
 *
 * @param {ts.Expression} expression
 * @returns {string | undefined}
 */
function memberOf(expression) {
  const { parent } = expression;
  if (ts.isPropertyAccessExpression(parent) && parent.expression === expression) return parent.name.text;
  const isElement = ts.isElementAccessExpression(parent) && parent.expression === expression;
  return isElement && ts.isStringLiteralLike(parent.argumentExpression) ? parent.argumentExpression.text : undefined;
}

/**
 * Uses of the bare object that compute only: `x instanceof Date`, `new Date(x)`.
 *
 * @param {ts.Expression} expression
 * @param {string} name
 */
function isPureUse(expression, name) {
  const { parent } = expression;
  if (ts.isBinaryExpression(parent) && parent.right === expression) {
    return parent.operatorToken.kind === ts.SyntaxKind.InstanceOfKeyword;
  }
  if (ts.isTypeOfExpression(parent)) return true;
  const isMadeOfSomething = ts.isNewExpression(parent) && (parent.arguments ?? []).length > 0;
  return name === "Date" && isMadeOfSomething && parent.expression === expression;
}

/** @param {ts.Expression} expression */
function isMade({ parent }) {
  return ts.isNewExpression(parent) || ts.isCallExpression(parent);
}

/**
 * Whether an identifier is a value looked up in scope, not a member's name, a declaration or a type.
 *
 * @param {ts.Identifier} node
 */
function isFreeValue(node) {
  const { parent } = node;
  if (ts.isPropertyAccessExpression(parent)) return parent.expression === node;
  if (ts.isTypeNode(parent) && !ts.isExpressionWithTypeArguments(parent)) return false;
  if (ts.isQualifiedName(parent) || ts.isImportSpecifier(parent)) return false;
  if (ts.isExpressionWithTypeArguments(parent)) return isValueHeritage(parent.parent);
  // `{ Date }` reads it, `{ Date: 1 }` does not; a pattern's `{ random: draw }` names a member.
  if (ts.isShorthandPropertyAssignment(parent)) return true;
  if (ts.isBindingElement(parent)) return parent.initializer === node;
  const isDeclared = "name" in parent && parent.name === node;
  return !isDeclared;
}

/**
 * `extends Date` of a class reads a value; `implements` and an interface's `extends` do not.
 *
 * @param {ts.Node} clause
 */
function isValueHeritage(clause) {
  const isExtends = ts.isHeritageClause(clause) && clause.token === ts.SyntaxKind.ExtendsKeyword;
  return isExtends && ts.isClassLike(clause.parent);
}

/** @param {string} root */
export async function checkPurity(root) {
  const files = await sourceFiles(root, PURE_FOLDERS);
  const all = await sourceFiles(root);
  files.push(...["src/create-cache.ts", "src/create-shared-memory.ts"].filter((file) => all.includes(file)));
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
