import { describe, expect, it } from "vitest";
import type { KnownEntry } from "../../backend/revalidation.ts";
import type { MemcachedClient } from "../../clients/memcached/memcached-client.ts";
import { encodeMemcachedKey } from "../../clients/memcached/memcached-key.ts";
import type { MetaReply, MetaRequest } from "../../clients/memcached/meta-message.ts";
import { systemClock } from "../../foundation/clock.ts";
import { CoherentRevalidation } from "./coherent-revalidation.ts";
import { createMark } from "./mark.ts";
import { encodeMarkState, MarkReader } from "./mark-reader.ts";
import { NamespaceMarks } from "./namespace-marks.ts";
import { reservedKey } from "./reserved-key.ts";
import { TagMarks } from "./tag-marks.ts";
import { versionOf } from "./version-number.ts";

const BASE = 1_000;
const ROOT = reservedKey("n", "").text;
const SHOP = reservedKey("n", "shop").text;
const TAG = reservedKey("t", "tag").text;
const KEY = "@shop:k";
const ITEM = encodeMemcachedKey(KEY).text;

interface Server {
  /** CAS numbers by key; absent: nothing stands there. */
  readonly cas: Map<string, number>;
  base: number;
  incarnation: number;
  /** Flags of each request that was sent, by key. */
  readonly asked: Map<string, string>;
  readonly revalidation: CoherentRevalidation;
}

/** A server on which nothing has happened since the entry was read: its number is larger than those of all marks. */
function setUp(): Server {
  const cas = new Map([
    [ROOT, 3],
    [TAG, 9],
    [SHOP, 12],
    [ITEM, 40],
  ]);
  const asked = new Map<string, string>();
  const reply = (request: MetaRequest): MetaReply => {
    const { key, flags } = request as Extract<MetaRequest, { kind: "get" }>;
    asked.set(key.text, flags);
    const number = cas.get(key.text);
    if (number === undefined) return { status: "EN", value: undefined, flags: "" };
    const isMark = flags.includes("v");
    const value = isMark ? encodeMarkState(createMark(), key.text === ROOT ? server.base : 0) : undefined;
    return { status: isMark ? "VA" : "HD", value, flags: `c${number}` };
  };
  const client = {
    get incarnation() {
      return server.incarnation;
    },
    sendBatch: async (requests: readonly MetaRequest[]) => ({ replies: requests.map(reply), connection: 1 }),
  } as unknown as MemcachedClient;
  const reader = new MarkReader(client);
  const namespaces = new NamespaceMarks({ client, reader, clock: systemClock });
  const tags = new TagMarks(client, reader);
  const translate = (error: unknown): unknown => error;
  const revalidation = new CoherentRevalidation({ client, namespaces, tags, clock: systemClock, translate });
  const server: Server = { cas, base: BASE, incarnation: 1, asked, revalidation };
  return server;
}

async function verdictOn({ revalidation }: Server, change: Partial<KnownEntry> = {}): Promise<string | undefined> {
  const entry = { key: KEY, version: versionOf(BASE, 40), expiresAt: Number.POSITIVE_INFINITY, tags: ["tag"] };
  return (await revalidation.revalidate([{ ...entry, ...change }], {}))[0];
}

describe("an entry that was read from Memcached", () => {
  it("is unchanged while its item has its number and all marks have smaller ones, and its value is not asked for", async () => {
    const server = setUp();
    expect(await verdictOn(server)).toBe("unchanged");
    expect(server.asked.get(ITEM)).toBe("c");
    expect([...server.asked.keys()].sort()).toEqual([ROOT, SHOP, TAG, ITEM].sort());
  });

  it.each<readonly [string, (server: Server) => unknown]>([
    ["its item was written", ({ cas }) => cas.set(ITEM, 41)],
    ["its item is gone", ({ cas }) => cas.delete(ITEM)],
    ["its namespace was cleared", ({ cas }) => cas.set(SHOP, 41)],
    ["everything was cleared", ({ cas }) => cas.set(ROOT, 41)],
    ["the mark of its namespace is gone", ({ cas }) => cas.delete(SHOP)],
    ["its tag was invalidated", ({ cas }) => cas.set(TAG, 41)],
    ["the mark of its tag is gone", ({ cas }) => cas.delete(TAG)],
    ["the server lost its data and gave out the number again", (server) => Object.assign(server, { base: BASE + 1 })],
  ])("is changed when %s", async (_, happen) => {
    const server = setUp();
    happen(server);
    expect(await verdictOn(server)).toBe("changed");
  });

  it("is changed when its time is over", async () => {
    expect(await verdictOn(setUp(), { expiresAt: systemClock.wallMs() - 1 })).toBe("changed");
  });

  it("is unchanged whatever happened to other tags", async () => {
    const server = setUp();
    server.cas.set(TAG, 41);
    expect(await verdictOn(server, { tags: [] })).toBe("unchanged");
  });
});

describe("the life of a Memcached", () => {
  it("is another when the server may have restarted, and when its versions count from another base", async () => {
    const server = setUp();
    const lives = [server.revalidation.life];
    await verdictOn(server);
    lives.push(server.revalidation.life);
    await verdictOn(server);
    expect(server.revalidation.life).toBe(lives[1]);
    server.incarnation = 2;
    lives.push(server.revalidation.life);
    server.base = BASE + 1;
    await verdictOn(server);
    lives.push(server.revalidation.life);
    expect(new Set(lives).size).toBe(4);
  });
});
