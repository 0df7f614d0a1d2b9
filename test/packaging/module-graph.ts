import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import ts from "typescript";

/** What a file of `dist` pulls in. */
export interface ModuleGraph {
  /** Own files that are loaded with it, itself included. */
  readonly files: ReadonlySet<string>;
  /** Modules of Node and of other packages that are loaded at once. */
  readonly external: ReadonlySet<string>;
  /** Modules that are loaded when something is used: by `import()`, or by `require` inside a function. */
  readonly lazy: ReadonlySet<string>;
}

/** Follows the static imports of a built file through the package's own chunks. */
export function moduleGraph(entryFile: string): ModuleGraph {
  const files = new Set<string>();
  const external = new Set<string>();
  const lazy = new Set<string>();
  const follow = (file: string): void => {
    if (files.has(file)) return;
    files.add(file);
    for (const { specifier, isLazy } of importsOf(file)) {
      const isOwn = specifier.startsWith(".");
      if (isLazy) lazy.add(specifier);
      else if (isOwn) follow(join(dirname(file), specifier));
      else external.add(specifier);
    }
  };
  follow(entryFile);
  return { files, external, lazy };
}

interface ImportOf {
  readonly specifier: string;
  readonly isLazy: boolean;
}

/** Reading a large bundle takes a moment, and every test asks for the same ones. */
const importsByFile = new Map<string, readonly ImportOf[]>();

function importsOf(file: string): readonly ImportOf[] {
  const known = importsByFile.get(file) ?? readImports(file);
  importsByFile.set(file, known);
  return known;
}

function readImports(file: string): ImportOf[] {
  const source = ts.createSourceFile(file, readFileSync(file, "utf8"), ts.ScriptTarget.ESNext, true, ts.ScriptKind.JS);
  const found: ImportOf[] = [];
  const visit = (node: ts.Node, isLazy: boolean): void => {
    const specifier = specifierOf(node);
    if (specifier !== undefined && ts.isStringLiteral(specifier)) {
      found.push({ specifier: specifier.text, isLazy: isLazy || isDynamicImport(node) });
    }
    const isInside = isLazy || ts.isFunctionLike(node);
    ts.forEachChild(node, (child) => visit(child, isInside));
  };
  visit(source, false);
  return found;
}

function specifierOf(node: ts.Node): ts.Expression | undefined {
  if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) return node.moduleSpecifier;
  if (!ts.isCallExpression(node)) return undefined;
  const isRequire = ts.isIdentifier(node.expression) && node.expression.text === "require";
  return isRequire || isDynamicImport(node) ? node.arguments[0] : undefined;
}

function isDynamicImport(node: ts.Node): boolean {
  return ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword;
}
