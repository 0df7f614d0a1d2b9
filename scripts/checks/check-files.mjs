// Checks what files are called, how long they are, and that an index.ts is an entry of the package and nothing else.
//
// Usage: node scripts/checks/check-files.mjs [root]
import { readFile } from "node:fs/promises";
import { basename, join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import ts from "typescript";
import { isMain } from "./is-main.mjs";
import { sourceFiles } from "./source-files.mjs";

const MAX_SOURCE_LINES = 400;
const MAX_TEST_LINES = 600;
/** A goal that is told, not enforced: a short median means that files hold one concept each. */
const MEDIAN_GOAL_LINES = 120;

/** Names that say where code was dropped, not what it is. */
const EMPTY_NAMES = new Set([
  "types",
  "utils",
  "util",
  "helpers",
  "helper",
  "common",
  "manager",
  "base",
  "misc",
  "shared",
]);
const KEBAB_CASE = /^[a-z0-9]+(-[a-z0-9]+)*(\.(test|config|d))?\.(ts|mjs|cjs|mts|cts)$/;

/** @typedef {{ file: string, rule: string, message: string }} FileProblem */

/**
 * @param {string} file
 * @param {string} text
 * @param {ReadonlySet<string>} entryFiles
 * @returns {FileProblem[]}
 */
export function problemsOf(file, text, entryFiles) {
  /** @type {FileProblem[]} */
  const problems = [];
  const name = basename(file);
  const lineCount = countLines(text);
  const isTest = file.endsWith(".test.ts") || file.startsWith("test/");
  const limit = isTest ? MAX_TEST_LINES : MAX_SOURCE_LINES;
  if (lineCount > limit) problems.push({ file, rule: "length", message: `${lineCount} lines, at most ${limit}` });
  const stem = name.split(".")[0] ?? "";
  const lastWord = stem.split("-").at(-1) ?? "";
  if (EMPTY_NAMES.has(stem) || lastWord === "utils" || lastWord === "helpers") {
    problems.push({ file, rule: "name", message: `"${stem}" says nothing; name the file for its main export` });
  }
  if (!KEBAB_CASE.test(name)) problems.push({ file, rule: "kebab-case", message: "file names are kebab-case" });
  if (file.startsWith("src/") && stem === "index") problems.push(...indexProblems(file, text, entryFiles));
  return problems;
}

/** @param {string} text */
function countLines(text) {
  return text.split("\n").length - (text.endsWith("\n") ? 1 : 0);
}

/**
 * @param {string} file
 * @param {string} text
 * @param {ReadonlySet<string>} entryFiles
 * @returns {FileProblem[]}
 */
function indexProblems(file, text, entryFiles) {
  if (!entryFiles.has(file)) {
    return [
      { file, rule: "index", message: "an index.ts is an entry of package.json#exports; import the file you need" },
    ];
  }
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.ESNext, true);
  return source.statements
    .filter((statement) => !isNamedReExport(statement))
    .map((statement) => ({
      file,
      rule: "index",
      message: `an entry only re-exports by name, not: ${statement.getText().split("\n")[0]}`,
    }));
}

/** @param {ts.Statement} statement */
function isNamedReExport(statement) {
  if (!ts.isExportDeclaration(statement) || statement.moduleSpecifier === undefined) return false;
  return statement.exportClause !== undefined && ts.isNamedExports(statement.exportClause);
}

/** @param {string} root */
export async function checkFiles(root) {
  const entries = JSON.parse(await readFile(join(root, "scripts/package-entries.json"), "utf8"));
  const entryFiles = new Set(/** @type {string[]} */ (Object.values(entries)));
  const files = await sourceFiles(root, ["src", "test", "scripts", "bench", "examples"], [".ts", ".mjs", ".cjs"]);
  const texts = await Promise.all(files.map((file) => readFile(join(root, file), "utf8")));
  const lengths = texts
    .filter((_, index) => isShipped(files[index] ?? ""))
    .map(countLines)
    .sort((a, b) => a - b);
  return {
    fileCount: files.length,
    medianLines: lengths[Math.floor(lengths.length / 2)] ?? 0,
    problems: files.flatMap((file, index) => problemsOf(file, texts[index] ?? "", entryFiles)),
  };
}

/** @param {string} file */
function isShipped(file) {
  return file.startsWith("src/") && !file.endsWith(".test.ts");
}

if (isMain(import.meta.url)) {
  const { fileCount, medianLines, problems } = await checkFiles(
    process.argv[2] ?? fileURLToPath(new URL("../..", import.meta.url)),
  );
  for (const { file, rule, message } of problems) console.error(`${file}: ${message} [${rule}]`);
  if (fileCount === 0) console.error("The file check saw no file.");
  console.log(
    `files: ${fileCount}, median ${medianLines} lines in src (goal ${MEDIAN_GOAL_LINES}), ${problems.length} problems`,
  );
  process.exitCode = problems.length > 0 || fileCount === 0 ? 1 : 0;
}
