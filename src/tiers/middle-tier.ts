import type { Backend, TierUsage } from "../backend/backend.ts";
import type { BackendNotice } from "../backend/backend-notice.ts";
import type { NodeReport } from "../backend/backend-report.ts";
import type { TierCopyCounts } from "../backend/tier-copy-counts.ts";
import type { Codec } from "../codec/codec.ts";
import type { BreakerSettings } from "../foundation/circuit-breaker.ts";
import type { Clock } from "../foundation/clock.ts";
import { waitWithin } from "../foundation/deadline.ts";
import type { RandomSource } from "../foundation/random-source.ts";
import type { Scheduler } from "../foundation/scheduler.ts";
import type { MiddleCopy } from "./middle-copy.ts";
import { decodeMiddleCopy, encodeMiddleCopy } from "./middle-layout.ts";
import { MiddleLink } from "./middle-link.ts";
import { type MiddlePut, MiddleWrites } from "./middle-writes.ts";
import { PreparedValue } from "./prepared-value.ts";

/** What a middle tier is made of. */
export interface MiddleTierParts {
  /** Its name, for `getEntry().tier`, events and statistics. */
  readonly name: string;
  /** Where the copies lie. Keeps bytes, or values as they are. */
  readonly store: Backend;
  /** How values become bytes there. */
  readonly codec: Codec;
  /** Whether a value that was made bytes for the last tier is one for this codec too. */
  readonly readsPrepared: boolean;
  /** How long a read is waited for, in ms. */
  readonly timeoutMs: number;
  /** Longest time that a copy stays, in ms. */
  readonly maxTtlMs: number;
  /** Whether what this process writes is put there; otherwise only what it reads is. */
  readonly keepsWrites: boolean;
  readonly breaker: BreakerSettings;
  readonly clock: Clock;
  readonly scheduler: Scheduler;
  readonly random: RandomSource;
  readonly onNotice: (notice: BackendNotice) => void;
}

/** Begins every key, so that copies and the entries of others do not meet in one store. */
const KEY_PREFIX = "gcx-copy:";

/** Most that waits to be written. */
const WAITING = { maxCount: 10_000, maxBytes: 32 * 1024 * 1024 } as const;

/** A batch of writes, for which nobody waits, may take so many times as long as a read, and at least so long, in ms. */
const WRITE_PATIENCE = 10;
const MIN_WRITE_TIMEOUT_MS = 1_000;

/** How long closing waits for writes that are on their way, in ms. */
const DRAIN_MS = 1_000;

/**
 * A store of copies between the memory of this process and the shared store. It promises nothing: a copy there may be old, lost, or of another life, and nobody there hears of deletes, tags and clears. Which
 * may be served is for the reader to prove ({@link MiddleReader}); what is put there is put in the background. A tier that is down or slow is passed over.
 */
export class MiddleTier {
  readonly #parts: MiddleTierParts;
  readonly #link: MiddleLink;
  readonly #writes: MiddleWrites;
  readonly #counts = { hits: 0, misses: 0, unproven: 0, writes: 0 };

