import type { Cache } from "../../../src/cache/cache.ts";
import type { OperationPlace } from "./matrix-operation.ts";
import type { StoreRig } from "./store-rig.ts";

/** Among so many keys some are on the server that is looked for: the chance that none is, with three servers, is 1 in 10^10. */
const MAX_ATTEMPTS = 60;

/**
 * Three keys on the servers that a fault concerns, with a hash tag in common, so that a cluster keeps them together. Whether a key is there is
 * found out by writing it.
 *
 * @throws Error when none can be found
 */
export async function findKeys(rig: StoreRig, view: Cache, name: string): Promise<OperationPlace["keys"]> {
  if (rig.concernsAllKeys) return [`{${name}}a`, `{${name}}b`, `{${name}}c`];
  const first = await findKey(rig, view, (attempt) => `{${name}-${attempt}}a`);
  const tag = first.slice(0, -1);
  const second = await findKey(rig, view, (attempt) => `${tag}b${attempt}`);
  return [first, second, await findKey(rig, view, (attempt) => `${tag}c${attempt}`)];
}

async function findKey(rig: StoreRig, view: Cache, candidate: (attempt: number) => string): Promise<string> {
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt += 1) {
    const key = candidate(attempt);
    await view.set(key, 1);
    const isThere = (await rig.countKeys(key)) > 0;
    await view.delete(key);
    if (isThere) return key;
  }
  throw new Error("No key is on the server that is to fail.");
}
