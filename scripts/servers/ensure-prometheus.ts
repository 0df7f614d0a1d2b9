import { type DebianPrograms, installDebianPackages } from "./debian-packages.ts";
import { withoutServiceStarts } from "./ensure-servers.ts";
import { findExecutable } from "./find-executable.ts";

/** Prometheus, and the tool that checks metrics, rules and configurations. */
export interface PrometheusPrograms {
  /** Path of `prometheus`. */
  readonly server: string;
  /** Path of `promtool`. */
  readonly tool: string;
}

/** What {@link ensurePrometheus} installs. */
export const PROMETHEUS: DebianPrograms = {
  packages: ["prometheus"],
  areThere: () => findPrograms() !== undefined,
};

let programs: PrometheusPrograms | undefined;

/**
 * Finds Prometheus, or installs Debian's package where that is possible (as root), once per process.
 *
 * @throws Error that says what to install; it is never silently missing
 */
export function ensurePrometheus(): PrometheusPrograms {
  programs ??= findPrograms() ?? installPrograms();
  if (programs !== undefined) return programs;
  throw new Error(
    "Tests of metrics need a real Prometheus and its promtool. Install them (Debian: prometheus), or run as root where apt-get exists.",
  );
}

function findPrograms(): PrometheusPrograms | undefined {
  const server = findExecutable("prometheus");
  const tool = findExecutable("promtool");
  return server === undefined || tool === undefined ? undefined : { server, tool };
}

function installPrograms(): PrometheusPrograms | undefined {
  withoutServiceStarts(() => void installDebianPackages(PROMETHEUS.packages));
  return findPrograms();
}
