import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { findFreePort } from "../../scripts/servers/free-port.ts";
import { startMemcached } from "../../scripts/servers/start-memcached.ts";
import type { TestServer } from "../../scripts/servers/test-server.ts";
import type { MetaReply } from "../../src/clients/memcached/meta-message.ts";
import { type FaultProxy, startFaultProxy } from "./support/fault-proxy.ts";
import {
  closeClients,
  failureOf,
  get,
  openClient,
  READ,
  readText,
  set,
  type TestClient,
  WRITE,
} from "./support/memcached-clients.ts";

/** The deadline of these tests, and how much later its error may come on a machine that is busy with other things. */
const TIMEOUT_MS = 200;
const SLACK_MS = 150;

let server: TestServer;
let proxy: FaultProxy;
let test: TestClient;

beforeAll(async () => {
  server = await startMemcached();
});
afterAll(() => server.stop());
beforeEach(async () => {
  proxy = await startFaultProxy({ target: server });
  test = openClient(`${proxy.host}:${proxy.port}`, { timeoutMs: TIMEOUT_MS });
  await test.client.connect();
  await test.client.send(set("k", "value of k"), WRITE);
});
afterEach(async () => {
  await closeClients();
  await proxy.stop();
});

/** Starts a read, a write, a batch of reads and a batch of writes, and lets their bytes leave. */
async function startCalls(): Promise<readonly Promise<{ readonly error: Error; readonly tookMs: number }>[]> {
  const { client } = test;
  const calls = [
    failureOf(client.send(get("k"), READ)),
    failureOf(client.send(set("w", "1"), WRITE)),
    failureOf(client.sendBatch([get("k"), get("none")], READ)),
    failureOf(client.sendBatch([set("w", "1"), set("x", "2")], WRITE)),
  ];
  await new Promise<void>((resolve) => process.nextTick(resolve));
  return calls;
}

async function expectRecovery(): Promise<void> {
  await expect.poll(() => readText(test.client, "k").catch(() => "error"), { timeout: 5_000 }).toBe("value of k");
}

describe("a server that is not there", () => {
  it("is known at once, and rejects reads and writes before anything was sent", async () => {
    const port = await findFreePort();
    const { client } = openClient(`127.0.0.1:${port}`, { timeoutMs: TIMEOUT_MS });
    const outcomes = await Promise.all([
      failureOf(client.connect()),
      failureOf(client.send(get("a"), READ)),
      failureOf(client.send(set("a", "1"), WRITE)),
      failureOf(client.sendBatch([get("a")], READ)),
      failureOf(client.stats(undefined, READ)),
    ]);
    for (const { error, tookMs } of outcomes) {
      expect(error.name).toBe("BackendUnavailableError");
      expect(error.message).toContain("ECONNREFUSED");
      expect(tookMs).toBeLessThan(TIMEOUT_MS);
    }
    // In the pause before the next attempt a call fails without one.
    const { error, tookMs } = await failureOf(client.send(get("a"), READ));
    expect(error.name).toBe("BackendUnavailableError");
    expect(tookMs).toBeLessThan(50);
  });

  it("is used as soon as it is there, at the first call after a pause of at most a second", async () => {
    const port = await findFreePort();
    const { client, notices } = openClient(`127.0.0.1:${port}`, { timeoutMs: TIMEOUT_MS });
    for (let attempt = 0; attempt < 20; attempt += 1) await failureOf(client.connect());
    const late = await startMemcached({ port });
    const startedAt = performance.now();
    await expect
      .poll(
        () =>
          client.send(set("a", "1"), WRITE).then(
            () => true,
            () => false,
          ),
        { interval: 20 },
      )
      .toBe(true);
    expect(performance.now() - startedAt).toBeLessThan(1_500);
    expect(notices).toEqual([{ kind: "connection", state: "connected" }]);
    await late.stop();
  });

  it("refuses every connection: nothing is sent, and the reason is told", async () => {
    proxy.set({ refusesConnections: true });
    const { client } = openClient(`${proxy.host}:${proxy.port}`, { timeoutMs: TIMEOUT_MS });
    const { error } = await failureOf(client.send(set("a", "1"), WRITE));
    expect(error.name).toBe("BackendUnavailableError");
    expect(error.message).toMatch(/ECONNRESET|closed/);
  });

  it("accepts connections and says nothing: connecting ends at its deadline, and so do calls that wait for it", async () => {
    proxy.set({ blackHolesReplies: true });
    const { client } = openClient(`${proxy.host}:${proxy.port}`, { timeoutMs: TIMEOUT_MS });
    const outcomes = await Promise.all([
      failureOf(client.send(get("a"), READ)),
      failureOf(client.send(set("a", "1"), WRITE)),
      failureOf(client.connect()),
    ]);
    for (const { error, tookMs } of outcomes) {
      expect(error.name).toBe("BackendUnavailableError");
      expect(error.message).toContain(`within ${TIMEOUT_MS} ms`);
      expect(tookMs).toBeGreaterThanOrEqual(TIMEOUT_MS - 5);
      expect(tookMs).toBeLessThan(TIMEOUT_MS + SLACK_MS);
    }
    expect(client.connections()).toEqual({ open: 0, inFlight: 0, waiting: 0 });
  });
});

