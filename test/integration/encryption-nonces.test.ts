import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { expect, it } from "vitest";
import { NONCE_BYTES } from "../../src/codec/encryption/sealed-layout.ts";
import type { NonceTask } from "./encryption-nonce-worker.ts";
import { bundleScript } from "./support/script-bundle.ts";

const COUNT_EACH = 500_000;

async function noncesOf(script: string, task: NonceTask): Promise<Uint8Array> {
  const worker = new Worker(script, { workerData: task });
  try {
    return (await once(worker, "message"))[0] as Uint8Array;
  } finally {
    await worker.terminate();
  }
}

it("two threads that seal 1,000,000 values with one key never use a nonce twice", async () => {
  const script = await bundleScript("test/integration/encryption-nonce-worker.ts");
  const task: NonceTask = { key: Buffer.from("a key of thirty-two bytes, as is"), count: COUNT_EACH };
  const both = await Promise.all([noncesOf(script, task), noncesOf(script, task)]);
  const starts = new BigUint64Array(COUNT_EACH * 2);
  let index = 0;
  for (const nonces of both) {
    const view = new DataView(nonces.buffer);
    for (let at = 0; at < nonces.length; at += NONCE_BYTES) {
      starts[index] = view.getBigUint64(at);
      index += 1;
    }
  }
  expect(index).toBe(starts.length);
  // 64 of 192 bits are enough: of a million random ones two are equal once in 30 million runs.
  starts.sort();
  expect(starts.findIndex((start, place) => start === starts[place - 1])).toBe(-1);
}, 120_000);
