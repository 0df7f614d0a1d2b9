import { once } from "node:events";
import { type ClientHttp2Session, connect as connectHttp2, type OutgoingHttpHeaders } from "node:http2";
import { connect, type Socket } from "node:net";
import { gzipSync } from "node:zlib";
import { afterEach, describe, expect, it } from "vitest";
import { createCache } from "../../src/create-cache.ts";
import { createSeededRandom, type RandomSource } from "../../src/foundation/random-source.ts";
import type { GrpcApi } from "../../src/server/grpc/grpc-api.ts";
import { ALL_METHODS } from "../../src/server/grpc/methods/all-methods.ts";
import { withManyKeys } from "./support/cache-with.ts";
import { closeApis, jsonValue, type RunningApi, startTestApi } from "./support/grpc-api.ts";
import { eventually } from "./support/grpc-mesh.ts";

afterEach(closeApis);

const SEED = Number(process.env["FUZZ_SEED"] ?? 20_261_129);
const FUZZ_MS = Number(process.env["FUZZ_MS"] ?? 3_000);
const PREFACE = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
const NO_SETTINGS = Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0]);

/** A message as it is framed in the body of a call. */
function framed(message: Buffer, flag = 0, lengthBytes: number = message.length): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt8(flag, 0);
  head.writeUInt32BE(lengthBytes, 1);
  return Buffer.concat([head, message]);
}

/** Posts bytes as a call. @returns the status that it ended with, as `grpc-status` or `http`; `"cut"` where it had none */
function post(
  session: ClientHttp2Session,
  path: string,
  body: Buffer,
  headers: OutgoingHttpHeaders = {},
): Promise<string> {
  return new Promise((resolve) => {
    let status = "cut";
    const take = (answer: OutgoingHttpHeaders): void => {
      if (answer["grpc-status"] !== undefined) status = String(answer["grpc-status"]);
      else if (status === "cut" && answer[":status"] !== 200) status = `http ${answer[":status"]}`;
    };
    const stream = session.request({
      ":method": "POST",
      ":path": path,
      "content-type": "application/grpc",
      te: "trailers",
      ...headers,
    });
    stream.on("response", take);
    stream.on("trailers", take);
    stream.on("error", () => undefined);
    stream.on("close", () => resolve(status));
    stream.resume();
    stream.end(body);
  });
}

async function withSession<T>(api: GrpcApi, work: (session: ClientHttp2Session) => Promise<T>): Promise<T> {
  const session = connectHttp2(`http://${api.address}`);
  session.on("error", () => undefined);
  try {
    return await work(session);
  } finally {
    session.destroy();
  }
}

async function openSocket({ host, port }: GrpcApi): Promise<Socket> {
  const socket = connect(port, host);
  socket.on("error", () => undefined);
  await once(socket, "connect");
  return socket;
}

async function expectServing({ client }: RunningApi): Promise<void> {
  await client.call("Set", { key: "alive", value: jsonValue(1) });
  expect(await client.call("Get", { key: "alive" })).toEqual({ value: jsonValue(1) });
}

const GET = "/gocachex.v1.Cache/Get";
const GET_K = Buffer.from([0x12, 1, 0x6b]);

