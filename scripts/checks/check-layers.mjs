// Checks the layer rules of .dependency-cruiser.cjs on a tree, and that the checker saw every source file: with a
// TypeScript it cannot read, dependency-cruiser sees no module at all and is content.
//
// Usage: node scripts/checks/check-layers.mjs [root]
import { createRequire } from "node:module";
import { resolve } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { cruise } from "dependency-cruiser";
import extractTSConfig from "dependency-cruiser/config-utl/extract-ts-config";
import { isMain } from "./is-main.mjs";
import { sourceFiles } from "./source-files.mjs";

const projectRoot = fileURLToPath(new URL("../..", import.meta.url));

/** @typedef {{ rule: string, from: string, to: string, comment: string }} LayerViolation */

/**
 * @param {string} root the tree that holds `src`
 * @returns {Promise<{ moduleCount: number, sourceFileCount: number, violations: LayerViolation[] }>}
 */
export async function checkLayers(root) {
  const { forbidden, options } = createRequire(import.meta.url)(`${projectRoot}/.dependency-cruiser.cjs`);
  const result = await cruise(
    ["src"],
    { ...options, baseDir: resolve(root), ruleSet: { forbidden, options }, validate: true },
    undefined,
    { tsConfig: extractTSConfig(`${projectRoot}/tsconfig.json`) },
  );
  const output = /** @type {import("dependency-cruiser").ICruiseResult} */ (result.output);
  const comments = new Map(
    forbidden.map((/** @type {{ name: string, comment: string }} */ rule) => [rule.name, rule.comment]),
  );
  return {
    moduleCount: output.modules.filter((module) => /^src\/.*\.ts$/.test(module.source)).length,
    sourceFileCount: (await sourceFiles(root)).length,
    violations: output.summary.violations.map((violation) => ({
      rule: violation.rule.name,
      from: violation.from,
      to: violation.to,
      comment: comments.get(violation.rule.name) ?? "",
    })),
  };
}

if (isMain(import.meta.url)) {
  const { moduleCount, sourceFileCount, violations } = await checkLayers(process.argv[2] ?? projectRoot);
  for (const { rule, from, to, comment } of violations) console.error(`${from} → ${to}  [${rule}] ${comment}`);
  const isBlind = moduleCount < sourceFileCount || sourceFileCount === 0;
  if (isBlind) console.error(`The layer check saw ${moduleCount} modules, but src has ${sourceFileCount} files.`);
  console.log(`layers: ${moduleCount} modules, ${violations.length} violations`);
  process.exitCode = violations.length > 0 || isBlind ? 1 : 0;
}
