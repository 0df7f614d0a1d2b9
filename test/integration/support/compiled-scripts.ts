import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";

/** Compiles the TypeScript files of one folder to JavaScript modules in another, for a Node that runs no TypeScript. */
export function compileScripts(sourceFolder: string, targetFolder: string): void {
  writeFileSync(join(targetFolder, "package.json"), '{ "type": "module" }');
  for (const name of readdirSync(sourceFolder).filter((file) => file.endsWith(".ts"))) {
    const { outputText } = ts.transpileModule(readFileSync(join(sourceFolder, name), "utf8"), {
      fileName: name,
      compilerOptions: {
        target: ts.ScriptTarget.ES2023,
        module: ts.ModuleKind.ESNext,
        rewriteRelativeImportExtensions: true,
      },
    });
    writeFileSync(join(targetFolder, name.replace(/\.ts$/, ".js")), outputText);
  }
}
