import type { Socket } from "node:net";
import { expect, it } from "vitest";
import { createSeededRandom } from "../../src/foundation/random-source.ts";
import { openSocket, sendRaw, startTestNode } from "./node-harness.ts";
import { collectGarbage } from "./support/collect-garbage.ts";
import { drawFrom, drawRequest } from "./support/http-grammar.ts";

/** How long it goes on; GOCACHEX_FUZZ_MS for more. */
const DURATION_MS = Number(process.env["GOCACHEX_FUZZ_MS"] ?? 10_000);
const SEED = Number(process.env["GOCACHEX_FUZZ_SEED"] ?? 1 + (Date.now() % 1_000_000));
const BATCH_COUNT = 40;
const VALID_REQUEST = "GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
const MIB = 1024 * 1024;
/** What the heap may have grown by at the end, after a collection: nothing of a request stays. */
const MAX_GROWTH_BYTES: number = 16 * MIB;

interface Sent {
  readonly socket: Socket;
  /** The first bytes of the first answer, or nothing. */
  readonly first: () => string;
}

it(`a node answers whatever is sent to it, serves others afterwards and keeps nothing of it (seed ${SEED})`, {
  timeout: DURATION_MS + 60_000,
}, async () => {
  console.log(`HTTP fuzzer: seed ${SEED}, ${DURATION_MS} ms. Repeat with GOCACHEX_FUZZ_SEED=${SEED}`);
  const draw = drawFrom(createSeededRandom(SEED));
  await using node = await startTestNode({ maxBodyBytes: 4_096, closeTimeoutMs: 100, headersTimeoutMs: 1_000 });
  const endAtMs = performance.now() + DURATION_MS;
  let sentCount = 0;
  let settledBytes: number | undefined;
  const statuses = new Map<string, number>();
  for (let batch = 0; performance.now() < endAtMs; batch += 1) {
    const sent = await Promise.all(Array.from({ length: BATCH_COUNT }, () => sendOne(drawn())));
    // On a connection that was opened after all of theirs: when it has been answered, they have been read.
    expect(await sendRaw(node.node, VALID_REQUEST)).toMatch(/^HTTP\/1\.1 200 /);
    expect((await node.put("/v1/keys/valid", batch)).status).toBe(200);
    expect(await (await node.ask("/v1/keys/valid")).json()).toBe(batch);
    for (const { socket, first } of sent) {
      // What was not whole waits for the rest; so long nobody else does.
      socket.destroy();
      judge(first());
    }
    // What is compiled, and buffers of the platform, come with the first batches.
    if (batch === 20) settledBytes = await heapBytes();
  }
  expect(node.errors).toEqual([]);
  console.log(
    `HTTP fuzzer: ${sentCount} connections; first answers: ${JSON.stringify(Object.fromEntries([...statuses].sort()))}`,
  );
  // A fuzzer that reaches nothing proves nothing.
  for (const status of ["200", "400", "404", "415"]) expect([...statuses.keys()]).toContain(status);
  if (settledBytes !== undefined) expect((await heapBytes()) - settledBytes).toBeLessThan(MAX_GROWTH_BYTES);

  /** Several requests for one connection, and in how many pieces they are sent. */
  function drawn(): { readonly bytes: string; readonly cutAt: number; readonly isAbandoned: boolean } {
    let bytes = drawRequest(draw);
    while (draw.chance(0.3)) bytes += drawRequest(draw);
    return {
      bytes,
      cutAt: draw.chance(0.3) ? draw.below(bytes.length + 1) : bytes.length,
      isAbandoned: draw.chance(0.2),
    };
  }

  async function sendOne({ bytes, cutAt, isAbandoned }: ReturnType<typeof drawn>): Promise<Sent> {
    const socket = await openSocket(node.node);
    sentCount += 1;
    let first = "";
    socket.on("data", (chunk: Buffer) => {
      if (first === "") first = chunk.toString("latin1");
    });
    socket.write(bytes.slice(0, cutAt), "latin1");
    socket.write(bytes.slice(cutAt), "latin1");
    if (isAbandoned) socket.destroy();
    return { socket, first: () => first };
  }

  function judge(first: string): void {
    if (first === "") return;
    expect(first).toMatch(/^HTTP\/1\.1 [1-5]\d\d /);
    expect(first).not.toMatch(/^HTTP\/1\.1 500 /);
    const status = first.slice(9, 12);
    statuses.set(status, (statuses.get(status) ?? 0) + 1);
  }

  async function heapBytes(): Promise<number> {
    await new Promise((resolve) => setImmediate(resolve));
    collectGarbage();
    const { heapUsed, external } = process.memoryUsage();
    return heapUsed + external;
  }
});