describe.each([
  ["the server hangs", { blackHolesReplies: true, blackHolesRequests: true }],
  ["requests get lost", { blackHolesReplies: false, blackHolesRequests: true }],
  ["replies get lost", { blackHolesReplies: true, blackHolesRequests: false }],
])("when %s", (_, faults) => {
  it("every call ends at its deadline, the connection is given up, and the next one works", async () => {
    proxy.set(faults);
    const outcomes = await Promise.all(await startCalls());
    expect(outcomes.map(({ error }) => error.name)).toEqual([
      "BackendTimeoutError",
      "OutcomeUnknownError",
      "BackendTimeoutError",
      "OutcomeUnknownError",
    ]);
    for (const { tookMs } of outcomes) {
      expect(tookMs).toBeGreaterThanOrEqual(TIMEOUT_MS - 5);
      expect(tookMs).toBeLessThan(TIMEOUT_MS + SLACK_MS);
    }
    expect(test.client.connections()).toEqual({ open: 0, inFlight: 0, waiting: 0 });
    expect(test.notices.at(-1)).toMatchObject({ kind: "connection", state: "lost" });
    proxy.set({ blackHolesReplies: false, blackHolesRequests: false });
    await expectRecovery();
  });
});

describe("a reply that comes after its deadline", () => {
  it("is read and dropped, and nobody else gets it", async () => {
    await test.client.send(set("other", "value of other"), WRITE);
    proxy.set({ blackHolesReplies: true });
    const { error } = await failureOf(test.client.send(get("k"), READ));
    expect(error.name).toBe("BackendTimeoutError");
    expect(test.client.connections()).toMatchObject({ open: 1, inFlight: 1 });
    proxy.set({ blackHolesReplies: false });
    await expect.poll(() => test.client.connections()).toMatchObject({ open: 1, inFlight: 0 });
    // The connection was not given up: a single late reply is no reason.
    expect(await readText(test.client, "other")).toBe("value of other");
    expect(test.notices.filter((notice) => notice.kind === "connection" && notice.state === "lost")).toEqual([]);
  });

  it("ends the connection when it does not come for a second time of the deadline", async () => {
    proxy.set({ blackHolesReplies: true });
    await failureOf(test.client.send(get("k"), READ));
    expect(test.client.connections().open).toBe(1);
    await expect.poll(() => test.client.connections().open, { timeout: TIMEOUT_MS + 1_000 }).toBe(0);
    expect(test.notices.at(-1)).toMatchObject({ kind: "connection", state: "lost" });
  });
});

