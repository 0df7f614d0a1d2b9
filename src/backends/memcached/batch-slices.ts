import { settleAll } from "../../foundation/settle-all.ts";

/** Requests of one batch: fewer than a connection may have in flight, and enough that the round trip does not matter. */
const MAX_BATCH_COUNT = 1_000;
/** Bytes of values in one batch: several of them are in flight at a time when many callers write. */
const MAX_BATCH_BYTES = 4_194_304;

/** Cuts a list into batches, all but the last of the same length. */
export function sliceByCount<T>(items: readonly T[]): readonly (readonly T[])[] {
  if (items.length <= MAX_BATCH_COUNT) return items.length === 0 ? [] : [items];
  const slices: (readonly T[])[] = [];
  for (let at = 0; at < items.length; at += MAX_BATCH_COUNT) slices.push(items.slice(at, at + MAX_BATCH_COUNT));
  return slices;
}

/** Cuts a list into batches by their number and by the bytes of each; one that alone is larger is a batch of its own. */
export function sliceByBytes<T>(items: readonly T[], bytesOf: (item: T) => number): readonly (readonly T[])[] {
  const slices: T[][] = [];
  let slice: T[] = [];
  let sliceBytes = 0;
  for (const item of items) {
    const bytes = bytesOf(item);
    if (slice.length > 0 && (slice.length >= MAX_BATCH_COUNT || sliceBytes + bytes > MAX_BATCH_BYTES)) {
      slices.push(slice);
      slice = [];
      sliceBytes = 0;
    }
    slice.push(item);
    sliceBytes += bytes;
  }
  if (slice.length > 0) slices.push(slice);
  return slices;
}

/** Batches of one call that are on their way at a time: one call, however long, must not fill the client's queues, or nobody else would get in. */
const MAX_TOGETHER_SLICES = 4;

/** Does something with each slice, some at a time, and returns the results in order. After a failure nothing further is begun, and it is told when nothing is on its way. */
export async function runSlices<T, Result>(
  slices: readonly T[],
  run: (slice: T) => Promise<Result>,
): Promise<readonly Result[]> {
  if (slices.length <= MAX_TOGETHER_SLICES) return settleAll(slices.map(run));
  const results: Result[] = [];
  for (let at = 0; at < slices.length; at += MAX_TOGETHER_SLICES) {
    results.push(...(await settleAll(slices.slice(at, at + MAX_TOGETHER_SLICES).map(run))));
  }
  return results;
}

/** Reads something of each key, in slices, and returns it in order. Where one slice is enough, its promise is the only one. */
export function readSlices<Result>(
  keys: readonly string[],
  read: (slice: readonly string[]) => Promise<readonly Result[]>,
): Promise<readonly Result[]> {
  const slices = sliceByCount(keys);
  const [first] = slices;
  if (first === undefined) return Promise.resolve([]);
  return slices.length === 1 ? read(first) : runSlices(slices, read).then((found) => found.flat());
}
