import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";

/** What a check printed, and whether it was content. */
export interface CheckResult {
  readonly ok: boolean;
  readonly output: string;
}

/** Runs one of `scripts/checks/` on a tree of its own made of `files` (path → text), as `make lint` runs it on the project. */
export function checkTree(check: "layers" | "purity" | "files", files: Readonly<Record<string, string>>): CheckResult {
  const root = mkdtempSync(join(tmpdir(), "gocachex-tree-"));
  try {
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(root, path)), { recursive: true });
      writeFileSync(join(root, path), text);
    }
    return runCheck(check, root);
  } finally {
    rmSync(root, { recursive: true });
  }
}

function runCheck(check: string, root: string): CheckResult {
  const script = fileURLToPath(new URL(`../../scripts/checks/check-${check}.mjs`, import.meta.url));
  const { status, stdout, stderr } = spawnSync(process.execPath, [script, root], { encoding: "utf8" });
  return { ok: status === 0, output: `${stdout}\n${stderr}` };
}