  constructor(parts: MiddleTierParts) {
    this.#parts = parts;
    const { name, onNotice } = parts;
    this.#link = new MiddleLink({
      ...parts,
      onBreaker: (state) => onNotice({ kind: "breaker", node: name, state }),
      onRefusal: (operation, error) => onNotice({ kind: "warning", message: describeRefusal(name, operation, error) }),
    });
    this.#writes = new MiddleWrites({ ...WAITING, send: (batch) => this.#send(batch) });
  }

  get name(): string {
    return this.#parts.name;
  }

  get keepsWrites(): boolean {
    return this.#parts.keepsWrites;
  }

  /** What it has done. */
  get counts(): TierCopyCounts {
    return { ...this.#counts, failures: this.#link.failureCount };
  }

  /** Begins to connect, in the background. */
  open(): void {
    // What the codec lacks shows when it is used.
    this.#parts.codec.load().then(
      () => this.#link.open(),
      () => this.#link.open(),
    );
  }

  /** The copies of keys, `undefined` for those that are not there or cannot be asked for. One round trip. Never rejects. */
  async find(keys: readonly string[], signal: AbortSignal | undefined): Promise<readonly (MiddleCopy | undefined)[]> {
    const { timeoutMs } = this.#parts;
    const found = await this.#link.ask("getMulti", timeoutMs, signal, (store, context) =>
      store.getMulti(keys.map(placeOf), context),
    );
    return keys.map((key, index) => {
      const entry = found?.[index];
      if (entry === undefined) {
        if (found !== undefined) this.#counts.misses += 1;
        return undefined;
      }
      const copy = decodeMiddleCopy(key, entry.value);
      if (copy === undefined) this.#counts.unproven += 1;
      return copy;
    });
  }

  /** The value of a copy; rejects, or throws, what the codec throws. */
  decode(key: string, { payload }: MiddleCopy): unknown {
    const decoded = this.#parts.codec.decode(payload, key);
    return decoded instanceof Promise ? decoded.then(({ value }) => value) : decoded.value;
  }

  /** A copy was served, or was not proven. */
  note(what: "hits" | "unproven"): void {
    this.#counts[what] += 1;
  }

  /**
   * Puts a copy, in the background. Its value becomes bytes in this step, so that what its owner does to it later changes nothing.
   *
   * @param ttlMs what is left of the entry's time
   */
  put(key: string, copy: Omit<MiddleCopy, "payload">, value: unknown, ttlMs: number): void {
    const encoded = this.#encode(key, value);
    if (encoded === undefined) this.drop(key);
    else if (!(encoded instanceof Promise)) this.putAgain(key, { ...copy, payload: encoded }, ttlMs);
    else {
      encoded.then(
        (payload) => this.putAgain(key, { ...copy, payload }, ttlMs),
        () => this.drop(key),
      );
    }
  }

  /** As {@link MiddleTier.put}, of a copy that was read from here. */
  putAgain(key: string, copy: MiddleCopy, ttlMs: number): void {
    const bytes = encodeMiddleCopy(key, copy);
    this.#writes.add(key, bytes && { bytes, ttlMs: Math.min(ttlMs, this.#parts.maxTtlMs) });
  }

  /** Ends the copy of a key, in the background. */
  drop(key: string): void {
    this.#writes.add(key, undefined);
  }

  /** How the tier is; what is wrong with it is never worse than `degraded`, for reads go on without it. */
  async report(): Promise<readonly NodeReport[]> {
    const { name, timeoutMs, store } = this.#parts;
    const { trouble } = this.#link;
    if (trouble !== undefined) return [reportOf(name, `${trouble}, and is passed over: reads go to the next tier`)];
    if (store.report === undefined) return [reportOf(name, undefined)];
    const report = await this.#link.ask("report", Math.max(timeoutMs, MIN_WRITE_TIMEOUT_MS), undefined, (_, context) =>
      store.report?.(context),
    );
    if (report === undefined) return [reportOf(name, "it does not say how it is")];
    return report.nodes.map((node) => ({
      ...node,
      node: `${name}/${node.node}`,
      status: node.status === "up" ? "up" : "degraded",
    }));
  }

  /** What it holds, as far as it knows. */
  usage(): TierUsage {
    const { name, store } = this.#parts;
    return { ...store.usage?.(""), name, connections: store.connections?.().open, copies: this.counts };
  }

  /** Waits a moment for what is on its way, then frees what the store holds. */
  async close(): Promise<void> {
    const { scheduler } = this.#parts;
    await waitWithin(this.#writes.drain(), {
      timeoutMs: this.#link.trouble === undefined ? DRAIN_MS : 0,
      onTimeout: () => undefined,
      scheduler,
    }).catch(() => undefined);
    this.#writes.stop();
    await this.#link.close();
  }

  #encode(key: string, value: unknown): Uint8Array | Promise<Uint8Array> | undefined {
    const { codec, readsPrepared } = this.#parts;
    if (value instanceof PreparedValue) return readsPrepared ? value.bytes : undefined;
    try {
      return codec.encode(value, key);
    } catch {
      // The last tier has it. What this codec cannot write has no copy here.
      return undefined;
    }
  }

  async #send(batch: ReadonlyMap<string, MiddlePut | undefined>): Promise<void> {
    const puts = [...batch].flatMap(([key, put]) =>
      put === undefined ? [] : [[placeOf(key), { value: put.bytes, ttlMs: put.ttlMs, tags: [] }] as const],
    );
    const ended = [...batch].flatMap(([key, put]) => (put === undefined ? [placeOf(key)] : []));
    const timeoutMs = Math.max(MIN_WRITE_TIMEOUT_MS, WRITE_PATIENCE * this.#parts.timeoutMs);
    const sending = [
      puts.length > 0 &&
        this.#link.ask("setMulti", timeoutMs, undefined, (store, context) => store.setMulti(puts, context)),
      ended.length > 0 &&
        this.#link.ask("deleteMulti", timeoutMs, undefined, (store, context) => store.deleteMulti(ended, context)),
    ];
    const [stored] = await Promise.all(sending);
    if (Array.isArray(stored)) this.#counts.writes += stored.length;
  }
}

function placeOf(key: string): string {
  return KEY_PREFIX + key;
}

function reportOf(name: string, trouble: string | undefined): NodeReport {
  const report = { node: name, latencyMs: 0, warnings: [] } as const;
  if (trouble === undefined) return { ...report, status: "up" };
  return { ...report, status: "degraded", message: `The tier ${name}: ${trouble}.` };
}

function describeRefusal(name: string, operation: string, error: unknown): string {
  const said = error instanceof Error ? error.message : "an error";
  return `The tier ${name} refuses "${operation}": ${said} It is passed over where it does, and the next tier answers.`;
}
