import { type DebianPrograms, installDebianPackages } from "./debian-packages.ts";
import { findExecutable } from "./find-executable.ts";

/** What {@link ensureShell} installs, by its name. */
export const SHELLS: readonly DebianPrograms[] = (["zsh", "fish"] as const).map((name) => ({
  packages: [name],
  areThere: () => findExecutable(name) !== undefined,
}));

/**
 * The path of a shell, installed from Debian's packages where it is missing (as root).
 *
 * @throws Error that says what to install; a shell is never silently missing
 */
export function ensureShell(name: "zsh" | "fish"): string {
  const installed = findExecutable(name);
  if (installed !== undefined) return installed;
  installDebianPackages([name]);
  const fresh = findExecutable(name);
  if (fresh === undefined) {
    throw new Error(`Tests of completion need the shell ${name}. Install it, or run as root where apt-get exists.`);
  }
  return fresh;
}
