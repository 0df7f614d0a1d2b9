import { InvalidArgumentError } from "../../foundation/errors.ts";
import { METRIC_LABELS } from "./metric-row.ts";
import type { PrometheusRegistry } from "./prom-client-library.ts";

/** First part of every name unless said otherwise. */
const DEFAULT_NAMESPACE = "gocachex";

/** What Prometheus allows as a part of a metric's name, and as a label. */
const NAME_PATTERN = /^[a-zA-Z_][a-zA-Z0-9_]*$/;

/** Labels that a user's own must not replace. `le` and `quantile` are Prometheus's. */
const RESERVED_LABELS: ReadonlySet<string> = new Set(["cache", "le", "quantile", ...METRIC_LABELS]);

/** How metrics are named and labelled. */
export interface MetricNaming {
  /** First part of every metric's name. Default: `"gocachex"`. Range: letters, digits and underscores, not beginning with a digit. */
  readonly namespace?: string | undefined;
  /** Second part of every metric's name. Default: none. Range: as `namespace`. */
  readonly subsystem?: string | undefined;
  /**
   * Labels that every line of this cache carries, such as a region. Default: none. Range: names of letters, digits and underscores, not beginning with a digit or two
   * underscores, and none of the metrics' own.
   */
  readonly labels?: Readonly<Record<string, string>> | undefined;
}

/** Options of `prometheusMetrics`. */
export interface PrometheusOptions extends MetricNaming {
  /**
   * The registry to show the metrics in: one of prom-client 15, such as its default `register`. Several caches may share one. Where it writes OpenMetrics, durations have the
   * traces of calls as exemplars. Default: a registry of its own, in the text format.
   */
  readonly registry?: PrometheusRegistry | undefined;
}

/** {@link MetricNaming} with defaults filled in. */
export interface ResolvedNaming {
  /** What stands before each name, without the underscore between. */
  readonly prefix: string;
  readonly labels: Readonly<Record<string, string>>;
}

/**
 * Checks names and labels and fills in defaults.
 *
 * @throws InvalidArgumentError `GCX_ARGUMENT_OPTION`
 */
export function resolveNaming({ namespace = DEFAULT_NAMESPACE, subsystem, labels = {} }: MetricNaming): ResolvedNaming {
  assertName("namespace", namespace);
  if (subsystem !== undefined) assertName("subsystem", subsystem);
  const problem = findLabelProblem(labels);
  if (problem !== undefined) throw new InvalidArgumentError("GCX_ARGUMENT_OPTION", "labels", problem);
  return {
    prefix: subsystem === undefined ? namespace : `${namespace}_${subsystem}`,
    labels: Object.freeze({ ...labels }),
  };
}

/** What is wrong with labels, in a sentence; `undefined`: nothing. */
export function findLabelProblem(labels: Readonly<Record<string, string>>): string | undefined {
  for (const [name, value] of Object.entries(labels)) {
    if (!NAME_PATTERN.test(name) || name.startsWith("__")) {
      return `labels has the name "${name}", which Prometheus does not allow: use letters, digits and underscores, not beginning with a digit or two underscores.`;
    }
    if (RESERVED_LABELS.has(name))
      return `labels has the name "${name}", which the metrics use themselves. Choose another.`;
    if (typeof value !== "string") return `labels has a value of "${name}" that is not a text.`;
  }
  return undefined;
}

function assertName(option: string, value: string): void {
  if (typeof value === "string" && NAME_PATTERN.test(value)) return;
  throw new InvalidArgumentError(
    "GCX_ARGUMENT_OPTION",
    option,
    `${option} must be letters, digits and underscores, not beginning with a digit; got ${JSON.stringify(value)}.`,
  );
}
