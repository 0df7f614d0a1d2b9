/** What one thread gives another so that both use one cache. Made of what `postMessage` and `workerData` can carry; the bytes stay shared. */
export interface SharedSlabHandle {
  readonly kind: "gocachex-shared-slab";
  readonly buffer: SharedArrayBuffer;
}
