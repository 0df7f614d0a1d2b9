import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { TestProject } from "vitest/node";

const TEMPORARY = fileURLToPath(new URL("../../../.tmp", import.meta.url));

declare module "vitest" {
  interface ProvidedContext {
    /** Where the scripts of this run are bundled, once for all files that start them. */
    readonly scriptFolder: string;
  }
}

/** Vitest calls it before the tests of a run, and what it returns after them. */
export default function provideScriptFolder(project: TestProject): () => void {
  mkdirSync(TEMPORARY, { recursive: true });
  const folder = mkdtempSync(join(TEMPORARY, "scripts-"));
  project.provide("scriptFolder", folder);
  return () => rmSync(folder, { recursive: true, force: true });
}
