import { createServer, type Server, type Socket } from "node:net";
import { describe, expect, it } from "vitest";
import type { RedisClient } from "../../src/clients/redis/redis-client.ts";
import { createSeededRandom, type RandomSource } from "../../src/foundation/random-source.ts";
import { outcomeOf, READ, redisSettings, timed, WRITE, withRedisClient } from "./support/redis-client-under-test.ts";

const SEED = Number(process.env["FUZZ_SEED"] ?? 20_261_128);
const ROUNDS = 60;
const CALLS = 12;

/** Replies that a server gives, of every kind. */
const REPLIES: readonly Buffer[] = [
  "+OK\r\n",
  "$-1\r\n",
  "$5\r\nhello\r\n",
  "$0\r\n\r\n",
  ":42\r\n",
  ":9007199254740993\r\n",
  "*3\r\n$1\r\na\r\n:2\r\n*1\r\n+x\r\n",
  "*-1\r\n",
  "*2\r\n-ERR inside\r\n$-1\r\n",
  "-ERR wrong\r\n",
  "-MOVED 1 127.0.0.1:1\r\n",
  "-LOADING Redis is loading\r\n",
  "_\r\n",
  "#t\r\n",
  ",1.5\r\n",
  "%1\r\n+k\r\n+v\r\n",
  ">2\r\n+message\r\n+x\r\n",
].map((text) => Buffer.from(text, "latin1"));

const TYPED = new Set([
  "BackendTimeoutError",
  "BackendUnavailableError",
  "OutcomeUnknownError",
  "BackendOverloadedError",
  "RedisServerError",
]);

/** Answers the questions of a new connection, and then each command with what `reply` makes. */
async function startScriptedServer(
  reply: (socket: Socket) => Buffer | undefined,
): Promise<{ port: number; server: Server }> {
  const server = createServer((socket) => {
    let commands = 0;
    socket.on("error", () => undefined);
    socket.on("data", (chunk) => {
      const count = chunk
        .toString("latin1")
        .split(/(?=\*\d+\r\n\$)/)
        .filter((part) => part.startsWith("*")).length;
      for (let index = 0; index < count; index += 1) {
        commands += 1;
        if (commands === 1) socket.write("*2\r\n$10\r\n1700000000\r\n$1\r\n0\r\n");
        else if (commands === 2) socket.write("$20\r\nredis_version:7.0.15\r\n");
        else {
          const bytes = reply(socket);
          if (bytes !== undefined && !socket.destroyed) socket.write(bytes);
        }
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { port: (server.address() as { port: number }).port, server };
}

function damage(random: RandomSource): Buffer {
  const pick = (): Buffer => REPLIES[Math.floor(random.next() * REPLIES.length)] as Buffer;
  const bytes = Buffer.from(Buffer.concat(Array.from({ length: 1 + Math.floor(random.next() * 3) }, pick)));
  const position = Math.floor(random.next() * bytes.length);
  switch (Math.floor(random.next() * 6)) {
    case 0:
      bytes[position] = Math.floor(random.next() * 256);
      return bytes;
    case 1:
      return bytes.subarray(0, position);
    case 2:
      return Buffer.concat([
        bytes.subarray(0, position),
        Buffer.from([Math.floor(random.next() * 256)]),
        bytes.subarray(position),
      ]);
    case 3:
      return Buffer.from(Array.from({ length: 20 }, () => Math.floor(random.next() * 256)));
    case 4:
      return Buffer.from(`$${Math.floor(random.next() * 1e12)}\r\nshort`);
    default:
      return Buffer.from(`*${Math.floor(random.next() * 1e10)}\r\n`);
  }
}

async function callAll(client: RedisClient): Promise<string[]> {
  return Promise.all(
    Array.from({ length: CALLS }, (_, index) =>
      outcomeOf(index % 3 === 0 ? client.call(0, ["SET", "a", "b"], WRITE) : client.call(0, ["GET", "a"], READ)),
    ),
  );
}

describe(`a Redis client and replies that are damaged (seed ${SEED})`, () => {
  it("settles every call in time: with a reply or with an error of its kind", { timeout: 60_000 }, async () => {
    const random = createSeededRandom(SEED);
    const { port, server } = await startScriptedServer(() => damage(random));
    const settings = redisSettings(`127.0.0.1:${port}`, { readTimeoutMs: 60, writeTimeoutMs: 60, poolTimeoutMs: 300 });
    await withRedisClient(settings, async (client) => {
      for (let round = 0; round < ROUNDS; round += 1) {
        const { result, tookMs, heldUpMs } = await timed(() => callAll(client));
        // A reply is text here; what is no reply must be one of ours.
        for (const name of result.filter((outcome) => /^[A-Z][a-zA-Z]+Error$/.test(outcome)))
          expect(TYPED).toContain(name);
        expect(tookMs).toBeLessThan(1_500 + 4 * heldUpMs);
      }
    });
    await new Promise((resolve) => {
      server.close(resolve);
    });
  });

  it.each([
    ["a type that is none", "?what\r\n"],
    ["an integer that is none", ":4x2\r\n"],
    ["a list that cannot be", "*99999999999\r\n"],
    ["a reply that nobody asked for", "+OK\r\n+OK\r\n+OK\r\n"],
    ["the line of another protocol", "HTTP/1.1 400 Bad Request\r\n\r\n"],
  ])("gives up the connection at %s, and what was in flight with it", async (_what, bytes) => {
    let isBad = true;
    const { port, server } = await startScriptedServer(() => Buffer.from(isBad ? bytes : "$4\r\ngood\r\n"));
    const settings = redisSettings(`127.0.0.1:${port}`, { poolSize: 1, readTimeoutMs: 500 });
    await withRedisClient(settings, async (client, host) => {
      await client.connect();
      const outcomes = await Promise.all([
        outcomeOf(client.call(0, ["GET", "a"], READ)),
        outcomeOf(client.call(0, ["SET", "a", "b"], WRITE)),
      ]);
      for (const outcome of outcomes) expect(outcome === "OK" || TYPED.has(outcome)).toBe(true);
      expect(host.notices.some((notice) => notice.kind === "connection" && notice.state === "lost")).toBe(true);
      isBad = false;
      await client.connect();
      expect(await outcomeOf(client.call(0, ["GET", "a"], READ))).toBe("good");
    });
    await new Promise((resolve) => {
      server.close(resolve);
    });
  });

  it("gives no reply to the wrong caller when a connection dies in the middle of one", async () => {
    let calls = 0;
    const { port, server } = await startScriptedServer((socket) => {
      calls += 1;
      if (calls % 3 !== 0) return Buffer.from("$4\r\ngood\r\n");
      socket.end(Buffer.from("$100\r\nhalf of "));
      return undefined;
    });
    await withRedisClient(redisSettings(`127.0.0.1:${port}`, { poolSize: 1, readTimeoutMs: 500 }), async (client) => {
      for (let round = 0; round < 30; round += 1) {
        const outcomes = await callAll(client);
        for (const outcome of outcomes) expect(outcome === "good" || TYPED.has(outcome)).toBe(true);
      }
    });
    await new Promise((resolve) => {
      server.close(resolve);
    });
  });
});
