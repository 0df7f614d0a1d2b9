import type { Backend } from "../../../src/backend/backend.ts";
import type { ChangeListener } from "../../../src/backend/change-feed.ts";
import type { MailListener, NodeMail } from "../../../src/backend/node-mail.ts";
import type { SharedTier, TierNodeLease, TierStamp } from "../../../src/backend/shared-tier.ts";
import type { FakeTime } from "../../../src/testing/fake-clock.ts";
import { createMapBackend, type MapBackend } from "../../../src/testing/map-backend/map-backend.ts";

/** How long a question takes to fail while a store is silent. */
export const SILENT_MS = 100;

/** A shared store as one process reaches it. */
export class HeadedProcess {
  readonly backend: Backend;
  /** While true, heads and the table of nodes are asked for in vain; all else is answered. */
  isSilent = false;
  /** While false, changes are not told to it, and letters neither reach it nor leave it. */
  isHearing = true;
  changes: ChangeListener | undefined;
  mail: readonly [nodeId: string, listener: MailListener] | undefined;

  constructor(
    far: Backend,
    tierOf: (process: HeadedProcess) => SharedTier,
    onSet: (key: string, head: number) => void,
  ) {
    this.backend = {
      ...far,
      name: "headed",
      sharedTier: tierOf(this),
      set: async (key, write, context) => {
        const result = await far.set(key, write, context);
        onSet(key, result.version);
        return result;
      },
    };
  }
}

/** A shared store with heads, a table of nodes, changes that it tells of and mail, as Redis has them; one shard, in fake time. */
export class HeadedStore {
  /** What may be held: reads of copies are its `getMulti`. */
  readonly map: MapBackend;
  /** Another one, and all that was known of the data is void. */
  epoch = "first";
  readonly #time: FakeTime;
  readonly #bornAtMs: number;
  readonly #processes: HeadedProcess[] = [];
  readonly #leases = new Map<string, { readonly info: string; readonly endsAtMs: number }>();
  #head = 0;

  constructor(time: FakeTime) {
    this.#time = time;
    this.#bornAtMs = time.clock.wallMs();
    this.map = createMapBackend({ async: true, clock: time.clock });
  }

  /** The store for one more process. */
  open(): HeadedProcess {
    const process = new HeadedProcess(
      this.map.openSecond(),
      (self) => this.#tierOf(self),
      (key, head) => this.#commit(key, head),
    );
    this.#processes.push(process);
    return process;
  }

  #commit(key: string, head: number): void {
    const previousHead = this.#head;
    this.#head = head;
    for (const { isHearing, changes } of this.#processes) {
      if (isHearing) changes?.onChange({ kind: "change", key, version: head, previousHead });
    }
  }

  #stamp(): TierStamp {
    return { shard: 0, head: this.#head, epoch: this.epoch, bornAtMs: this.#bornAtMs };
  }

  async #answer({ isSilent }: HeadedProcess): Promise<void> {
    if (!isSilent) return;
    await new Promise<void>((resolve) => this.#time.scheduler.after(SILENT_MS, resolve));
    throw new Error("no answer");
  }

  #openMail(process: HeadedProcess, nodeId: string, listener: MailListener): NodeMail {
    process.mail = [nodeId, listener];
    // It comes up in the background.
    this.#time.scheduler.soon(() => listener.onGap(true));
    return {
      send: async (letter, to) => {
        if (!process.isHearing) return;
        for (const { isHearing, mail } of this.#processes) {
          if (isHearing && (to === undefined || to === mail?.[0])) mail?.[1].onLetter(Buffer.from(letter));
        }
      },
      close: () => {
        process.mail = undefined;
      },
    };
  }

  #tierOf(process: HeadedProcess): SharedTier {
    const { clock } = this.#time;
    const tier: Partial<SharedTier> = {
      shardCount: 1,
      shardOf: () => 0,
      read: async (keys, context) => {
        const entries = await this.map.getMulti(keys, context);
        // The map says what was there when it was asked; so must the stamp, and a test may have held the answer.
        return entries.map((entry) => ({ entry, stamp: { ...this.#stamp(), head: entry?.version ?? this.#head } }));
      },
      heads: async ({ shards, node }) => {
        await this.#answer(process);
        if (node) this.#leases.set(node.id, { info: node.info, endsAtMs: clock.monotonicMs() + node.leaseMs });
        return { stamps: shards.map(() => this.#stamp()), tagHead: 0 };
      },
      nodes: async () => {
        await this.#answer(process);
        const nodes = [...this.#leases].map(
          ([id, { info, endsAtMs }]): TierNodeLease => ({ id, info, remainingMs: endsAtMs - clock.monotonicMs() }),
        );
        return { nodes: nodes.filter(({ remainingMs }) => remainingMs > 0), ageMs: Number.POSITIVE_INFINITY };
      },
      leave: async (nodeId) => {
        this.#leases.delete(nodeId);
      },
      watchChanges: (listener) => {
        process.changes = listener;
        listener.onGap(true);
        return () => {
          process.changes = undefined;
        };
      },
      openMail: (nodeId, listener) => this.#openMail(process, nodeId, listener),
    };
    return tier as SharedTier;
  }
}
