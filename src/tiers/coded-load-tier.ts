import type { Backend } from "../backend/backend.ts";
import { assertWanted } from "../backend/caller.ts";
import type {
  LoadFill,
  LoadFillResult,
  LoadLease,
  LoadRenewal,
  LoadTier,
  LoadToken,
  TierContext,
} from "../backend/load-tier.ts";
import type { TierLease, TierStamp } from "../backend/shared-tier.ts";
import type { EntryWrite, StoredEntry } from "../backend/stored-entry.ts";
import { EntryTooLargeError, SerializationError } from "../foundation/errors.ts";
import type { CodedBackendParts } from "./coded-backend-parts.ts";

/**
 * The right to replace an entry that could not be read: its version is the token. Nobody else is kept from loading meanwhile, for the tier takes the entry for a hit; of several that
 * load, the first stores, and whatever happened to the entry since refuses all of them.
 */
export class UnreadableEntryToken {
  readonly version: number;
  /** What the store's tags are compared with; `undefined` where it keeps none. */
  readonly stamp: number | undefined;
  /** Where the key's shard stood when the entry was met; `undefined` where the tier does not say. */
  readonly metAt: TierStamp | undefined;

  constructor(version: number, stamp: number | undefined, metAt: TierStamp | undefined) {
    this.version = version;
    this.stamp = stamp;
    this.metAt = metAt;
  }
}

/** Nothing was stored. */
const REFUSED: LoadFillResult = { stored: false, version: 0 };

/**
 * The load tier of a store of bytes for values: fills are encoded, hits and stale entries decoded.
 *
 * A hit that cannot be read is a miss for this cache and a hit for the tier, also for others that can read it (a newer version of the program, another key). So it is neither deleted nor
 * waited for: its caller loads, and replaces it if it is still the same; see {@link UnreadableEntryToken}. A stale entry that cannot be read is none.
 */
export function codedLoadTier(parts: CodedBackendParts, tier: LoadTier): LoadTier {
  const watchKey = tier.watchKey?.bind(tier);
  const renew = tier.renew?.bind(tier);
  const claimRefresh = tier.claimRefresh?.bind(tier);
  const releaseRefresh = tier.releaseRefresh?.bind(tier);
  return {
    async getOrLease(key, request, context) {
      return decodeLease(parts, key, await tier.getOrLease(key, request, context), context);
    },
    fill: (key, fill, context) => fillEncoded(parts, tier, key, fill, context),
    async release(key, token, context) {
      return token instanceof UnreadableEntryToken ? false : tier.release(key, token, context);
    },
    ...(watchKey && { watchKey }),
    ...(claimRefresh && { claimRefresh }),
    ...(releaseRefresh && { releaseRefresh }),
    ...(renew && {
      // What could not be read was shown to nobody, so nobody can have said that it is still right.
      renew: async (key: string, renewal: LoadRenewal, context: TierContext) =>
        renewal.token instanceof UnreadableEntryToken ? undefined : renew(key, renewal, context),
    }),
  };
}

/** What a lease says, with values in place of bytes. */
export async function decodeLease(
  { backend, values }: CodedBackendParts,
  key: string,
  lease: LoadLease,
  context: TierContext,
): Promise<LoadLease> {
  if (lease.kind !== "hit") {
    if (lease.stale === undefined) return lease;
    return { ...lease, stale: await values.decodePrevious(key, lease.stale) };
  }
  const entry = await values.decodeEntry(key, lease.entry);
  if (entry !== undefined) return { ...lease, entry };
  const { stamp } = lease as Partial<TierLease>;
  return { kind: "token", token: await unreadableToken(backend, lease.entry, stamp, context), stale: undefined };
}

/** The stamp is taken before the loader begins: what is invalidated later refuses its result. */
async function unreadableToken(
  backend: Backend,
  { version }: StoredEntry,
  metAt: TierStamp | undefined,
  context: TierContext,
): Promise<LoadToken> {
  return new UnreadableEntryToken(version, await backend.stamp?.(context), metAt);
}

/** Fills with a value's bytes; gives the token back when they cannot be made or are too many. */
export async function fillEncoded(
  { backend, codec }: CodedBackendParts,
  tier: LoadTier,
  key: string,
  { token, write }: LoadFill,
  context: TierContext,
): Promise<LoadFillResult> {
  try {
    const value = await codec.encode(write.value, key);
    assertWanted(context);
    const encoded: EntryWrite = { ...write, value };
    if (token instanceof UnreadableEntryToken) return await replaceUnreadable(backend, key, token, encoded, context);
    return await tier.fill(key, { token, write: encoded }, context);
  } catch (error) {
    if (!(token instanceof UnreadableEntryToken) && isUnstorable(error, context)) giveBack(tier, key, token);
    throw error;
  }
}

/** Whether nothing was sent, so that nobody will store with the token. */
function isUnstorable(error: unknown, { signal }: TierContext): boolean {
  const isCallers = signal?.aborted === true && error === signal.reason;
  return isCallers || error instanceof SerializationError || error instanceof EntryTooLargeError;
}

/** In the background: the caller is to be told of its error, and a token that stays ends by itself. */
function giveBack(tier: LoadTier, key: string, token: LoadToken): void {
  tier.release(key, token, {}).catch(() => undefined);
}

async function replaceUnreadable(
  backend: Backend,
  key: string,
  { version, stamp }: UnreadableEntryToken,
  write: EntryWrite,
  context: TierContext,
): Promise<LoadFillResult> {
  // Without that condition it could replace what somebody wrote meanwhile.
  if (!backend.capabilities.conditionalWrites) return REFUSED;
  const given = write.tagsUnchangedSince;
  const tagsUnchangedSince = stamp === undefined || given === undefined ? (given ?? stamp) : Math.min(given, stamp);
  const { stored, version: found } = await backend.set(
    key,
    { ...write, tagsUnchangedSince, condition: { kind: "version", version } },
    context,
  );
  return stored ? { stored, version: found } : REFUSED;
}
