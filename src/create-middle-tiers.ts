import type { BackendNotice } from "./backend/backend-notice.ts";
import type { BackendHost } from "./backend/registry.ts";
import { createCodec } from "./codec/create-codec.ts";
import type { ResolvedConfig } from "./config/resolve-config.ts";
import type { ResolvedTier } from "./config/resolve-tiers.ts";
import { createStore } from "./create-store.ts";
import { MiddleTier } from "./tiers/middle-tier.ts";

/** Is told what a tier says of itself. */
export type MiddleNoticeListener = (tierName: string, notice: BackendNotice) => void;

/** Makes the tiers between the first and the last, nearest first. Opens nothing. */
export function createMiddleTiers(
  config: ResolvedConfig,
  onNotice: MiddleNoticeListener,
  host: BackendHost,
): readonly MiddleTier[] {
  const { tiers, codec } = config;
  const names = nameTiers(tiers.map(({ backend }) => (typeof backend === "string" ? backend : backend.name)));
  return tiers.slice(1, -1).map((tier, index) => {
    const name = names[index + 1] as string;
    return createMiddleTier(config, tier, { name, readsPrepared: codec.hasEnvelope, onNotice }, host);
  });
}

function createMiddleTier(
  config: ResolvedConfig,
  tier: ResolvedTier,
  {
    name,
    readsPrepared,
    onNotice,
  }: Pick<MiddleTier, "name"> & { readonly readsPrepared: boolean; readonly onNotice: MiddleNoticeListener },
  host: BackendHost,
): MiddleTier {
  const tell = (notice: BackendNotice): void => onNotice(name, notice);
  // What leaves a store of copies is no entry: nobody is told.
  const quiet: BackendHost = { ...host, wantsRemovals: () => false, onRemoval: () => undefined, onNotice: tell };
  // Copies bring all that is needed to prove them: the store keeps bytes, and no more.
  const store = createStore({ ...config, ...tier, sharding: undefined, consistencyMode: "plain" }, quiet);
  const { clock, scheduler, random } = host;
  return new MiddleTier({
    ...{ name, store, clock, scheduler, random, readsPrepared },
    // Bytes of other programs, and damage, must be seen.
    codec: createCodec({ ...tier.codec, hasEnvelope: true }, host),
    timeoutMs: tier.timeoutMs,
    maxTtlMs: tier.ttlMs,
    keepsWrites: tier.write.kind !== "around",
    breaker: config.loading.breaker,
    onNotice: tell,
  });
}

/** Names of tiers by their stores': one that another tier has as well gets its place, from 1, behind it. The first and the last keep theirs. */
function nameTiers(stores: readonly string[]): readonly string[] {
  const isOften = (store: string): boolean => stores.indexOf(store) !== stores.lastIndexOf(store);
  return stores.map((store, index) =>
    index > 0 && index < stores.length - 1 && isOften(store) ? `${store}-${index + 1}` : store,
  );
}
