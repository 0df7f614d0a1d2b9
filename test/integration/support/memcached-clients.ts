import { createMemcachedClient } from "../../../src/clients/memcached/create-memcached-client.ts";
import type {
  MemcachedCallOptions,
  MemcachedClient,
  MemcachedNotice,
} from "../../../src/clients/memcached/memcached-client.ts";
import { encodeMemcachedKey } from "../../../src/clients/memcached/memcached-key.ts";
import type { MemcachedSettings } from "../../../src/clients/memcached/memcached-settings.ts";
import type { MetaRequest } from "../../../src/clients/memcached/meta-message.ts";
import { systemClock } from "../../../src/foundation/clock.ts";
import { createSeededRandom } from "../../../src/foundation/random-source.ts";
import { systemScheduler } from "../../../src/foundation/scheduler.ts";

export const READ: MemcachedCallOptions = { operation: "get", kind: "read" };
export const WRITE: MemcachedCallOptions = { operation: "set", kind: "write" };

/** A client and what it told. */
export interface TestClient {
  readonly client: MemcachedClient;
  readonly notices: readonly MemcachedNotice[];
}

const open: MemcachedClient[] = [];

/** Makes a client that {@link closeClients} closes. */
export function openClient(address: string, settings: Partial<MemcachedSettings> = {}): TestClient {
  const notices: MemcachedNotice[] = [];
  const client = createMemcachedClient(
    {
      name: "memcached",
      address,
      timeoutMs: 5_000,
      maxIdleConnections: 2,
      credentials: undefined,
      tls: undefined,
      ...settings,
    },
    {
      clock: systemClock,
      scheduler: systemScheduler,
      random: createSeededRandom(1),
      onNotice: (notice) => notices.push(notice),
    },
  );
  open.push(client);
  return { client, notices };
}

/** Closes every client that was opened since. */
export async function closeClients(): Promise<void> {
  await Promise.all(open.splice(0).map((client) => client.close()));
}

/** A read of a value. */
export function get(key: string, flags = "v"): MetaRequest {
  return { kind: "get", key: encodeMemcachedKey(key), flags };
}

/** A write of a value. */
export function set(key: string, value: string | Uint8Array, flags = ""): MetaRequest {
  return { kind: "set", key: encodeMemcachedKey(key), value: Buffer.from(value), flags };
}

/** The value of a key as text; `undefined` is a miss. */
export async function readText(client: MemcachedClient, key: string): Promise<string | undefined> {
  const { reply } = await client.send(get(key), READ);
  return reply.status === "VA" ? reply.value?.toString() : undefined;
}

/** How a promise ended: its error's name and how long it took, in ms. */
export async function failureOf(
  promise: Promise<unknown>,
): Promise<{ readonly error: Error; readonly tookMs: number }> {
  const startedAt = performance.now();
  try {
    const value = await promise;
    throw new Error(`It resolved: ${JSON.stringify(value)}`);
  } catch (error) {
    return { error: error as Error, tookMs: performance.now() - startedAt };
  }
}
