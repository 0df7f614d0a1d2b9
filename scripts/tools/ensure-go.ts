import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { type DebianPrograms, installDebianPackages } from "../servers/debian-packages.ts";
import { findExecutable } from "../servers/find-executable.ts";

/** Debian's name. */
const PACKAGE = "golang-go";

const REMEDY =
  `This test needs Go, 1.19 or later. Do one of these: install ${PACKAGE} (Debian's name) or https://go.dev/dl/ ` +
  "so that `go` is on the PATH; or run as root where apt-get exists.";

/** What {@link ensureGo} installs. */
export const GO: DebianPrograms = { packages: [PACKAGE], areThere: () => findExecutable("go") !== undefined };

/**
 * The path of `go`, installed from Debian's package where that is possible.
 *
 * @throws Error that says what to install
 */
export function ensureGo(): string {
  const go = findExecutable("go") ?? goFromPackage();
  if (go === undefined) throw new Error(REMEDY);
  return go;
}

function goFromPackage(): string | undefined {
  return installDebianPackages([PACKAGE]) ? findExecutable("go") : undefined;
}

/**
 * As {@link ensureGo}, for tests: on somebody's machine they may go on without Go, in CI they may not.
 *
 * @param subject what is not tested then, to end the sentence "NOT TESTED: …"
 */
export function findGoForTests(subject: string): string | undefined {
  try {
    return ensureGo();
  } catch (error) {
    if (process.env["CI"]) throw error;
    console.error(`NOT TESTED: ${subject}. ${String(error)}`);
    return undefined;
  }
}

/** A program built from Go source, in a temporary folder of its own. */
export interface GoProgram {
  readonly path: string;
  /** Deletes the folder. */
  remove(): void;
}

/**
 * Builds the program of a folder, which uses the standard library only: nothing is downloaded, and nothing written elsewhere.
 *
 * @throws Error with what the compiler says
 */
export function buildGoProgram(go: string, folder: string): GoProgram {
  const target = mkdtempSync(join(tmpdir(), "gocachex-go-"));
  const path = join(target, "program");
  const env = {
    ...process.env,
    GOCACHE: join(target, "cache"),
    GOPATH: join(target, "path"),
    GOPROXY: "off",
    GOFLAGS: "",
    GOTOOLCHAIN: "local",
  };
  execFileSync(go, ["build", "-o", path, "."], { cwd: folder, env, stdio: ["ignore", "inherit", "inherit"] });
  return { path, remove: () => rmSync(target, { recursive: true, force: true }) };
}
