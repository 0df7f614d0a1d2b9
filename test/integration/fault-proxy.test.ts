import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type FaultProxy, startFaultProxy } from "./support/fault-proxy.ts";

describe("the fault proxy in front of an echo server", () => {
  let echo: Server;
  let proxy: FaultProxy;
  let client: Socket;
  let received: Buffer[];

  beforeEach(async () => {
    echo = createServer((socket) => {
      socket.on("error", () => undefined);
      socket.pipe(socket);
    });
    await new Promise<void>((resolve) => echo.listen(0, "127.0.0.1", resolve));
    proxy = await startFaultProxy({ target: { host: "127.0.0.1", port: (echo.address() as AddressInfo).port } });
    received = [];
    client = connect(proxy.port, proxy.host);
    client.on("error", () => undefined);
    client.on("data", (chunk) => received.push(chunk));
    await once(client, "connect");
  });

  afterEach(async () => {
    client.destroy();
    await proxy.stop();
    await new Promise((resolve) => echo.close(resolve));
  });

  async function receivedText(length: number): Promise<string> {
    await expect.poll(() => Buffer.concat(received).length, { timeout: 5_000, interval: 2 }).toBe(length);
    return Buffer.concat(received).toString();
  }

  it("passes bytes through unchanged when nothing is wrong", async () => {
    client.write("hello");
    expect(await receivedText(5)).toBe("hello");
  });

  it("delays each direction by the latency", async () => {
    proxy.set({ latencyMs: 40 });
    const startedAt = performance.now();
    client.write("late");
    expect(await receivedText(4)).toBe("late");
    expect(performance.now() - startedAt).toBeGreaterThanOrEqual(75);
  });

  it("holds replies in a black hole and lets them go in order afterwards", async () => {
    proxy.set({ blackHolesReplies: true });
    client.write("one ");
    await delay(60);
    client.write("two");
    await delay(60);
    expect(received).toEqual([]);
    expect(client.destroyed).toBe(false);
    proxy.set({ blackHolesReplies: false });
    expect(await receivedText(7)).toBe("one two");
  });

  it("holds requests in a black hole", async () => {
    proxy.set({ blackHolesRequests: true });
    client.write("held");
    await delay(60);
    expect(received).toEqual([]);
    proxy.set({ blackHolesRequests: false });
    expect(await receivedText(4)).toBe("held");
  });

  it("holds a share of the connections, and lets the others through", async () => {
    proxy.set({ blackHolesReplies: true, affectedRatio: 0.5 });
    const answered = new Set<Socket>();
    const clients = Array.from({ length: 24 }, () => connect(proxy.port, proxy.host));
    for (const one of clients) {
      one.on("error", () => undefined);
      one.once("data", () => answered.add(one));
      one.write("x");
    }
    await expect.poll(() => answered.size, { timeout: 5_000, interval: 5 }).toBeGreaterThan(4);
    await delay(60);
    expect(answered.size).toBeLessThan(20);
    proxy.heal();
    await expect.poll(() => answered.size, { timeout: 5_000, interval: 5 }).toBe(24);
    for (const one of clients) one.destroy();
  });

  it("slices a chunk without losing or reordering a byte", async () => {
    proxy.set({ sliceBytes: 3 });
    const text = "abcdefghijklmnopqrstuvwxyz".repeat(20);
    client.write(text);
    expect(await receivedText(text.length)).toBe(text);
    expect(received.length).toBeGreaterThan(1);
  });

  it("limits the bandwidth", async () => {
    proxy.set({ bandwidthBytes: 10_000 });
    const startedAt = performance.now();
    client.write("x".repeat(1_000));
    await receivedText(1_000);
    expect(performance.now() - startedAt).toBeGreaterThanOrEqual(90);
  });

  it("flips exactly one byte of a corrupted chunk", async () => {
    proxy.set({ corruptionRatio: 1 });
    client.write(Buffer.alloc(1));
    await expect.poll(() => received.length).toBe(1);
    // Flipped on the way there and again on the way back.
    expect(Buffer.concat(received)).toEqual(Buffer.alloc(1));
    received.length = 0;
    client.write(Buffer.alloc(64));
    await receivedText(64);
    expect(Buffer.concat(received).filter((byte) => byte !== 0).length).toBe(2);
  });

  /** `once` of node:events would reject on the error that comes first. */
  function closed(socket: Socket): Promise<void> {
    return new Promise((resolve) => socket.once("close", () => resolve()));
  }

  it("resets every open connection", async () => {
    proxy.resetAll();
    await closed(client);
    await expect.poll(() => proxy.connectionCount()).toBe(0);
  });

  it("refuses new connections and keeps the old ones", async () => {
    proxy.set({ refusesConnections: true });
    const second = connect(proxy.port, proxy.host);
    second.on("error", () => undefined);
    await closed(second);
    client.write("still here");
    expect(await receivedText(10)).toBe("still here");
  });

  it("goes down, so that nobody is at its port, and comes up again", async () => {
    await proxy.goDown();
    await closed(client);
    await expect(once(connect(proxy.port, proxy.host), "connect")).rejects.toThrow(/ECONNREFUSED/);
    await proxy.comeUp();
    const second = connect(proxy.port, proxy.host);
    second.write("back");
    expect(String((await once(second, "data"))[0])).toBe("back");
    second.destroy();
  });

  it("lets so many bytes of replies through and then resets", async () => {
    proxy.set({ replyBytesUntilReset: 4 });
    client.write("abcdefgh");
    await closed(client);
    expect(Buffer.concat(received).toString()).toBe("abcd");
    expect(proxy.resetCount()).toBe(1);
  });

  it("counts the bytes of replies from when the fault was set, on connections that are open already", async () => {
    client.write("before");
    await receivedText(6);
    proxy.set({ replyBytesUntilReset: 2 });
    client.write("after");
    await closed(client);
    expect(Buffer.concat(received).toString()).toBe("beforeaf");
  });

  it("gives noise for replies until it heals", async () => {
    proxy.set({ replacesReplies: true });
    client.write("hello");
    await expect.poll(() => Buffer.concat(received).length).toBe(8);
    const [first, ...rest] = Buffer.concat(received);
    expect(first).toBe(0);
    expect(Buffer.from(rest).toString("latin1")).not.toContain("hello");
    proxy.heal();
    received.length = 0;
    client.write("hello");
    expect(await receivedText(5)).toBe("hello");
  });

  it("resets at random chunks, the same for the same seed, some before and some after the server got them", async () => {
    const lengths = async (seed: number): Promise<readonly number[]> => {
      const served: number[] = [];
      const sink = createServer((socket) => {
        let length = 0;
        socket.on("error", () => undefined);
        socket.on("data", (chunk) => {
          length += chunk.length;
          socket.write("k");
        });
        socket.once("close", () => served.push(length));
      });
      await new Promise<void>((resolve) => sink.listen(0, "127.0.0.1", resolve));
      const target = { host: "127.0.0.1", port: (sink.address() as AddressInfo).port };
      const random = await startFaultProxy({ target, seed });
      random.set({ chunksPerReset: 6 });
      const sent: number[] = [];
      for (let round = 0; round < 8; round += 1) sent.push(await writeUntilReset(random));
      await expect.poll(() => served.length).toBe(8);
      await random.stop();
      await new Promise((resolve) => sink.close(resolve));
      return sent.flatMap((length, round) => [length, served[round] as number]);
    };
    const first = await lengths(5);
    expect(await lengths(5)).toEqual(first);
    const lost = first
      .filter((_, index) => index % 2 === 0)
      .map((sent, round) => sent - (first[2 * round + 1] as number));
    expect(new Set(lost)).toEqual(new Set([0, 1]));
  });

  /** Sends a byte, waits for its answer, and so on. @returns how many bytes were sent */
  async function writeUntilReset({ host, port }: FaultProxy): Promise<number> {
    const socket = connect(port, host);
    let sent = 0;
    const send = (): void => {
      sent += 1;
      socket.write("x");
    };
    socket.on("error", () => undefined);
    socket.on("connect", send);
    socket.on("data", send);
    await closed(socket);
    return sent;
  }
});
