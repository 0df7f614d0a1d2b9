import { existsSync } from "node:fs";
import process from "node:process";
import { type DebianPrograms, installDebianPackages } from "./debian-packages.ts";
import { findExecutable } from "./find-executable.ts";

/** The same engine without windows first: tests take two thirds of the time with it. */
const NAMES = [
  "chromium-headless-shell",
  "chromium",
  "chromium-browser",
  "google-chrome-stable",
  "google-chrome",
] as const;
/** Debian's names in the same order; releases that are no longer cared for lack the first. */
const PACKAGES = ["chromium-headless-shell", "chromium"] as const;

/** Where a desktop has it, beside the search path. */
const PLACES = ["/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"] as const;

const REMEDY =
  "Tests of the dashboard need a real browser. Do one of these: install chromium-headless-shell or chromium (Debian's names); run as root where " +
  "apt-get exists; or name the program of a Chromium or Chrome in GOCACHEX_TEST_CHROMIUM.";

/** What {@link ensureChromium} installs. */
export const CHROMIUM: DebianPrograms = {
  packages: PACKAGES.slice(0, 1),
  areThere: () => namedOrInstalled() !== undefined,
};

/**
 * The path of a Chromium: the one that the environment names, else an installed one, else Debian's package (as root).
 *
 * @throws Error that says what to install; the browser is never silently missing
 */
export function ensureChromium(): string {
  const found = namedOrInstalled();
  if (found !== undefined) return found;
  for (const name of PACKAGES) {
    installDebianPackages([name]);
    const fresh = findChromium();
    if (fresh !== undefined) return fresh;
  }
  throw new Error(REMEDY);
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
