/** How many slots a Redis Cluster has. */
export const REDIS_SLOT_COUNT = 16_384;

const TABLE: Uint16Array = makeTable();

/**
 * The slot of a key: CRC16 (XMODEM) of the text between the first `{` and the next `}`, or of all of it when there is nothing between
 * them, modulo 16,384. O(length).
 *
 * Source: https://redis.io/docs/latest/operate/oss_and_stack/reference/cluster-spec/#hash-tags
 */
export function slotOfKey(key: string | Buffer): number {
  const bytes = typeof key === "string" ? Buffer.from(key) : key;
  const open = bytes.indexOf(0x7b);
  const close = open < 0 ? -1 : bytes.indexOf(0x7d, open + 1);
  const hashed = close > open + 1 ? bytes.subarray(open + 1, close) : bytes;
  let crc = 0;
  for (const byte of hashed) crc = ((crc << 8) & 0xffff) ^ (TABLE[(crc >>> 8) ^ byte] as number);
  return crc % REDIS_SLOT_COUNT;
}

function makeTable(): Uint16Array {
  const table = new Uint16Array(256);
  for (let index = 0; index < 256; index += 1) {
    let crc = index << 8;
    for (let bit = 0; bit < 8; bit += 1) crc = crc & 0x8000 ? (crc << 1) ^ 0x1021 : crc << 1;
    table[index] = crc & 0xffff;
  }
  return table;
}
