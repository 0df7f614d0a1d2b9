import ts from "typescript";

/** What `// => value` may say: a literal, also a negative number, `undefined`, arrays and plain objects of these. */
function isLiteral(node: ts.Expression): boolean {
  if (ts.isArrayLiteralExpression(node)) return node.elements.every(isLiteral);
  if (ts.isParenthesizedExpression(node)) return isLiteral(node.expression);
  if (ts.isObjectLiteralExpression(node)) {
    return node.properties.every((property) => ts.isPropertyAssignment(property) && isLiteral(property.initializer));
  }
  if (ts.isPrefixUnaryExpression(node)) return ts.isNumericLiteral(node.operand) || ts.isBigIntLiteral(node.operand);
  if (ts.isIdentifier(node)) return ["undefined", "Infinity", "NaN"].includes(node.text);
  const kinds = [ts.SyntaxKind.TrueKeyword, ts.SyntaxKind.FalseKeyword, ts.SyntaxKind.NullKeyword];
  return ts.isStringLiteral(node) || ts.isNumericLiteral(node) || ts.isBigIntLiteral(node) || kinds.includes(node.kind);
}

/** The value of a `// => value` comment at the end of a statement's line, or `undefined` when it is prose or absent. */
function promisedValue(statement: ts.Node, text: string): string | undefined {
  const restOfLine = text.slice(statement.getEnd()).split("\n")[0] ?? "";
  const promise = /^\s*;?\s*\/\/ => (.+?)\s*$/.exec(restOfLine)?.[1];
  if (promise === undefined) return undefined;
  const [parsed] = ts.createSourceFile("value.ts", `(${promise})`, ts.ScriptTarget.ESNext, true).statements;
  const isValue = parsed !== undefined && ts.isExpressionStatement(parsed) && isLiteral(parsed.expression);
  return isValue ? promise : undefined;
}

/** The expression whose value the comment is about: the statement itself, what it prints, or what it declares. */
function subjectOf(statement: ts.Statement): ts.Expression | undefined {
  if (ts.isVariableStatement(statement)) return statement.declarationList.declarations.at(-1)?.initializer;
  if (!ts.isExpressionStatement(statement)) return undefined;
  const { expression } = statement;
  const isPrint = ts.isCallExpression(expression) && expression.expression.getText() === "console.log";
  return isPrint ? expression.arguments[0] : expression;
}

/**
 * Turns a snippet of the documentation into a module that runs: TypeScript is compiled, and each expression with a
 * comment `// => value` behind it is compared with that value.
 *
 * @returns the module's text and how many values it checks
 */
export function snippetModule(code: string): { readonly text: string; readonly checkCount: number } {
  const source = ts.createSourceFile("snippet.ts", code, ts.ScriptTarget.ESNext, true);
  const edits: Array<{ readonly start: number; readonly end: number; readonly text: string }> = [];
  const visit = (node: ts.Node): void => {
    if (ts.isStatement(node)) {
      const promise = promisedValue(node, code);
      const subject = promise === undefined ? undefined : subjectOf(node);
      if (subject !== undefined) {
        const [start, end] = [subject.getStart(), subject.getEnd()];
        const shown = JSON.stringify(code.slice(start, end));
        edits.push({ start, end, text: `__check(${code.slice(start, end)}, (${promise}), ${shown})` });
        return;
      }
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  const checked = edits.reduceRight((text, edit) => text.slice(0, edit.start) + edit.text + text.slice(edit.end), code);
  const { outputText } = ts.transpileModule(checked, {
    fileName: "snippet.ts",
    compilerOptions: { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext, verbatimModuleSyntax: true },
  });
  return { text: `${PREAMBLE}\n${outputText}`, checkCount: edits.length };
}

/** A plain comparison first: the assertion's own message would hide which line of the snippet is wrong. */
const PREAMBLE = `import { isDeepStrictEqual as __equal, inspect as __inspect } from "node:util";
function __check(actual, expected, source) {
  if (!__equal(actual, expected)) throw new Error(source + " is " + __inspect(actual) + ", not " + __inspect(expected));
  return actual;
}`;
