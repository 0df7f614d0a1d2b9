/** A number of bytes: a number, or text such as `"100MB"`. */
export type ByteSize = number | string;

/** Units are powers of 1024, as in Redis, memcached and the original GoCacheX: `"1MB"` and `"1MiB"` are 1,048,576 bytes. */
const UNIT_BYTES: Readonly<Record<string, number>> = {
  "": 1,
  b: 1,
  k: 1024,
  kb: 1024,
  kib: 1024,
  m: 1024 ** 2,
  mb: 1024 ** 2,
  mib: 1024 ** 2,
  g: 1024 ** 3,
  gb: 1024 ** 3,
  gib: 1024 ** 3,
  t: 1024 ** 4,
  tb: 1024 ** 4,
  tib: 1024 ** 4,
};

const BYTE_SIZE = /^(\d+(?:\.\d+)?)\s*([a-z]*)$/i;

/**
 * Reads a size text such as `"100MB"`, `"1.5 GiB"`, `"512"`.
 *
 * @returns whole bytes, or `undefined` when the text is not a size
 */
export function parseByteSize(text: string): number | undefined {
  const match = BYTE_SIZE.exec(text.trim());
  if (match === null) return undefined;
  const unit = UNIT_BYTES[(match[2] as string).toLowerCase()];
  return unit === undefined ? undefined : Math.floor(Number(match[1]) * unit);
}

/** Writes bytes for people: `"1.5 MB"`, `"312 B"`. */
export function formatByteSize(sizeBytes: number): string {
  if (!Number.isFinite(sizeBytes)) return "unlimited";
  const units = ["B", "KB", "MB", "GB", "TB"] as const;
  let size = sizeBytes;
  let unit = 0;
  while (size >= 1024 && unit < units.length - 1) {
    size /= 1024;
    unit += 1;
  }
  const rounded = unit === 0 || size >= 100 ? Math.round(size) : Math.round(size * 10) / 10;
  return `${rounded} ${units[unit]}`;
}
