import type { OperationContext } from "../../backend/backend.ts";
import { assertWanted } from "../../backend/caller.ts";
import type { EntryVerdict, KnownEntry, Revalidation } from "../../backend/revalidation.ts";
import type { EpochWatch } from "./epoch.ts";
import { liveRecords } from "./live-records.ts";
import { serverExpiryOf, versionOf } from "./record.ts";
import { translateRedisError } from "./redis-error.ts";
import { shardOfKey, slotOfShard } from "./redis-key-layout.ts";
import type { StoreParts } from "./store-parts.ts";
import type { TagStore } from "./tag-store.ts";

/**
 * Ends are reckoned in this process's clock, and what the server's is ahead of it is measured anew with each connection. An end that was moved by less is taken for the same: the entry
 * then ends so much too late here at most.
 */
const END_GRAIN_MS = 100;

/**
 * Whether entries that were read are current, by the heads of their records. A record has its own version, the generation of its namespaces, its end and the marks of its tags, so it is
 * known again whatever was read before; that its end was moved shows by nothing else.
 */
export class RecordRevalidation implements Revalidation {
  readonly #parts: StoreParts;
  readonly #tags: TagStore;
  readonly #epoch: EpochWatch;
  readonly watchChanges?: NonNullable<Revalidation["watchChanges"]>;

  /** @param watchChanges absent where the client cannot subscribe */
  constructor(parts: StoreParts, tags: TagStore, epoch: EpochWatch, watchChanges?: Revalidation["watchChanges"]) {
    if (watchChanges !== undefined) this.watchChanges = watchChanges;
    this.#parts = parts;
    this.#tags = tags;
    this.#epoch = epoch;
  }

  get life(): string {
    return this.#epoch.current;
  }

  async revalidate(entries: readonly KnownEntry[], context: OperationContext): Promise<readonly EntryVerdict[]> {
    assertWanted(context);
    const keys = entries.map(({ key }) => key);
    try {
      const records = await liveRecords(this.#parts, this.#tags, keys, "revalidate");
      return entries.map((entry, index) => (this.#isUnchanged(entry, records[index]) ? "unchanged" : "changed"));
    } catch (error) {
      throw translateRedisError(this.#parts.name, "revalidate", error);
    }
  }

  #isUnchanged({ key, version, expiresAt }: KnownEntry, record: Buffer | undefined): boolean {
    if (record === undefined || versionOf(record) !== version) return false;
    const endsAt = serverExpiryOf(record) - this.#parts.client.clockOffsetMs(slotOfShard(shardOfKey(key)));
    return endsAt === expiresAt || Math.abs(endsAt - expiresAt) <= END_GRAIN_MS;
  }
}
