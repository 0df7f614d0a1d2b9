import { parentPort, workerData } from "node:worker_threads";
import { createKeyRing } from "../../src/codec/encryption/key-ring.ts";
import { KEY_ID_BYTES, NONCE_BYTES, SEAL_OVERHEAD_BYTES } from "../../src/codec/encryption/sealed-layout.ts";
import { systemClock } from "../../src/foundation/clock.ts";

/** What the test tells a worker. */
export interface NonceTask {
  readonly key: Uint8Array;
  readonly count: number;
}

/** Seals `count` values and answers with their nonces, one behind the other. */
const { key, count } = workerData as NonceTask;
const ring = createKeyRing([key], systemClock);
const nonces = new Uint8Array(count * NONCE_BYTES);
const sealed = new Uint8Array(SEAL_OVERHEAD_BYTES);
for (let index = 0; index < count; index += 1) {
  ring.seal(sealed, 0, new Uint8Array(0), "k");
  nonces.set(sealed.subarray(KEY_ID_BYTES, KEY_ID_BYTES + NONCE_BYTES), index * NONCE_BYTES);
}
parentPort?.postMessage(nonces, [nonces.buffer]);
