import { once } from "node:events";
import { createServer, type ServerResponse } from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Cache } from "../../src/cache/cache.ts";
import { createCache } from "../../src/create-cache.ts";
import { createSeededRandom } from "../../src/foundation/random-source.ts";
import { LiveRecorder } from "../../src/observability/live/live-recorder.ts";
import { LiveStreams } from "../../src/server/dashboard/live-streams.ts";
import { createFakeTime, type FakeTime } from "../../src/testing/fake-clock.ts";
import { openSocket, startTestNode } from "./node-harness.ts";
import { withManyKeys } from "./support/cache-with.ts";

const SECOND_MS = 1_000;
const STALL_TIMEOUT_MS = 10 * SECOND_MS;
/** Documents of some 50 kB: many times more than a connection takes that nobody reads. */
const MOST_SECONDS = 5_000;

/** The seconds are those of a fake clock; the connection is a real one, with all that the system buffers. */
describe("a watcher of the dashboard's stream that does not read", () => {
  let cache: Cache;
  let time: FakeTime;
  let recorder: LiveRecorder;
  let streams: LiveStreams;
  let watcher: Socket;
  let response: ServerResponse;
  let stop: () => Promise<void>;

  beforeEach(async () => {
    cache = createCache();
    time = createFakeTime();
    const { clock, scheduler } = time;
    recorder = new LiveRecorder({ cache, clock, scheduler, random: createSeededRandom(3) });
    recorder.start();
    streams = new LiveStreams({ recorder, hasApp: false, stallTimeoutMs: STALL_TIMEOUT_MS, now: clock.monotonicMs });
    await failLoads(100);
    const server = createServer((_, answer) => streams.stream(answer));
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    watcher = connect((server.address() as AddressInfo).port, "127.0.0.1");
    watcher.on("error", () => undefined);
    watcher.write("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
    [, response] = (await once(server, "request")) as [unknown, ServerResponse];
    stop = async () => {
      watcher.destroy();
      server.close();
      server.closeAllConnections();
      await once(server, "close");
    };
  });
  afterEach(async () => {
    streams.close();
    recorder.close();
    await stop();
    await cache.close();
  });

  /** Fills the list of events, so that documents are large. */
  async function failLoads(count: number): Promise<void> {
    const loader = () => Promise.reject(new Error("x".repeat(300)));
    for (let at = 0; at < count; at += 1) await cache.getOrSet(`${at}`.padStart(250), loader).catch(() => undefined);
  }

  /** Lets seconds pass until the connection takes no more. */
  async function fill(): Promise<void> {
    for (let second = 0; second < MOST_SECONDS && !response.writableNeedDrain; second += 1) {
      await time.advanceAsync(SECOND_MS);
    }
    expect(response.writableNeedDrain).toBe(true);
  }

  const isWatched = () => recorder.document(false).hotKeys.isWatching;

  it("misses seconds, which do not pile up, and is told of the next one when it reads again", async () => {
    for (let time_ = 0; time_ < 2; time_ += 1) {
      await fill();
      const heldBytes = response.writableLength;
      await time.advanceAsync(STALL_TIMEOUT_MS - 2 * SECOND_MS);
      expect(response.writableLength).toBeLessThanOrEqual(heldBytes);
      expect(response.destroyed).toBe(false);
      let tail = "";
      watcher.on("data", (piece: Buffer) => {
        tail = (tail + piece.toString("latin1")).slice(-1_000_000);
      });
      watcher.resume();
      await once(response, "drain");
      await time.advanceAsync(SECOND_MS);
      const now = `data: {"at":${time.clock.wallMs()},`;
      await expect.poll(() => tail.includes(now)).toBe(true);
      watcher.removeAllListeners("data");
      watcher.pause();
    }
  });

  it("is cut when it has read nothing for too long, and is no watcher any more", async () => {
    await fill();
    expect(isWatched()).toBe(true);
    await time.advanceAsync(STALL_TIMEOUT_MS);
    expect(response.destroyed).toBe(false);
    await time.advanceAsync(SECOND_MS);
    expect(response.destroyed).toBe(true);
    await expect.poll(isWatched).toBe(false);
  });

  it("is not waited for when the node closes", async () => {
    await fill();
    streams.close();
    expect(response.destroyed).toBe(true);
  });
});

describe("a listing that the client does not read", () => {
  it("is read no further than the connection takes, and ended after the node's stallTimeoutMs", async () => {
    const most = 100_000;
    const { cache, drawnCount, isOver } = withManyKeys(createCache(), most);
    await using node = await startTestNode({ cache, stallTimeoutMs: 1_000 });
    const reader = await openSocket(node.node, "GET /v1/keys HTTP/1.1\r\nHost: localhost\r\n\r\n");
    await expect.poll(isOver, { timeout: 10_000 }).toBe(true);
    // What the system buffers of a connection, some megabytes, out of a hundred.
    expect(drawnCount()).toBeLessThan(most / 2);
    reader.destroy();
    expect((await node.ask("/v1/stats")).status).toBe(200);
  });
});
