import { existsSync } from "node:fs";
import process from "node:process";
import { type DebianPrograms, installDebianPackages } from "./debian-packages.ts";
import { findExecutable } from "./find-executable.ts";

const NAMES = ["chromium", "chromium-browser", "google-chrome-stable", "google-chrome"] as const;

/** Where a desktop has it, beside the search path. */
const PLACES = ["/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"] as const;

const REMEDY =
  "Tests of the dashboard need a real browser. Do one of these: install chromium (Debian's name); run as root where " +
  "apt-get exists; or name the program of a Chromium or Chrome in GOCACHEX_TEST_CHROMIUM.";

/** What {@link ensureChromium} installs. */
export const CHROMIUM: DebianPrograms = { packages: ["chromium"], areThere: () => namedOrInstalled() !== undefined };

/**
 * The path of a Chromium: the one that the environment names, else an installed one, else Debian's package (as root).
 *
 * @throws Error that says what to install; the browser is never silently missing
 */
export function ensureChromium(): string {
  const found = namedOrInstalled();
  if (found !== undefined) return found;
  installDebianPackages(CHROMIUM.packages);
  const fresh = findChromium();
  if (fresh === undefined) throw new Error(REMEDY);
  return fresh;
}

function namedOrInstalled(): string | undefined {
  return process.env["GOCACHEX_TEST_CHROMIUM"] ?? findChromium();
}

function findChromium(): string | undefined {
  for (const name of NAMES) {
    const path = findExecutable(name);
    if (path !== undefined) return path;
  }
  return PLACES.find((path) => existsSync(path));
}
