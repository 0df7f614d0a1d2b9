/**
 * A store of bytes, as Redis or files would be one: it keeps what it is given and knows nothing of values. `rows` is what somebody who can
 * reach the store sees, and can change.
 */
import { defineBackend } from "gocachex";

export function createByteStore() {
  const rows = new Map();
  let version = 0;
  const backend = defineBackend({
    name: "bytes",
    capabilities: { storage: "bytes" },
    get: async (key) => {
      const row = rows.get(key);
      return row !== undefined && row.expiresAt > Date.now() ? row : undefined;
    },
    set: async (key, { value, ttlMs }) => {
      version += 1;
      rows.set(key, { value, version, expiresAt: Date.now() + ttlMs });
      return { stored: true, version };
    },
    delete: async (key) => rows.delete(key),
  });
  return { rows, backend };
}

/** How many bytes all values of a store take. */
export function storedBytes({ rows }) {
  return [...rows.values()].reduce((sum, { value }) => sum + value.length, 0);
}
