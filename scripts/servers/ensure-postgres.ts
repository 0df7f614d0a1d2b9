import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { type DebianPrograms, installDebianPackages } from "./debian-packages.ts";
import { withoutServiceStarts } from "./ensure-servers.ts";
import { findExecutable } from "./find-executable.ts";
import { findPackagedPostgres } from "./postgres-package.ts";

/** The two programs of PostgreSQL that a test needs. */
export interface PostgresPrograms {
  readonly initdb: string;
  readonly postgres: string;
}

/** Debian keeps one folder for every major version here, and no server program on `PATH`. */
const DEBIAN_FOLDER = "/usr/lib/postgresql";
const PACKAGE = "postgresql";

const REMEDY =
  "Tests of the outbox need a real PostgreSQL, and the one among the development dependencies is not there or does not run here. " +
  `Do one of these: install ${PACKAGE} (Debian's name), so that initdb and postgres are on PATH or below ${DEBIAN_FOLDER}; ` +
  "run as root where apt-get exists; or name a running server in GOCACHEX_TEST_POSTGRES_URL (postgres://user@host:port/database).";

/** What {@link ensurePostgres} installs. */
export const POSTGRES: DebianPrograms = {
  packages: [PACKAGE],
  areThere: () => (findPackagedPostgres() ?? findInstalled()) !== undefined,
};

let programs: PostgresPrograms | undefined;

/**
 * Finds or installs the programs, once per process: the development dependency, else installed ones, else Debian's package (as root).
 *
 * @throws Error that says what to install; the server is never silently missing
 */
export function ensurePostgres(): PostgresPrograms {
  programs ??= findPackagedPostgres() ?? findInstalled();
  if (programs === undefined) {
    withoutServiceStarts(() => void installDebianPackages(POSTGRES.packages));
    programs = findInstalled();
  }
  if (programs === undefined) throw new Error(REMEDY);
  return programs;
}

function findInstalled(): PostgresPrograms | undefined {
  const folder = debianFolders().find((candidate) => existsSync(join(candidate, "postgres")));
  if (folder !== undefined) return { initdb: join(folder, "initdb"), postgres: join(folder, "postgres") };
  const [initdb, postgres] = [findExecutable("initdb"), findExecutable("postgres")];
  return initdb === undefined || postgres === undefined ? undefined : { initdb, postgres };
}

/** The newest version first. */
function debianFolders(): readonly string[] {
  try {
    const versions = readdirSync(DEBIAN_FOLDER).sort((a, b) => Number(b) - Number(a));
    return versions.map((version) => join(DEBIAN_FOLDER, version, "bin"));
  } catch {
    return [];
  }
}
