import type { CacheTarget } from "../cache-target.ts";
import { ENDED, pauseUnless, unlessEnded } from "../pause.ts";
import { findKeyChange, type KeyChange, type KnownKey } from "./key-change.ts";
import { createOutageNotes } from "./outage-notes.ts";

/** What is watched, and how. */
export interface KeyWatch {
  readonly target: CacheTarget;
  readonly keys: readonly string[];
  /** Time between two looks, in ms. */
  readonly intervalMs: number;
  /** Ends the watching when aborted. */
  readonly ended: AbortSignal;
  readonly onChange: (key: string, change: KeyChange) => Promise<void>;
  /** Told words about looks that fail. */
  readonly onNote: (text: string) => Promise<void>;
}

/**
 * Looks at keys again and again and tells what changed. Between two looks only the last of several changes is seen. Looks that fail later on are told once and tried again; the
 * first one must succeed.
 *
 * @throws what the first look at a key fails with, or `onChange`
 */
export async function watchKeys(watch: KeyWatch): Promise<void> {
  const known = new Map<string, KnownKey>();
  const outage = createOutageNotes(watch.onNote);
  const keys = [...new Set(watch.keys)];
  do {
    for (const key of keys) {
      const change = await lookAt(watch, key, known, outage);
      if (change === ENDED) return;
      if (change === undefined) continue;
      known.set(key, change.known);
      await watch.onChange(key, change);
    }
  } while (await pauseUnless(watch.ended, watch.intervalMs));
}

async function lookAt(
  { target, ended }: KeyWatch,
  key: string,
  known: ReadonlyMap<string, KnownKey>,
  outage: ReturnType<typeof createOutageNotes>,
): Promise<KeyChange | undefined | typeof ENDED> {
  const before = known.get(key);
  const askedAt = performance.now();
  try {
    const version = before?.kind === "entry" ? before.entry.version : undefined;
    const glance = await unlessEnded(ended, target.glance(key, version));
    if (glance === ENDED) return ENDED;
    await outage.answered();
    const nowMs = performance.now();
    return findKeyChange(before, glance, nowMs, nowMs - askedAt);
  } catch (error) {
    if (before === undefined) throw error;
    await outage.failed(error);
    return undefined;
  }
}
