import { installDebianPackages } from "../servers/debian-packages.ts";
import { CHROMIUM } from "../servers/ensure-chromium.ts";
import { POSTGRES } from "../servers/ensure-postgres.ts";
import { PROMETHEUS } from "../servers/ensure-prometheus.ts";
import { SERVERS, withoutServiceStarts } from "../servers/ensure-servers.ts";
import { SHELLS } from "../servers/ensure-shell.ts";
import { COMPRESSORS } from "./ensure-compressors.ts";
import { GO } from "./ensure-go.ts";

const ALL = [SERVERS, CHROMIUM, PROMETHEUS, POSTGRES, COMPRESSORS, GO, ...SHELLS];

/**
 * Installs every program that tests need and this machine lacks, where that is possible (as root), all at once. Only saves time: each test looks for what
 * it needs, installs it, and says what is missing.
 *
 * @returns the packages that were asked for
 */
export function installMissingPrograms(): readonly string[] {
  const packages = ALL.filter(({ areThere }) => !areThere()).flatMap((programs) => programs.packages);
  if (packages.length > 0) withoutServiceStarts(() => void installDebianPackages(packages));
  return packages;
}
