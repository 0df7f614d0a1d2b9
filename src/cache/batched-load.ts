import type { CallOptions } from "./options.ts";

/** Asks for one key, together with everybody who asks at the same time. `undefined`: the loader has no value for it. */
export type BatchedLoad<T> = (key: string, options?: CallOptions) => Promise<T | undefined>;