describe("a malformed call is answered with its status, and the next one is served:", () => {
  it.each([
    ["a message that ends in a field", framed(Buffer.from([0x12, 200])), {}, "3"],
    ["a message with a field number of 0", framed(Buffer.from([0x00, 0x01])), {}, "3"],
    ["a message with a wire type that does not exist", framed(Buffer.from([0x17])), {}, "3"],
    ["a number of more than 64 bits", framed(Buffer.alloc(20, 0xff)), {}, "3"],
    ["a key that is not UTF-8", framed(Buffer.from([0x12, 2, 0xc3, 0x28])), {}, "3"],
    ["a key that is empty", framed(Buffer.alloc(0)), {}, "3"],
    ["a length beyond the largest message", framed(GET_K, 0, 0xffffffff), {}, "8"],
    ["two messages", Buffer.concat([framed(GET_K), framed(GET_K)]), {}, "12"],
    ["no message", Buffer.alloc(0), {}, "12"],
    ["a compression that nobody knows", framed(GET_K, 1), { "grpc-encoding": "none-such" }, "12"],
    ["gzip that is none", framed(GET_K, 1), { "grpc-encoding": "gzip" }, "13"],
    ["gzip of too much", framed(gzipSync(Buffer.alloc(20_000_000)), 1), { "grpc-encoding": "gzip" }, "8"],
    ["a deadline that is none", framed(GET_K), { "grpc-timeout": "soon" }, "13"],
    ["another content type", framed(GET_K), { "content-type": "text/plain" }, "http 415"],
  ])("%s", async (_, body, headers, status) => {
    const running = await startTestApi();
    await withSession(running.api, async (session) => {
      expect(await post(session, GET, body, headers)).toBe(status);
      expect(await post(session, GET, framed(GET_K))).toBe("0");
    });
    await expectServing(running);
    expect(running.errors).toEqual([]);
  });

  it("a method that there is not, of a service that there is not", async () => {
    const running = await startTestApi();
    await withSession(running.api, async (session) => {
      for (const path of ["/gocachex.v1.Cache/None", "/other/Get", "/", "/__proto__/constructor"])
        expect(await post(session, path, framed(GET_K))).toBe("12");
    });
    await expectServing(running);
  });

  it("values that are not what their kind says", async () => {
    const running = await startTestApi();
    const { client } = running;
    const nested = `${"[".repeat(600)}${"]".repeat(600)}`;
    for (const value of [
      undefined,
      { data: Buffer.from("1") },
      { data: Buffer.from("1"), kind: 77 },
      { data: Buffer.from("{secret"), kind: "CONTENT_KIND_JSON" },
      { data: Buffer.from([0x22, 0xff, 0x22]), kind: "CONTENT_KIND_JSON" },
      { data: Buffer.from(nested), kind: "CONTENT_KIND_JSON" },
      { data: Buffer.from("1.5"), kind: "CONTENT_KIND_BIGINT" },
      { data: Buffer.from("9".repeat(2_000)), kind: "CONTENT_KIND_BIGINT" },
    ]) {
      const failed = await client.call("Set", { key: "k", value }).catch((error: unknown) => error);
      expect(failed).toMatchObject({ status: 3, code: "GCX_NODE_REQUEST" });
      expect(JSON.stringify(failed)).not.toContain("secret");
    }
    await expect(client.call("Set", { key: "k", value: jsonValue(1), ttl_ms: -2 })).rejects.toMatchObject({
      status: 3,
      code: "GCX_ARGUMENT_TTL",
    });
    await expect(client.call("Get", { key: "k".repeat(100_000) })).rejects.toMatchObject({ code: "GCX_ARGUMENT_KEY" });
    await expectServing(running);
  });
});

describe("connections that are no clients", () => {
  it("are closed when they stay silent, and when they speak something else", async () => {
    const running = await startTestApi({ connectTimeoutMs: 100 });
    const silent = await openSocket(running.api);
    const slow = await openSocket(running.api);
    slow.write(PREFACE.subarray(0, 10));
    const other = await openSocket(running.api);
    other.write("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    const ends = [silent, slow, other].map((socket) => {
      socket.resume();
      return once(socket, "close");
    });
    await Promise.all(ends);
    await expectServing(running);
  });

  it("are closed when they answer no pings", async () => {
    const running = await startTestApi({ keepaliveMs: 1_000, keepaliveTimeoutMs: 100 });
    const deaf = await openSocket(running.api);
    deaf.write(Buffer.concat([PREFACE, NO_SETTINGS]));
    deaf.resume();
    await once(deaf, "close");
    await expectServing(running);
  });

  it("do not keep others out: a thousand that are idle", async () => {
    const running = await startTestApi();
    const sockets = await Promise.all(Array.from({ length: 1_000 }, () => openSocket(running.api)));
    for (const socket of sockets) {
      socket.resume();
      socket.write(Buffer.concat([PREFACE, NO_SETTINGS]));
    }
    await expectServing(running);
    expect(sockets.filter((socket) => socket.closed)).toEqual([]);
    await running.api.close();
    await eventually(() => expect(sockets.filter((socket) => !socket.closed)).toEqual([]));
  });
});