describe("a connection that is reset", () => {
  it("repeats reads once within their deadline, and tells writes that their outcome is unknown", async () => {
    proxy.set({ blackHolesRequests: true });
    const { client } = test;
    const read = readText(client, "k");
    const batch = client.sendBatch([get("k"), get("none")], READ);
    const write = failureOf(client.send(set("w", "1"), WRITE));
    const stats = client.stats(undefined, READ);
    await new Promise<void>((resolve) => process.nextTick(resolve));
    proxy.set({ blackHolesRequests: false });
    proxy.resetAll();
    expect(await read).toBe("value of k");
    expect((await batch).replies.map((reply) => (reply as MetaReply).status)).toEqual(["VA", "EN"]);
    expect((await write).error.name).toBe("OutcomeUnknownError");
    expect((await stats).get("version")).toBe(client.version);
  });

  it("does not repeat a read for ever", async () => {
    proxy.set({ blackHolesReplies: true });
    const read = failureOf(test.client.send(get("k"), READ));
    await new Promise<void>((resolve) => process.nextTick(resolve));
    proxy.set({ refusesConnections: true });
    proxy.resetAll();
    const { error, tookMs } = await read;
    expect(error.name).toBe("BackendUnavailableError");
    expect(tookMs).toBeLessThan(TIMEOUT_MS + SLACK_MS);
  });

  it("does not send what must go over it over another one", async () => {
    const { connection } = await test.client.send(get("k"), READ);
    proxy.resetAll();
    await expect.poll(() => test.client.connections().open).toBe(0);
    await expectRecovery();
    const { error } = await failureOf(test.client.send(set("k", "x"), { ...WRITE, connection }));
    expect(error.name).toBe("BackendUnavailableError");
    expect(await readText(test.client, "k")).toBe("value of k");
    const again = await test.client.send(get("k"), READ);
    expect(again.connection).toBeGreaterThan(connection);
  });

  it("rejects what was bound to it and in flight, reads too", async () => {
    const { connection } = await test.client.send(get("k"), READ);
    proxy.set({ blackHolesReplies: true });
    const read = failureOf(test.client.send(get("k"), { ...READ, connection }));
    await new Promise<void>((resolve) => process.nextTick(resolve));
    proxy.resetAll();
    expect((await read).error.name).toBe("BackendUnavailableError");
  });
});

describe("a network that is bad but works", () => {
  it("is slow, cut into single bytes, or both: every reply comes, to the right caller", async () => {
    const keys = Array.from({ length: 30 }, (_, index) => `slow-${index}`);
    const value = (key: string): string => `value of ${key} `.repeat(8);
    await Promise.all(keys.map((key) => test.client.send(set(key, value(key)), WRITE)));
    for (const faults of [
      { sliceBytes: 1 },
      { sliceBytes: 0, latencyMs: 20, jitterMs: 20 },
      { sliceBytes: 7, latencyMs: 5, jitterMs: 5 },
    ]) {
      proxy.set(faults);
      const { client } = openClient(`${proxy.host}:${proxy.port}`, { timeoutMs: 5_000 });
      const values = await Promise.all(keys.map((key) => readText(client, key)));
      expect(values).toEqual(keys.map(value));
      const { replies } = await client.sendBatch(
        keys.flatMap((key) => [get(key), get(`no-${key}`)]),
        READ,
      );
      for (const [index, reply] of replies.entries()) {
        const key = keys[Math.floor(index / 2)] as string;
        expect((reply as MetaReply).value?.toString()).toBe(index % 2 === 0 ? value(key) : undefined);
      }
    }
  });

  it("flips bytes: a value is right, or its call fails, or its own bytes were hit; nobody gets another's", async () => {
    const keys = Array.from({ length: 40 }, (_, index) => `c-${index}`);
    const value = (key: string): string => `<${key}>`.repeat(40);
    await Promise.all(keys.map((key) => test.client.send(set(key, value(key)), WRITE)));
    proxy.set({ corruptionRatio: 0.2 });
    const counts = { right: 0, failed: 0, hit: 0 };
    for (let round = 0; round < 120; round += 1) {
      await Promise.all(
        keys.map(async (key) => {
          try {
            const text = await readText(test.client, key);
            if (text === value(key)) counts.right += 1;
            else {
              // A request whose key was hit misses; a value that was hit is as long as before and differs in one byte.
              counts.hit += 1;
              expect(keys.filter((other) => text === value(other))).toEqual([]);
            }
          } catch {
            counts.failed += 1;
          }
        }),
      );
    }
    expect(counts.right).toBeGreaterThan(500);
    expect(counts.failed).toBeGreaterThan(0);
    proxy.set({ corruptionRatio: 0 });
    await expectRecovery();
  });
});
