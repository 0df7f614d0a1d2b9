import { describe, expect, it } from "vitest";
import type { KnownEntry } from "../../backend/revalidation.ts";
import type { RedisReply } from "../../clients/redis/redis-reply.ts";
import { EpochWatch } from "./epoch.ts";
import { RecordRevalidation } from "./record-revalidation.ts";
import { SINGLE_SERVER_KEYS } from "./redis-key-layout.ts";
import type { StoreParts } from "./store-parts.ts";
import type { TagStore } from "./tag-store.ts";

const GENERATION = Buffer.from("12345678");
const END_MS = 1_700_000_000_000;
/** How far the server's clock is ahead. */
const OFFSET_MS = 5_000;
const ENTRY: KnownEntry = { key: "k", version: 7, expiresAt: END_MS - OFFSET_MS, tags: [] };

/** The head of a record of data. */
function headOf(version: number, endsAtMs: number): Buffer {
  const head = Buffer.alloc(28);
  head.set([0xc7, 0x58, 1, 0]);
  head.writeBigUInt64BE(BigInt(version), 4);
  GENERATION.copy(head, 12);
  head.writeBigUInt64BE(BigInt(endsAtMs), 20);
  return head;
}

function over(record: RedisReply, offsetMs: number = OFFSET_MS): RecordRevalidation {
  const client = {
    topology: "standalone",
    clockOffsetMs: () => offsetMs,
    runScript: async () => [record, GENERATION, Buffer.from("1")],
  };
  const parts = { name: "redis", client, keys: SINGLE_SERVER_KEYS } as unknown as StoreParts;
  return new RecordRevalidation(parts, {} as TagStore, new EpochWatch(async () => "e1"));
}

async function verdict(revalidation: RecordRevalidation, change: Partial<KnownEntry> = {}): Promise<unknown> {
  return (await revalidation.revalidate([{ ...ENTRY, ...change }], {}))[0];
}

describe("an entry that was read from Redis", () => {
  it("is unchanged while its record has its version and its end", async () => {
    expect(await verdict(over(headOf(7, END_MS)))).toBe("unchanged");
    expect(await verdict(over(headOf(7, 0)), { expiresAt: Number.POSITIVE_INFINITY })).toBe("unchanged");
  });

  it("is changed when its version is another, or its record is gone", async () => {
    expect(await verdict(over(headOf(8, END_MS)))).toBe("changed");
    expect(await verdict(over(Buffer.alloc(0)))).toBe("changed");
  });

  it("is changed when its end was moved, which leaves its version", async () => {
    expect(await verdict(over(headOf(7, END_MS - 1_000)))).toBe("changed");
    expect(await verdict(over(headOf(7, END_MS + 1_000)))).toBe("changed");
    expect(await verdict(over(headOf(7, END_MS)), { expiresAt: Number.POSITIVE_INFINITY })).toBe("changed");
    expect(await verdict(over(headOf(7, 0)))).toBe("changed");
  });

  it("is unchanged when the server's clock is measured a little otherwise", async () => {
    expect(await verdict(over(headOf(7, END_MS), OFFSET_MS + 40))).toBe("unchanged");
  });
});

describe("the life of a Redis", () => {
  it("is the name of its data", async () => {
    const epoch = new EpochWatch(async () => "e1");
    const revalidation = new RecordRevalidation({} as StoreParts, {} as TagStore, epoch);
    await epoch.refresh();
    expect(revalidation.life).toBe("e1");
  });
});
