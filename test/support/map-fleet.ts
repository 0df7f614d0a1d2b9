import type { OperationContext } from "../../src/backend/backend.ts";
import type {
  LoadFillResult,
  LoadLease,
  LoadLeaseRequest,
  LoadRenewal,
  LoadTier,
} from "../../src/backend/load-tier.ts";
import type { EntryWrite } from "../../src/backend/stored-entry.ts";
import type { Clock } from "../../src/foundation/clock.ts";
import type { MapBackend, MapOperation } from "../../src/testing/map-backend/map-backend.ts";
import {
  createOperationGates,
  type HoldOptions,
  type OperationHold,
} from "../../src/testing/map-backend/operation-gate.ts";

/** The calls of a load tier. */
export type TierCall = "getOrLease" | "fill" | "renew" | "release" | "claimRefresh" | "releaseRefresh";

/** What the processes of a fleet share besides the data: who loads which key. */
interface FleetTokens {
  readonly byKey: Map<string, { readonly token: string; readonly untilMs: number }>;
  /** Until when somebody refreshes a version of a key. */
  readonly claims: Map<string, number>;
  readonly watches: Map<string, Set<() => void>>;
  readonly clock: Clock;
  count: number;
}

/** A client of a store with a load tier, with what tests need to steer it. */
export interface FleetStore extends MapBackend {
  readonly loadTier: LoadTier;
  /** The calls of the tier so far, in their order. */
  readonly tierCalls: readonly TierCall[];
  /** As `hold`, for the calls of the tier. */
  holdTier(call: TierCall, options?: HoldOptions): OperationHold;
  /** Another process on the same data, with gates of its own. */
  openOther(): FleetStore;
}

/**
 * Operations after which the tokens of keys are void; what names no keys voids all of them, which is allowed. Not an invalidation of tags: that a fill carries one of
 * them is seen when it comes.
 */
const CHANGES: readonly Exclude<MapOperation, "revalidate">[] = [
  "set",
  "setMulti",
  "delete",
  "deleteMulti",
  "increment",
  "commit",
  "clear",
];

/** Gives a plain store a load tier: a correct one, with one process's promises. */
export function createFleetStore(map: MapBackend, clock: Clock): FleetStore {
  return join(map, { byKey: new Map(), claims: new Map(), watches: new Map(), clock, count: 0 });
}

function join(map: MapBackend, tokens: FleetTokens): FleetStore {
  const gates = createOperationGates();
  const tierCalls: TierCall[] = [];
  const pass = async <T>(call: TierCall, context: OperationContext, act: () => T | Promise<T>): Promise<T> => {
    tierCalls.push(call);
    await gates.pass(call, "request", context);
    const answer = await act();
    await gates.pass(call, "reply", context);
    return answer;
  };
  const loadTier: LoadTier = {
    getOrLease: (key, request, context) => pass("getOrLease", context, () => leaseOf(map, tokens, key, request)),
    fill: (key, { token, write }, context) =>
      pass("fill", context, async () => {
        if (tokens.byKey.get(key)?.token !== token) return { stored: false, version: 0 };
        end(tokens, [key]);
        return map.set(key, { ...write, condition: undefined }, {});
      }),
    renew: (key, renewal, context) => pass("renew", context, () => renew(map, tokens, key, renewal)),
    claimRefresh: (key, version, claimMs, context) =>
      pass("claimRefresh", context, () => {
        const nowMs = tokens.clock.monotonicMs();
        const isFree = (tokens.claims.get(`${version}:${key}`) ?? 0) <= nowMs;
        if (isFree) tokens.claims.set(`${version}:${key}`, nowMs + claimMs);
        return isFree;
      }),
    releaseRefresh: (key, version, context) =>
      pass("releaseRefresh", context, () => void tokens.claims.delete(`${version}:${key}`)),
    release: (key, token, context) =>
      pass("release", context, () => {
        const isItsOwn = tokens.byKey.get(key)?.token === token;
        if (isItsOwn) end(tokens, [key]);
        return isItsOwn;
      }),
    watchKey: (key, onChange) => {
      const watches = tokens.watches.get(key) ?? new Set();
      tokens.watches.set(key, watches.add(onChange));
      return () => void watches.delete(onChange);
    },
  };
  return {
    ...map,
    ...changesThatVoid(map, tokens),
    loadTier,
    tierCalls,
    holdTier: (call, options) => gates.hold(call, options),
    openOther: () => join(map.openSecond(), tokens),
  };
}

/** Gives no token beside an entry that lives. */
async function leaseOf(
  map: MapBackend,
  tokens: FleetTokens,
  key: string,
  { tokenMs, takesOver = false }: LoadLeaseRequest,
): Promise<LoadLease> {
  const entry = await map.get(key, {});
  if (entry !== undefined) return { kind: "hit", entry };
  const [stale] = (await map.getStale?.([key], {})) ?? [];
  const nowMs = tokens.clock.monotonicMs();
  const held = tokens.byKey.get(key);
  if (held !== undefined && held.untilMs > nowMs && !takesOver)
    return { kind: "busy", remainingMs: held.untilMs - nowMs, stale };
  tokens.count += 1;
  const token = `token ${tokens.count}`;
  tokens.byKey.set(key, { token, untilMs: nowMs + tokenMs });
  return { kind: "token", token, stale };
}

/** Writes what is there once more, with its new end. */
async function renew(
  map: MapBackend,
  tokens: FleetTokens,
  key: string,
  { version, token, ttlMs, staleMs }: LoadRenewal,
): Promise<LoadFillResult | undefined> {
  const refused = { stored: false, version: 0 };
  if (token !== undefined && tokens.byKey.get(key)?.token !== token) return refused;
  const live = await map.get(key, {});
  const [kept] = token === undefined ? [] : ((await map.getStale?.([key], {})) ?? []);
  const entry = live ?? kept;
  if (entry?.version !== version) return token === undefined ? refused : undefined;
  end(tokens, [key]);
  return map.set(key, { value: entry.value, tags: entry.tags, ttlMs, staleMs }, {});
}

function end({ byKey, watches }: FleetTokens, keys: Iterable<string>): void {
  for (const key of keys) {
    byKey.delete(key);
    for (const tell of watches.get(key) ?? []) tell();
  }
}

type Call = (...parameters: unknown[]) => Promise<unknown>;

function changesThatVoid(map: MapBackend, tokens: FleetTokens): Partial<MapBackend> {
  const voiding = CHANGES.map((operation) => {
    const change: Call = async (...parameters) => {
      const result = await (map[operation] as unknown as Call)(...parameters);
      end(tokens, keysOf(operation, parameters, tokens));
      return result;
    };
    return [operation, change] as const;
  });
  return Object.fromEntries(voiding) as Partial<MapBackend>;
}

function keysOf(operation: MapOperation, [first]: readonly unknown[], { byKey }: FleetTokens): readonly string[] {
  switch (operation) {
    case "set":
    case "delete":
    case "increment":
      return [first as string];
    case "deleteMulti":
      return first as readonly string[];
    case "setMulti":
      return (first as ReadonlyArray<readonly [string, EntryWrite]>).map(([key]) => key);
    default:
      return [...byKey.keys()];
  }
}
