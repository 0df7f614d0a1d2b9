import { describe, expect, it } from "vitest";
import { DEFAULT_LOAD_POLICY } from "../cache/load-policy.ts";
import { DEFAULT_BACKGROUND_COUNT } from "../loading/background-room.ts";
import { readEnvironment } from "./config-environment.ts";
import { resolveConfig } from "./resolve-config.ts";
import { validateConfig } from "./validate-config.ts";

describe("the section loading", () => {
  it("has the defaults of a cache without it", () => {
    const { policy, maxBackgroundLoads } = resolveConfig({}).loading;
    expect(policy).toEqual(DEFAULT_LOAD_POLICY);
    expect(maxBackgroundLoads).toBe(DEFAULT_BACKGROUND_COUNT);
  });

  it("settles every unit", () => {
    const loading = {
      hardTimeout: "2s",
      softTimeout: 150,
      grace: "1h",
      staleWhileRevalidate: "5m",
      refreshAhead: 0.8,
      earlyRefresh: 1.5,
      negativeTtl: "10s",
      errorTtl: "1s",
      distributedSingleFlight: true,
      lease: "3s",
      maxBackgroundLoads: 4,
      breakerFailures: 2,
      breakerMinPause: "1s",
      breakerMaxPause: "1m",
    };
    expect(resolveConfig({ loading }).loading).toEqual({
      policy: {
        hardTimeoutMs: 2_000,
        softTimeoutMs: 150,
        graceMs: 3_600_000,
        revalidateMs: 300_000,
        refreshAheadRatio: 0.8,
        earlyRefreshBeta: 1.5,
        negativeTtlMs: 10_000,
        errorTtlMs: 1_000,
        isFleetWide: true,
        leaseMs: 3_000,
      },
      maxBackgroundLoads: 4,
      breaker: { failureCount: 2, minOpenMs: 1_000, maxOpenMs: 60_000 },
    });
  });

  it("takes false for what is off, and for a wait without an end", () => {
    const loading = {
      hardTimeout: false,
      softTimeout: false,
      grace: false,
      staleWhileRevalidate: false,
      refreshAhead: false,
      earlyRefresh: false,
      negativeTtl: false,
      errorTtl: false,
      distributedSingleFlight: false,
    };
    expect(resolveConfig({ loading }).loading.policy).toEqual({
      ...DEFAULT_LOAD_POLICY,
      hardTimeoutMs: Number.POSITIVE_INFINITY,
      isFleetWide: false,
    });
  });

  it.each([
    ["grace", Number.POSITIVE_INFINITY, 'a duration from "1ms" to "36525d", or false for "off"'],
    ["refreshAhead", 1, 'a number above 0 and below 1, or false for "off"'],
    ["refreshAhead", "0.8", "Write it without quotes."],
    ["earlyRefresh", 0, 'a number above 0, or false for "off"'],
    ["earlyRefresh", Number.POSITIVE_INFINITY, "a number above 0"],
    ["earlyRefresh", Number.NaN, "a number above 0"],
    ["lease", false, "a duration"],
    ["maxBackgroundLoads", 0, "a whole number from 1"],
    ["distributedSingleFlight", { lease: 5 }, "true or false"],
  ])("refuses %s: %s by name", (name, value, allowed) => {
    expect(() => resolveConfig({ loading: { [name]: value } })).toThrow(
      expect.objectContaining({
        code: "GCX_CONFIG_INVALID",
        field: `loading.${name}`,
        message: expect.stringContaining(allowed),
      }),
    );
  });

  it("can be said in snake_case, and by variables", () => {
    const inFile = validateConfig({ loading: { hard_timeout: 2_000_000_000, refresh_ahead: 0.5, error_ttl: 0 } });
    expect(inFile).toEqual({ loading: { hardTimeout: 2_000, refreshAhead: 0.5 } });
    const env = {
      GOCACHEX_LOADING_SOFT_TIMEOUT: "200ms",
      GOCACHEX_LOADING_EARLY_REFRESH: "1.5",
      GOCACHEX_LOADING_REFRESH_AHEAD: "off",
      GOCACHEX_LOADING_DISTRIBUTED_SINGLE_FLIGHT: "no",
    };
    expect(readEnvironment(env).config).toEqual({
      loading: { softTimeout: "200ms", earlyRefresh: 1.5, refreshAhead: false, distributedSingleFlight: false },
    });
  });
});
