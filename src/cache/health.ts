/** How something is: `up` works, `degraded` works with less than it should, `down` does not work. */
export type HealthStatus = "up" | "degraded" | "down";

/** One thing that was looked at. */
export interface HealthCheck {
  /** What was looked at, for example `"memory"`. */
  readonly name: string;
  /** What was found. */
  readonly status: HealthStatus;
  /** How long the check took, in ms. */
  readonly latencyMs: number;
  /** What is wrong, when something is. Holds no keys, values or credentials. */
  readonly message?: string;
}

/** The cache's health: the worst of its checks. */
export interface CacheHealth {
  /** The worst status among the checks. */
  readonly status: HealthStatus;
  /** What was looked at, one per store. */
  readonly checks: readonly HealthCheck[];
}
