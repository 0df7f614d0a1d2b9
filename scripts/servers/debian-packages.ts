import { execFileSync } from "node:child_process";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { findExecutable } from "./find-executable.ts";

/** Programs that tests start, and Debian's packages that have them. */
export interface DebianPrograms {
  readonly packages: readonly string[];
  /** Whether tests find them, or something that stands in for them. */
  readonly areThere: () => boolean;
}

/**
 * Installs Debian's packages, where apt-get is there and may be used: as root. Whether they came is for the caller to look: without a network
 * nothing comes.
 *
 * @returns whether it was tried
 */
export function installDebianPackages(packages: readonly string[]): boolean {
  if (process.getuid?.() !== 0 || findExecutable("apt-get") === undefined) return false;
  const options = { stdio: "inherit", env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" } } as const;
  try {
    // One process at a time: test files that run beside one another want different packages, and apt-get fails at once where another one holds its locks.
    const lock = join(tmpdir(), "gocachex-apt.lock");
    execFileSync("flock", [lock, "apt-get", "update"], options);
    execFileSync("flock", [lock, "apt-get", "install", "-y", "--no-install-recommends", ...packages], options);
  } catch {
    // No network or no such package: the caller says what to do.
  }
  return true;
}
