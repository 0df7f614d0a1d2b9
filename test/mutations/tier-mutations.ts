import type { Mutation } from "./mutation.ts";

const CAPPED = "src/tiers/capped-ttl-backend.ts";
const CAPPED_TEST = "src/tiers/capped-ttl-backend.test.ts";
const TTLS_TEST = "test/unit/tier-ttls.test.ts";
const QUEUE = "src/tiers/write-queue.ts";
const BEHIND = "src/tiers/write-behind.ts";
const BEHIND_BACKEND = "src/tiers/write-behind-backend.ts";
const BEHIND_LOADS = "src/tiers/behind-load-tier.ts";
const SENDER = "src/tiers/behind-sender.ts";
const BYTES_TEST = "test/unit/write-behind-bytes.test.ts";
const BEHIND_TEST = "test/unit/write-behind.test.ts";

/** The safeguards of the tiers' TTLs and of how they are written. */
export const TIER_MUTATIONS: readonly Mutation[] = [
  {
    name: "a write ends with the TTL of the tier",
    file: CAPPED,
    search: "set: (key, write, context) => target.set(key, cap(write), context)",
    replacement: "set: (key, write, context) => target.set(key, write, context)",
    testFile: CAPPED_TEST,
    testName: "a store with a longest TTL ends what has come by a write when that is over",
  },
  {
    name: "a new end is not beyond the TTL of the tier",
    file: CAPPED,
    search: "target.expire(key, Math.min(ttlMs, maxTtlMs), context)",
    replacement: "target.expire(key, ttlMs, context)",
    testFile: CAPPED_TEST,
    testName: "a store with a longest TTL ends what has come by a new end when that is over",
  },
  {
    name: "fills and sliding TTLs end with the TTL of the tier",
    file: CAPPED,
    search: "write: capWrite(fill.write, maxTtlMs)",
    replacement: "write: fill.write",
    testFile: CAPPED_TEST,
    testName: "a store with a longest TTL shortens sliding TTLs, fills and renewals too",
  },
  {
    name: "jitter is of the shortened TTL",
    file: "src/cache/resolve-options.ts",
    search: "jitterTtlMs(Math.min(ttlMs, defaults.maxTtlMs), jitter, random)",
    replacement: "jitterTtlMs(ttlMs, jitter, random)",
    testFile: TTLS_TEST,
    testName: "a cache of one tier with a TTL spreads by jitter what wants more than there is",
  },
  {
    name: "what is loaded for ever stands in where the tier has a TTL",
    file: "src/cache/store-loaded.ts",
    search: "Math.min(result.plan.ttlMs ?? resolved.ttlMs, defaults.maxTtlMs)",
    replacement: "result.plan.ttlMs ?? Number.POSITIVE_INFINITY",
    testFile: TTLS_TEST,
    testName: "a cache of one tier with a TTL keeps data to stand in that would otherwise have had no end",
  },
  {
    name: "a batch looks at its copies once more",
    file: "src/tiers/near-reader.ts",
    search: "if (this.#takeCopies(keys, ofCopies, entries).length === 0) return entries;",
    replacement: "return entries;",
    testFile: "test/unit/near-copies.test.ts",
    testName: "a batch looks at its copies once more when the rest was long on its way",
  },
  {
    name: "what is written around the near tier leaves no copy",
    file: "src/tiers/near-changer.ts",
    search: "if (keepsWrites || isLoaded) copies.keep(",
    replacement: "copies.keep(",
    testFile: "test/unit/near-copies.test.ts",
    testName:
      "a tier that is written around keeps no copy of what is written, ends the one that was there, and keeps what is read",
  },
  {
    name: "what waits is read",
    file: BEHIND_BACKEND,
    search:
      "const pending = behind.find(key);\n      return pending === undefined ? target.get(key, context) : pending.entry;",
    replacement: "return target.get(key, context);",
    testFile: BEHIND_TEST,
    testName: "a write that is written behind is a delete too, which hides what the store still has",
  },
  {
    name: "what has left is not written over",
    file: QUEUE,
    search: "const queued = this.#queued.get(key);",
    replacement: "const queued = this.find(key);",
    testFile: BEHIND_TEST,
    testName:
      "a write that is written behind is the last of its key when they wait, and never changed once it has left",
  },
  {
    name: "no more writes wait than there is room for",
    file: QUEUE,
    search: "if (queued === undefined && this.count >= maxCount) return false;",
    replacement: "",
    testFile: BEHIND_TEST,
    testName:
      "a write that is written behind goes through, awaited, when as many wait as may, and is not overtaken by what waited",
  },
  {
    name: "a write that goes through lets those before it arrive",
    file: BEHIND,
    search: 'await this.arrival([key], "set", context);',
    replacement: "",
    testFile: BEHIND_TEST,
    testName:
      "a write that is written behind goes through, awaited, when as many wait as may, and is not overtaken by what waited",
  },
  {
    name: "a batch that fails is over before it says so",
    file: "src/backends/redis/keys-in-turn.ts",
    search: "await settleAll(together)",
    replacement: "await Promise.all(together)",
    testFile: "src/backends/redis/keys-in-turn.test.ts",
    testName:
      "a batch of which something fails is over when nothing of it is on its way, and has begun nothing further",
  },
  {
    name: "what is settled together fails when all are over",
    file: "src/foundation/settle-all.ts",
    search: "    await Promise.allSettled(calls);\n",
    replacement: "",
    testFile: "src/foundation/settle-all.test.ts",
    testName: "calls that are settled together fail with what failed first, and not before all are over",
  },
  {
    name: "a write that waited has what is left of its TTL",
    file: SENDER,
    search: "{ ...write, ttlMs: endsAtMs - nowMs }",
    replacement: "write",
    testFile: BEHIND_TEST,
    testName:
      "a write that is written behind has what is left of its TTL when it arrives, and deletes its key when nothing is",
  },
  {
    name: "a write that is over when it leaves deletes its key",
    file: SENDER,
    search: "write === undefined || pending.isOver(nowMs)",
    replacement: "write === undefined",
    testFile: BEHIND_TEST,
    testName:
      "a write that is written behind has what is left of its TTL when it arrives, and deletes its key when nothing is",
  },
  {
    name: "bytes are made before the call is over",
    file: BEHIND,
    search: "if (encode === undefined) {",
    replacement: "if (encode !== undefined || encode === undefined) {",
    testFile: BEHIND_TEST,
    testName: "a write that is written behind fails at once when its value cannot become bytes",
  },
  {
    name: "what waits arrives before a counter moves",
    file: BEHIND_BACKEND,
    search: 'await behind.arrival([key], "increment", context);',
    replacement: "",
    testFile: BEHIND_TEST,
    testName: "what needs the store's answer lets what waits arrive first: increment",
  },
  {
    name: "what waits arrives before a commit",
    file: BEHIND_BACKEND,
    search: 'await behind.arrival([...new Set([...checks, ...writes].map(({ key }) => key))], "commit", context);',
    replacement: "",
    testFile: BEHIND_TEST,
    testName: "what needs the store's answer is a commit that checks what was read before",
  },
  {
    name: "a read for a comparison is the store's",
    file: BEHIND_BACKEND,
    search: "if (context.isCommitAwaited === true) return readCommitted(target, behind, key, context);",
    replacement: "",
    testFile: BEHIND_TEST,
    testName: "what needs the store's answer lets what waits arrive first: update",
  },
  {
    name: "what waits arrives before tags end",
    file: BEHIND_BACKEND,
    search: 'await behind.arrival(undefined, "invalidateTags", context);',
    replacement: "",
    testFile: BEHIND_TEST,
    testName: "what needs the store's answer are tags, namespaces and locks as well",
  },
  {
    name: "what waits arrives before a namespace is cleared",
    file: BEHIND_BACKEND,
    search: 'await behind.arrival(undefined, "clear", context);',
    replacement: "",
    testFile: BEHIND_TEST,
    testName: "what needs the store's answer are tags, namespaces and locks as well",
  },
  {
    name: "what was written under a lock arrives before it is given back",
    file: BEHIND_BACKEND,
    search: 'if (request.kind !== "extend") await behind.arrival(undefined, "lock", context);',
    replacement: "",
    testFile: BEHIND_TEST,
    testName: "what needs the store's answer are tags, namespaces and locks as well",
  },
  {
    name: "a write for all is not queued",
    file: BEHIND,
    search: "if (context.isCommitAwaited === true || !isPlain(write)) return undefined;",
    replacement: "if (!isPlain(write)) return undefined;",
    testFile: BEHIND_TEST,
    testName: "what needs the store's answer is a write that all processes are to see",
  },
  {
    name: "who waits for what waits hears that it failed",
    file: QUEUE,
    search: "    write.settle(error);\n",
    replacement: "",
    testFile: BEHIND_TEST,
    testName: "what needs the store's answer fails at once with what the store says, when that takes nothing",
    hangs: true,
  },
  {
    name: "a load does not store over what waits",
    file: BEHIND_LOADS,
    search:
      "async fill(key, fill, context) {\n      if (behind.queue.find(key) !== undefined) return { stored: false, version: 0 };",
    replacement: "async fill(key, fill, context) {",
    testFile: BEHIND_TEST,
    testName:
      "what needs the store's answer is the result of a load: one that began before a write is not stored while that waits",
  },
  {
    name: "a load waits for a delete that waits",
    file: BEHIND_LOADS,
    search: 'await behind.arrival([key], "getOrLease", context);',
    replacement: "",
    testFile: BEHIND_TEST,
    testName: "a write that is written behind is a delete too, which hides what the store still has",
  },
  {
    name: "what close has told of is not told of again",
    file: QUEUE,
    search: "if (isRefused && !this.#isStopped) this.#parts.onRefused(write, error);",
    replacement: "if (isRefused) this.#parts.onRefused(write, error);",
    testFile: "test/unit/write-queue-drained.test.ts",
    testName:
      "a queue of writes that is drained tells once of what was on its way when its time was over, also when that is refused afterwards",
  },
  {
    name: "attempts are apart",
    file: QUEUE,
    search: "await this.#waitBeforeNextAttempt();",
    replacement: "await new Promise((resume) => this.#parts.scheduler.after(1, () => resume(undefined)));",
    testFile: BEHIND_TEST,
    testName:
      "while the store takes nothing what waits is tried again, with pauses that grow, and arrives in its order",
  },
  {
    name: "less is sent after nothing arrived",
    file: QUEUE,
    search: "Math.max(BATCH_COUNTS.min, Math.floor(this.#batchCount / 2))",
    replacement: "this.#batchCount",
    testFile: BEHIND_TEST,
    testName: "while the store takes nothing a store that is slow gets less at a time until it can keep up",
  },
  {
    name: "what has failed is sent alone",
    file: QUEUE,
    search: "write.isAlone = true;",
    replacement: "",
    testFile: BEHIND_TEST,
    testName: "while the store takes nothing what one server keeps from being written keeps nothing else",
  },
  {
    name: "a store that hangs has a deadline",
    file: SENDER,
    search: "scheduler.after(writeMs, late, true)",
    replacement: "scheduler.after(1e9, late, true)",
    testFile: BEHIND_TEST,
    testName: "while the store takes nothing a store that does not answer has as long as a write has",
  },
  {
    name: "a refused value ends its key",
    file: QUEUE,
    search: "if (isRefused) write.replace(DELETION);",
    replacement: "if (isRefused) return;",
    testFile: BEHIND_TEST,
    testName: "while the store takes nothing a value that the store refuses for good ends its key, and is told",
  },
  {
    name: "close writes what waits",
    file: BEHIND,
    search: "await this.#queue.drain(closeMs * (1 - CLOSE_SHARE))",
    replacement: "await this.#queue.drain(0)",
    testFile: BEHIND_TEST,
    testName: "close writes what waits",
  },
  {
    name: "close tells what is lost",
    file: BEHIND,
    search: 'if (left.length > 0) this.#tell("closed"',
    replacement: 'if (left.length < 0) this.#tell("closed"',
    testFile: BEHIND_TEST,
    testName: "close tells within its deadline what could not be written",
  },
  {
    name: "what waits to be written is bounded in bytes",
    file: QUEUE,
    search: "if (growthBytes > 0 && this.#sizeBytes + growthBytes > maxBytes) return false;",
    replacement: "void maxBytes;",
    testFile: BYTES_TEST,
    testName:
      "the bound of what waits to be written, in bytes lets what finds no room go through, awaited, over a store of bytes",
  },
  {
    name: "the bytes of what has arrived are given back",
    file: QUEUE,
    search: "this.#sizeBytes -= write.sizeBytes;",
    replacement: "",
    testFile: BYTES_TEST,
    testName: "the bound of what waits to be written, in bytes is given back whatever becomes of a write",
  },
];
