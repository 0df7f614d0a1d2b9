import type { Load } from "../loading/load.ts";
import { fleetLeaseMs } from "./load-policy.ts";
import { askForLoad, type LoadAsk } from "./load-store.ts";
import type { ResolvedGetOrSet } from "./resolve-options.ts";
import type { ViewScope } from "./view-scope.ts";

/** A refresh of a live entry that this process does for its fleet. */
export interface RefreshClaim {
  readonly version: number;
  /** Monotonic instant at which the store lets the next one begin. */
  readonly untilMs: number;
}

/** What came of asking. */
export type ClaimOutcome =
  | { readonly kind: "claimed"; readonly claim: RefreshClaim }
  /** Somebody else refreshes, and this process leaves it to them. */
  | { readonly kind: "refused" }
  /** The store said nothing: this process refreshes like any other. */
  | { readonly kind: "unanswered" };

/** How long a process that was refused serves that version without asking again, in ms: a key that is read all the time would ask with each read. */
const REFUSED_PAUSE_MS = 100;

/** Whether refreshes of live entries are shared with other processes. */
export function sharesRefreshes({ core }: ViewScope, { load }: ResolvedGetOrSet): boolean {
  return load.isFleetWide && core.backend.loadTier?.claimRefresh !== undefined;
}

/** Asks for the leave to refresh a version of an entry. Never fails. */
export async function claimRefresh(
  { core }: ViewScope,
  resolved: ResolvedGetOrSet,
  { storedKey }: Load,
  version: number,
): Promise<ClaimOutcome> {
  const claimMs = fleetLeaseMs(resolved.load);
  // Reckoned from before the question, so that the end here is never after the one there.
  const untilMs = core.clock.monotonicMs() + claimMs;
  const ask: LoadAsk = {
    ...{ operation: "claimRefresh", kind: "read", signal: undefined },
    timeoutMs: Number.POSITIVE_INFINITY,
  };
  const answer = await askForLoad(core, ask, ({ loadTier }, context) =>
    loadTier!.claimRefresh!(storedKey, version, claimMs, context),
  );
  if (!answer.isAnswered) return { kind: "unanswered" };
  if (answer.value) return { kind: "claimed", claim: { version, untilMs } };
  core.loadMemory.noteRefreshElsewhere(storedKey, version, core.clock.monotonicMs() + REFUSED_PAUSE_MS);
  return { kind: "refused" };
}

/** Gives a claim back, so that the next process may refresh at once; not one that may be somebody else's by now. Never fails. */
export async function releaseClaim(
  { core }: ViewScope,
  { storedKey }: Load,
  { version, untilMs }: RefreshClaim,
): Promise<void> {
  if (core.clock.monotonicMs() >= untilMs) return;
  const ask: LoadAsk = {
    ...{ operation: "releaseRefresh", kind: "write", signal: undefined },
    timeoutMs: Number.POSITIVE_INFINITY,
  };
  await askForLoad(core, ask, async ({ loadTier }, context) => loadTier?.releaseRefresh?.(storedKey, version, context));
}
