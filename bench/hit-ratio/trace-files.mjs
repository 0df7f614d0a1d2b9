import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";

/**
 * Reads a trace: gzip of little-endian int32 differences, whose running sum is the key of each request.
 *
 * @param {string} folder
 * @param {string} name without `.d32.gz`
 * @returns {Promise<Uint32Array | undefined>} the key of each request, small numbers without large gaps; nothing when there is no such file
 */
export async function readTrace(folder, name) {
  const packed = await readFile(join(folder, `${name}.d32.gz`)).catch((error) => {
    if (error.code === "ENOENT") return undefined;
    throw error;
  });
  if (packed === undefined) return undefined;
  const bytes = gunzipSync(packed);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const keys = new Uint32Array(bytes.byteLength / 4);
  let key = 0;
  for (let index = 0; index < keys.length; index += 1) {
    key += view.getInt32(index * 4, true);
    keys[index] = key;
  }
  return keys;
}