describe("a caller that reads nothing of a listing", () => {
  const LIST = { ":method": "POST", ":path": "/gocachex.v1.Cache/Keys", "content-type": "application/grpc" };

  it("has no more keys drawn for it than both ends hold, and is cut after stallTimeoutMs", async () => {
    const most = 100_000;
    const { cache, drawnCount, isOver } = withManyKeys(createCache(), most);
    const running = await startTestApi({ cache, maxRunningCallCount: 1, stallTimeoutMs: 100 });
    await withSession(running.api, async (session) => {
      // By the protocol alone: the library's client reads ahead until it has been read from.
      const stream = session.request(LIST);
      stream.on("error", () => undefined);
      stream.end(framed(Buffer.alloc(0)));
      await eventually(() => expect(isOver()).toBe(true));
      // Of a hundred megabytes.
      expect(drawnCount()).toBeLessThan(most / 10);
      await expectServing(running);
    });
    expect(running.errors).toEqual([]);
  });
});

describe(`a fuzzer of the API (FUZZ_SEED=${SEED})`, () => {
  it("does not bring it down, nor make it miscount what runs", async () => {
    const running = await startTestApi({ maxRunningCallCount: 8, maxMessageBytes: 65_536 });
    const random = createSeededRandom(SEED);
    const until = performance.now() + FUZZ_MS;
    let callCount = 0;
    while (performance.now() < until) {
      await withSession(running.api, async (session) => {
        const calls = Array.from({ length: 8 }, () => fuzzCall(session, random));
        callCount += calls.length;
        await Promise.all(calls);
      });
      await fuzzSocket(running.api, random);
    }
    expect(callCount).toBeGreaterThan(50);
    await eventually(() => expect(running.errors).toEqual([]));
    // As many calls as there may be: none of those before is still counted.
    await Promise.all(Array.from({ length: 8 }, () => running.client.call("Exists", { key: "k" })));
    await expectServing(running);
  });
});

const below = (random: RandomSource, bound: number): number => Math.floor(random.next() * bound);

function randomBytes(random: RandomSource, length: number): Buffer {
  return Buffer.from(Array.from({ length }, () => below(random, 256)));
}

/** Fields that many messages have, in any order and with any lengths, and now and then anything at all. */
function randomMessage(random: RandomSource, depth = 0): Buffer {
  const parts: Buffer[] = [];
  for (let count = below(random, 6); count > 0; count -= 1) {
    const field = 1 + below(random, 8);
    const kind = below(random, 8);
    if (kind < 3) parts.push(Buffer.from([field << 3, below(random, 128)]));
    else if (kind < 6) {
      const inner = kind === 5 && depth < 2 ? randomMessage(random, depth + 1) : Buffer.from(`k${below(random, 9)}`);
      parts.push(Buffer.from([(field << 3) | 2, Math.min(127, inner.length)]), inner);
    } else if (kind === 6) parts.push(Buffer.from([field << 3, ...Array<number>(9).fill(0xff), 1]));
    else parts.push(randomBytes(random, below(random, 12)));
  }
  return Buffer.concat(parts);
}

function fuzzCall(session: ClientHttp2Session, random: RandomSource): Promise<string> {
  const method = ALL_METHODS[below(random, ALL_METHODS.length)] as (typeof ALL_METHODS)[number];
  const message = randomMessage(random);
  const kind = below(random, 10);
  const body =
    kind < 7
      ? framed(message)
      : kind === 7
        ? framed(message, below(random, 3), below(random, 100_000))
        : randomBytes(random, below(random, 300));
  // A lock may be waited for, and half a message is half a call: nothing is waited for long.
  const headers = { "grpc-timeout": "50m", ...(kind === 9 ? { "grpc-encoding": "gzip" } : {}) };
  return post(session, `/gocachex.v1.Cache/${method.name}`, body, headers);
}

/** Speaks HTTP/2 until it does not any more. */
async function fuzzSocket(api: GrpcApi, random: RandomSource): Promise<void> {
  const socket = await openSocket(api);
  socket.resume();
  const head = Buffer.from([
    0,
    0,
    below(random, 200),
    below(random, 12),
    below(random, 256),
    0,
    0,
    0,
    below(random, 5),
  ]);
  socket.write(Buffer.concat([PREFACE, NO_SETTINGS, head, randomBytes(random, below(random, 200))]));
  // What is sent of a frame that is not complete is waited for, until pings find that nobody is there: not here.
  const timer = setTimeout(() => socket.destroy(), 50);
  await once(socket, "close");
  clearTimeout(timer);
}
