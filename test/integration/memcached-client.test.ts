import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { startMemcached } from "../../scripts/servers/start-memcached.ts";
import type { TestServer } from "../../scripts/servers/test-server.ts";
import { encodeMemcachedKey } from "../../src/clients/memcached/memcached-key.ts";
import { MemcachedServerError } from "../../src/clients/memcached/memcached-server-error.ts";
import { type MetaReply, metaFlag } from "../../src/clients/memcached/meta-message.ts";
import { BackendUnavailableError } from "../../src/foundation/errors.ts";
import { closeClients, failureOf, get, openClient, READ, readText, set, WRITE } from "./support/memcached-clients.ts";

let server: TestServer;
let address: string;

beforeAll(async () => {
  server = await startMemcached({ maxItemBytes: 4 * 2 ** 20 });
  address = `${server.host}:${server.port}`;
});
afterAll(() => server.stop());
afterEach(closeClients);

describe("a client of Memcached", () => {
  it("writes, reads, counts and deletes, without having been told to connect", async () => {
    const { client } = openClient(address);
    const written = await client.send(set("a", "one", "T60 c"), WRITE);
    expect(written.reply.status).toBe("HD");
    const cas = metaFlag(written.reply.flags, "c") as string;
    const { reply } = await client.send(get("a", "v c t"), READ);
    expect(reply).toEqual({ status: "VA", value: Buffer.from("one"), flags: `c${cas} t60` });
    expect((await client.send(set("a", "two", `C${cas}9`), WRITE)).reply.status).toBe("EX");
    expect((await client.send(set("a", "two", "ME"), WRITE)).reply.status).toBe("NS");
    const key = encodeMemcachedKey("n");
    const counted = await client.send({ kind: "arithmetic", key, flags: "N0 J5 v" }, WRITE);
    expect(counted.reply.value?.toString()).toBe("5");
    expect((await client.send({ kind: "delete", key, flags: "" }, WRITE)).reply.status).toBe("HD");
    expect((await client.send({ kind: "delete", key, flags: "" }, WRITE)).reply.status).toBe("NF");
    expect((await client.send(get("n"), READ)).reply).toEqual({ status: "EN", value: undefined, flags: "" });
    expect((await client.send({ kind: "noop" }, READ)).reply.status).toBe("MN");
  });

  it("keeps any bytes under any key", async () => {
    const { client } = openClient(address);
    const values = [0, 1, 2, 1_023, 16_383, 16_384, 65_536, 70_000, 300_000, 1_000_000].map((length) =>
      Buffer.from(Array.from({ length }, (_, index) => (index * 7 + length) % 256)),
    );
    values.push(Buffer.from("\r\n"), Buffer.from("HD O1\r\nVA 3 O2\r\n"), Buffer.from("\0\xff\r\nEND\r\n", "latin1"));
    const keys = [
      "a",
      "a b",
      "é✓😀",
      "\r\nflush_all\r\n",
      "k".repeat(250),
      "k".repeat(251),
      " ".repeat(186),
      " ".repeat(187),
      "\ud800",
      "\0",
    ];
    const pairs = values.flatMap((value) =>
      keys.map((key) => [`${key}${value.length < 20 ? value.toString("latin1") : value.length}`, value] as const),
    );
    await Promise.all(pairs.map(([key, value]) => client.send(set(key, value, "T100"), WRITE)));
    const { replies } = await client.sendBatch(
      pairs.map(([key]) => get(key)),
      READ,
    );
    for (const [index, [key, value]] of pairs.entries()) {
      const reply = replies[index] as MetaReply;
      // A full server may forget, but it must not mix up.
      if (reply.status === "VA") expect(reply.value?.equals(value), JSON.stringify(key)).toBe(true);
      else expect(reply.status).toBe("EN");
    }
    expect(replies.filter((reply) => (reply as MetaReply).status === "VA").length).toBeGreaterThan(50);
  });

  it("sends the requests of one turn on one connection, in order", async () => {
    const { client } = openClient(address);
    await client.connect();
    const answers = await Promise.all([
      client.send(set("o", "1"), WRITE),
      client.send(get("o"), READ),
      client.send(set("o", "2"), WRITE),
      client.send(get("o"), READ),
    ]);
    expect(answers.map(({ reply }) => reply.value?.toString())).toEqual([undefined, "1", undefined, "2"]);
    expect(new Set(answers.map(({ connection }) => connection)).size).toBe(1);
  });

  it("answers batches in their order, with misses, and with an error at its place", async () => {
    const { client } = openClient(address);
    const count = 2_000;
    await client.sendBatch(
      Array.from({ length: count }, (_, index) => set(`b${index}`, `v${index}`)),
      WRITE,
    );
    const gets = Array.from({ length: count * 2 }, (_, index) => get(`b${index % 2 === 0 ? index / 2 : `-${index}`}`));
    const { replies } = await client.sendBatch(gets, READ);
    for (const [index, reply] of replies.entries()) {
      expect((reply as MetaReply).value?.toString()).toBe(index % 2 === 0 ? `v${index / 2}` : undefined);
    }
    const mixed = await client.sendBatch(
      [set("ok", "1"), set("big", Buffer.alloc(5_000_000)), get("ok"), get("big"), { kind: "noop" }],
      WRITE,
    );
    const [ok, big, read, missing, noop] = mixed.replies;
    expect(ok).toMatchObject({ status: "HD" });
    expect(big).toBeInstanceOf(MemcachedServerError);
    expect(big).toMatchObject({ prefix: "SERVER_ERROR", message: "SERVER_ERROR object too large for cache" });
    expect((read as MetaReply).value?.toString()).toBe("1");
    expect(missing).toMatchObject({ status: "EN" });
    expect(noop).toMatchObject({ status: "MN" });
    expect(await client.sendBatch([], READ)).toEqual({ replies: [], connection: 0 });
    expect(client.connections()).toEqual({ open: 1, inFlight: 0, waiting: 0 });
  });

  it("rejects only the request that the server could not do, and keeps the connection", async () => {
    const { client, notices } = openClient(address);
    const [tooLarge, notNumber, after] = await Promise.allSettled([
      client.send(set("big", Buffer.alloc(5_000_000)), WRITE),
      client
        .send(set("text", "abc"), WRITE)
        .then(() => client.send({ kind: "arithmetic", key: encodeMemcachedKey("text"), flags: "v" }, WRITE)),
      client.send({ kind: "noop" }, READ),
    ]);
    expect(tooLarge).toMatchObject({ reason: { prefix: "SERVER_ERROR" } });
    expect(notNumber).toMatchObject({ reason: { prefix: "CLIENT_ERROR" } });
    expect(after.status).toBe("fulfilled");
    expect(await readText(client, "text")).toBe("abc");
    expect(notices.filter((notice) => notice.kind !== "connection" || notice.state === "lost")).toEqual([]);
  });

  it("refuses what could smuggle in a command, and nothing leaves", async () => {
    const { client } = openClient(address);
    await client.send(set("kept", "1"), WRITE);
    const before = (await client.stats(undefined, READ)).get("cmd_flush");
    const forged = [
      { kind: "get", key: { text: "a\r\nflush_all\r\nmg", isBase64: false }, flags: "v" },
      { kind: "get", key: { text: "", isBase64: false }, flags: "v" },
      { kind: "get", key: encodeMemcachedKey("a"), flags: "v\r\nflush_all" },
      { kind: "set", key: { text: "a 1 T0", isBase64: false }, value: Buffer.from("x"), flags: "" },
      { kind: "get", key: encodeMemcachedKey("a"), flags: "v q" },
    ] as const;
    for (const request of forged) {
      await expect(client.send(request, READ)).rejects.toThrow(TypeError);
      await expect(client.sendBatch([get("kept"), request], READ)).rejects.toThrow(TypeError);
    }
    await expect(client.stats("items\r\nflush_all", READ)).rejects.toThrow(TypeError);
    expect(await readText(client, "kept")).toBe("1");
    expect((await client.stats(undefined, READ)).get("cmd_flush")).toBe(before);
    expect(client.connections()).toEqual({ open: 1, inFlight: 0, waiting: 0 });
  });

  it("says what the server is and knows", async () => {
    const { client } = openClient(address);
    expect(client.version).toBeUndefined();
    expect(client.features).toEqual({});
    await client.connect();
    expect(client.version).toMatch(/^\d+\.\d+\.\d+/);
    expect(client.features).toMatchObject({
      opaque: true,
      base64Keys: true,
      cas: true,
      vivify: true,
      invalidate: true,
    });
    expect(Object.keys(client.features)).toEqual(expect.arrayContaining(["explicitCas", "removeValue"]));
    expect(client.maxItemBytes).toBe(4 * 2 ** 20);
    expect((await client.stats(undefined, READ)).get("version")).toBe(client.version);
    expect((await client.stats("settings", READ)).get("item_size_max")).toBe(String(4 * 2 ** 20));
    // The trial left nothing.
    const items = await client.stats("items", READ);
    expect([...items].filter(([name]) => name.endsWith(":number_hot")).every(([, count]) => Number(count) >= 0)).toBe(
      true,
    );
  });

  it("says that there are no CAS numbers where there are none", async () => {
    const bare = await startMemcached({ args: ["-C"] });
    const { client } = openClient(`${bare.host}:${bare.port}`);
    await client.connect();
    expect(client.features).toMatchObject({ opaque: true, cas: false });
    await bare.stop();
  });

  it("leaves a caller at once when its signal is aborted, and gives the late reply to nobody", async () => {
    const { client } = openClient(address);
    await client.send(set("s1", "one"), WRITE);
    await client.send(set("s2", "two"), WRITE);
    await expect(client.send(get("s1"), { ...READ, signal: AbortSignal.abort(new Error("gone")) })).rejects.toThrow(
      "gone",
    );
    const controller = new AbortController();
    const left = failureOf(client.send(get("s1"), { ...READ, signal: controller.signal }));
    const batch = failureOf(client.sendBatch([get("s1"), get("s2")], { ...READ, signal: controller.signal }));
    const stays = readText(client, "s2");
    controller.abort(new Error("left"));
    expect((await left).error.message).toBe("left");
    expect((await batch).error.message).toBe("left");
    expect(await stays).toBe("two");
    expect(await readText(client, "s2")).toBe("two");
  });

  it("asks a caller before it sends, also what waited for a connection, and never for a signal that nobody needs", async () => {
    const { client } = openClient(address);
    const caller = {
      isAbandoned: false,
      get signal(): AbortSignal {
        if (!this.isAbandoned) throw new Error("A signal was made.");
        return AbortSignal.abort(new Error("gone"));
      },
    };
    const leaves = { isAbandoned: false, signal: AbortSignal.abort(new Error("left")) };
    // Both wait for the first connection.
    const stays = client.send(set("stays", "1"), { ...WRITE, caller });
    const left = failureOf(client.send(set("leaves", "1"), { ...WRITE, caller: leaves }));
    leaves.isAbandoned = true;
    expect((await left).error.message).toBe("left");
    expect((await stays).reply.status).toBe("HD");
    expect((await client.send(get("leaves"), { ...READ, caller })).reply.status).toBe("EN");
    caller.isAbandoned = true;
    await expect(client.send(set("stays", "2"), { ...WRITE, caller })).rejects.toThrow("gone");
    await expect(client.sendBatch([get("stays")], { ...READ, caller })).rejects.toThrow("gone");
    expect(await readText(client, "stays")).toBe("1");
  });

  it("sends on the connection that is named, or not at all", async () => {
    const { client } = openClient(address);
    const { connection } = await client.send(set("p", "1"), WRITE);
    const lease = await client.send(get("lease", "v c N30"), READ);
    expect(metaFlag(lease.reply.flags, "W")).toBe("");
    const cas = metaFlag(lease.reply.flags, "c") as string;
    const fill = await client.send(set("lease", "filled", `C${cas}`), { ...WRITE, connection: lease.connection });
    expect(fill).toMatchObject({ reply: { status: "HD" }, connection });
    const { error } = await failureOf(client.send(get("p"), { ...READ, connection: connection + 1 }));
    expect(error).toBeInstanceOf(BackendUnavailableError);
  });

  it("frees everything when it is closed, also while requests are in flight", async () => {
    const { client, notices } = openClient(address);
    await client.connect();
    const flying = [client.send(get("x"), READ), client.send(set("y", "1"), WRITE)].map(failureOf);
    await new Promise<void>((resolve) => process.nextTick(resolve));
    await client.close();
    const [read, write] = await Promise.all(flying);
    expect(read?.error.name).toBe("BackendUnavailableError");
    expect(write?.error.name).toBe("OutcomeUnknownError");
    expect(client.connections()).toEqual({ open: 0, inFlight: 0, waiting: 0 });
    await expect(client.send(get("x"), READ)).rejects.toThrow("closed");
    await expect(client.connect()).rejects.toThrow("closed");
    await client.close();
    expect(notices).toEqual([{ kind: "connection", state: "connected" }]);
  });

  it("speaks over a Unix socket", async () => {
    const local = await startMemcached({ hasUnixSocket: true });
    const { client } = openClient(local.unixSocket as string);
    await client.send(set("u", "1"), WRITE);
    expect(await readText(client, "u")).toBe("1");
    expect(client.address).toBe(local.unixSocket);
    await closeClients();
    await local.stop();
  });
});

describe("the incarnation of a server", () => {
  it("stays while the process is the same for certain, and grows when it was restarted", async () => {
    const first = await startMemcached();
    const { client } = openClient(`${first.host}:${first.port}`, { timeoutMs: 1_000 });
    expect(client.incarnation).toBe(0);
    await client.connect();
    expect(client.incarnation).toBe(1);
    await first.stop();
    await expect(client.send(get("x"), READ)).rejects.toBeInstanceOf(BackendUnavailableError);
    const second = await startMemcached({ port: first.port });
    await expect
      .poll(() =>
        client.connect().then(
          () => true,
          () => false,
        ),
      )
      .toBe(true);
    expect(client.incarnation).toBe(2);
    await second.stop();
  });
});
