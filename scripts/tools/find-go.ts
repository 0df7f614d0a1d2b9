import { existsSync } from "node:fs";
import { findExecutable } from "../servers/find-executable.ts";

/** What to say when {@link findGo} finds nothing. */
export const GO_MISSING =
  "Go is not installed, or not on PATH. Debian and Ubuntu: apt-get install -y --no-install-recommends golang-go; elsewhere: https://go.dev/dl/";

/** Where Go's own installer puts it, which is not always on `PATH`. */
const GO_OF_ITS_INSTALLER = "/usr/local/go/bin/go";

/** The full path of the Go tool, or `undefined`. Installs nothing. */
export function findGo(): string | undefined {
  return findExecutable("go") ?? (existsSync(GO_OF_ITS_INSTALLER) ? GO_OF_ITS_INSTALLER : undefined);
}
