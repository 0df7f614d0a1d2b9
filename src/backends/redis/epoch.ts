import { createHash } from "node:crypto";
import type { RedisReply } from "../../clients/redis/redis-reply.ts";
import { readNumber, VERSION_LIMIT_BYTE } from "./record.ts";
import { SHARD_COUNT, slotOfShard } from "./redis-key-layout.ts";
import { epochScript } from "./scripts/epoch-script.ts";
import { parseServerInfo } from "./server-info.ts";
import type { StoreParts } from "./store-parts.ts";

/** The name of the data, read at connect and whenever a connection came up again: data may have been lost in between. */
export class EpochWatch {
  readonly #read: () => Promise<string>;
  #current = "unknown";
  #readingCount = 0;
  /** Which reading, counted from 1, the name is from. */
  #currentReading = 0;
  #refreshing: Promise<void> | undefined;
  /** Whether a connection came up while the name was being read. */
  #isOutdated = false;

  constructor(read: () => Promise<string>) {
    this.#read = read;
  }

  /** The name as last read. */
  get current(): string {
    return this.#current;
  }

  /** Reads it again. Readings may overlap: the name is that of the latest one that was answered, whichever answer came last. */
  async refresh(): Promise<void> {
    this.#readingCount += 1;
    const reading = this.#readingCount;
    const name = await this.#read();
    if (reading < this.#currentReading) return;
    this.#currentReading = reading;
    this.#current = name;
  }

  /**
   * Reads it again when somebody can; a failure leaves the old name, and the next connection tries again.
   *
   * A reading that runs may have its answer from before the connection that is told of now, and from a server that is gone: it is followed by one more,
   * however many connections came up meanwhile.
   */
  refreshSoon(): void {
    this.#isOutdated = true;
    this.#refreshing ??= this.#refreshWhileOutdated();
  }

  /** Resolves when no reading of {@link EpochWatch.refreshSoon} runs any more. */
  async settled(): Promise<void> {
    await this.#refreshing;
  }

  async #refreshWhileOutdated(): Promise<void> {
    while (this.#isOutdated) {
      this.#isOutdated = false;
      await this.refresh().catch(ignore);
    }
    this.#refreshing = undefined;
  }
}

/** Id and birth of the data behind a shard, as its record states them. */
export interface ShardEpoch {
  readonly id: string;
  /** The server's wall clock at its birth, in ms. */
  readonly bornAtMs: number;
}

/**
 * Names the data of all servers: the id of the one server, or a digest of those of all shards of a cluster, any of which may lose its data alone.
 * Makes the ids that are missing, so that what was lost is known to be new.
 */
export async function readEpoch(parts: StoreParts): Promise<string> {
  const count = parts.client.topology === "cluster" ? SHARD_COUNT : 1;
  const shards = Array.from({ length: count }, (_, shard) => shard);
  const epochs = await Promise.all(shards.map((shard) => readShardEpoch(parts, shard)));
  const [first, ...others] = epochs.map(({ id }) => id);
  if (others.length === 0) return first as string;
  return createHash("sha1")
    .update([first, ...others].join(" "))
    .digest("base64url");
}

/** The epoch of one shard. */
export async function readShardEpoch({ client, keys, unique }: StoreParts, shard: number): Promise<ShardEpoch> {
  const options = { operation: "epoch", kind: "idempotent-write" } as const;
  const reply = await client.runScript(slotOfShard(shard), epochScript, [keys.epochKey(shard)], [unique()], options);
  return parseEpoch(String(reply)) as ShardEpoch;
}

/** Takes a record of an epoch apart; `undefined` for anything else. */
export function parseEpoch(text: string): ShardEpoch | undefined {
  const found = /^(\S+) (\d+)$/.exec(text);
  return found === null ? undefined : { id: found[1] as string, bornAtMs: Number(found[2]) };
}

/** Names the processes that serve now: for data without a record of its own, a process that is new may have none of it. */
export async function readProcessIds({ client }: StoreParts): Promise<string> {
  const options = { operation: "epoch", kind: "read" } as const;
  const infos = await Promise.all(client.primaries().map((node) => node.call(["INFO", "server"], options)));
  const ids = infos.map((info) => parseServerInfo(String(info)).get("run_id") ?? "unknown").sort();
  return ids.length === 1 ? (ids[0] as string) : createHash("sha1").update(ids.join(" ")).digest("base64url");
}

/** The head at a place of a record of heads; 0 when there is none. */
export function headAt(heads: RedisReply | undefined, index: number): number {
  const at = index * 8;
  return Buffer.isBuffer(heads) &&
    heads.length >= at + 8 &&
    heads[at] === 0 &&
    (heads[at + 1] as number) < VERSION_LIMIT_BYTE
    ? readNumber(heads, at)
    : 0;
}

function ignore(): void {
  // The old name stays until the next connection.
}
