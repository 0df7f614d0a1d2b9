import { describe, it } from "vitest";
import type { Backend } from "../../src/backend/backend.ts";
import { InProcessHub } from "../../src/coherence/in-process-transport.ts";
import { createSeededRandom } from "../../src/foundation/random-source.ts";
import { createIsolation } from "../../src/memory/isolation.ts";
import { estimateValueBytes } from "../../src/memory/value-estimate.ts";
import { defineBackendConformance } from "../../src/testing/define-backend-conformance.ts";
import { createMapBackend, type MapBackend } from "../../src/testing/map-backend/map-backend.ts";
import { createWriteBehindBackend } from "../../src/tiers/write-behind-backend.ts";
import { nearOver } from "../support/near/near-over.ts";

const VERSION = "an answer that comes before the store's says version 0, and not the one that the write gets";
const LATER = "another client sees a write when it has arrived, and not when its call is over";
const KNOWN = "a delete says what this process knows without asking the store";
const COUNTED = "what waits is no copy yet, and copies are what is counted";

const SKIPPED: Readonly<Record<string, string>> = {
  "counts the keys of a namespace, or says that it does not know, and no negative numbers": COUNTED,
  "ends what stands in with a delete, which says that nothing was there": KNOWN,
  "gives every write of a key a larger version": VERSION,
  "lets versions grow across a delete": VERSION,
  "lets versions grow across a delete of many": VERSION,
  "lets versions grow across the end of a TTL": VERSION,
  "lets versions grow across an expire to 0": VERSION,
  "lets versions grow across a clear": VERSION,
  "lets versions grow across an invalidation of tags": VERSION,
  "lets versions of batches, single writes and deletes grow together": VERSION,
  "lets versions of counters, transactions and writes grow together": VERSION,
  "gives writes of one key that run together different versions": VERSION,
  "lets versions grow when two clients write in turn": VERSION,
  "writes on condition of a version only when exactly that one lives there": VERSION,
  "starts anew after a delete": KNOWN,
  "applies all writes and deletes of a transaction, and answers with their versions": VERSION,
  "changes nothing at all when the last check fails": VERSION,
  "checks keys that it does not write, and writes keys that it does not check": VERSION,
  "commits without writes when every check holds": VERSION,
  "takes a deleted or expired entry for absent, and a new one for changed": VERSION,
  "keeps a sum when transactions of two clients move parts of it": LATER,
  "gives out stamps that are larger than every version before and not larger than those after": VERSION,
  "keeps the live entry when it refuses the result of a load": VERSION,
  "sees an invalidation by another client at once": LATER,
  "ends what another client wrote": LATER,
  "keeps one whole value of many that are written together": VERSION,
  "shows a write to a second client as soon as it is confirmed": LATER,
};

/** Who needs the store's own answer, as everything that compares versions does. */
function awaitingCommits(backend: Backend): Backend {
  return new Proxy(backend, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name);
      if (typeof member !== "function" || !AWAITING.has(name as string)) return member;
      return (...given: unknown[]): unknown => {
        const context = { ...(given.at(-1) as object), isCommitAwaited: true };
        return Reflect.apply(member, target, [...given.slice(0, -1), context]);
      };
    },
  });
}

const AWAITING: ReadonlySet<string> = new Set([
  ...["get", "getMulti", "getStale", "set", "setMulti", "delete", "deleteMulti"],
  ...["expire", "increment", "commit", "lease", "invalidateTags", "clear"],
]);

const WAYS = [
  { name: "a shared store that is written behind", see: (backend: Backend): Backend => backend, skip: SKIPPED },
  { name: "a shared store that is written behind, where commits are awaited", see: awaitingCommits, skip: {} },
] as const;

for (const { name, see, skip } of WAYS) {
  defineBackendConformance({
    name,
    time: "fake",
    exclusiveData: true,
    runner: { describe, it },
    skip,
    create: ({ clock, scheduler, onRemoval }) => {
      const random = createSeededRandom(1);
      const host = { clock, scheduler, onRemoval, random };
      const hub = new InProcessHub();
      let count = 0;
      const behind = (far: MapBackend): Backend => {
        count += 1;
        const nodeId = `node-${count}`;
        const target = nearOver(far, host, { nodeId, transports: [hub.join(nodeId)] }).backend;
        return see(
          createWriteBehindBackend({
            ...{ target, clock, scheduler, random, tierName: "memory", encode: undefined },
            isolation: createIsolation(true),
            ...{ maxPendingCount: 10_000, maxPendingBytes: 1e9, estimateBytes: estimateValueBytes },
            ...{ writeMs: 1_000, closeMs: 1_000, onNotice: () => undefined },
          }),
        );
      };
      const store = createMapBackend({ async: true, clock, onRemoval });
      return { backend: behind(store), openSecond: () => behind(store.openSecond()) };
    },
  });
}
