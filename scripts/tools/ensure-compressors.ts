import { execFileSync } from "node:child_process";
import { type DebianPrograms, installDebianPackages } from "../servers/debian-packages.ts";
import { findExecutable } from "../servers/find-executable.ts";

/** Other people's programs for the formats of the codec, by their full paths. */
export interface CompressionPrograms {
  readonly gzip: string;
  readonly brotli: string;
  readonly zstd: string;
  readonly lz4: string;
  /** A Python that has the module `snappy`. */
  readonly python: string;
}

const PACKAGES = ["gzip", "brotli", "zstd", "lz4", "python3", "python3-snappy"] as const;

const REMEDY = `Interoperability tests of the compressors need other implementations. Install ${PACKAGES.join(", ")} (Debian's names), or run as root where apt-get exists.`;

/** What {@link ensureCompressors} installs. */
export const COMPRESSORS: DebianPrograms = { packages: PACKAGES, areThere: () => installedPrograms() !== undefined };

let programs: CompressionPrograms | undefined;

/**
 * Finds or installs the programs, once per process: installed ones, else Debian's packages (as root).
 *
 * @throws Error that says what to install
 */
export function ensureCompressors(): CompressionPrograms {
  programs ??= installedPrograms() ?? programsFromPackages();
  if (programs === undefined) throw new Error(REMEDY);
  return programs;
}

function installedPrograms(): CompressionPrograms | undefined {
  const [gzip, brotli, zstd, lz4] = ["gzip", "brotli", "zstd", "lz4"].map(findExecutable);
  const python = pythonWithSnappy();
  if (gzip === undefined || brotli === undefined || zstd === undefined || lz4 === undefined) return undefined;
  return python === undefined ? undefined : { gzip, brotli, zstd, lz4, python };
}

/** Debian's module is seen by Debian's Python only, which need not be the first on `PATH`. */
function pythonWithSnappy(): string | undefined {
  const candidates = [findExecutable("python3"), "/usr/bin/python3"].filter((path) => path !== undefined);
  return candidates.find((python) => {
    try {
      execFileSync(python, ["-c", "import snappy"], { stdio: "ignore" });
      return true;
    } catch {
      return false;
    }
  });
}

function programsFromPackages(): CompressionPrograms | undefined {
  return installDebianPackages(PACKAGES) ? installedPrograms() : undefined;
}
