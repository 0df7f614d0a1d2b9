/** How something is: `up` works, `degraded` works with less than it should, `down` does not work. */
export type HealthStatus = "up" | "degraded" | "down";

/** One thing that was looked at. */
export interface HealthCheck {
  /** What was looked at: a store, for example `"memory"`, or one server of it, `"redis/127.0.0.1:6379"`. */
  readonly name: string;
  /** What was found. */
  readonly status: HealthStatus;
  /** How long the check took, in ms. */
  readonly latencyMs: number;
  /** What is wrong, when something is, with the remedies that the store knows. Holds no keys, values or credentials. */
  readonly message?: string;
}

/** The cache's health. */
export interface CacheHealth {
  /** `up` when all checks are; `down` when nothing answers; else `degraded`, for what answers still serves its keys. */
  readonly status: HealthStatus;
  /**
   * What was looked at: one check for the store, or one for each of its servers where the store knows them, and one for copies in this process where there are
   * such. Never empty.
   */
  readonly checks: readonly HealthCheck[];
}
