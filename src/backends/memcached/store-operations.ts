import type { Backend, OperationContext } from "../../backend/backend.ts";
import type { BackendCapabilities } from "../../backend/capabilities.ts";
import type { BackendHost } from "../../backend/registry.ts";
import type { MemcachedClient } from "../../clients/memcached/memcached-client.ts";
import type { DeadlineQueue } from "../../foundation/deadline-queue.ts";
import type { LoadLeases } from "./load-leases.ts";
import type { MemcachedBackendSettings } from "./memcached-backend-settings.ts";

/** What both modes do, without the translation of errors but for `get`, `getMulti` and unconditional `set`, which have one promise a call, and `revalidation`. */
export type StoreOperations = Required<
  Pick<Backend, "get" | "getMulti" | "set" | "setMulti" | "delete" | "deleteMulti" | "expire" | "increment" | "commit">
> &
  Pick<Backend, "getStale" | "invalidateTags" | "stamp" | "clear" | "revalidation"> & {
    /** Mode `coherent`; see {@link LoadLeases}. */
    readonly loadLeases?: LoadLeases;
    readonly capabilities: BackendCapabilities;
    /** Names the data; see {@link Backend.epoch}. */
    readonly epoch: () => string;
    /** Reads what must be known before the first call. */
    readonly start: (context: OperationContext) => Promise<void>;
  };

/** What the operations of a mode are made with. */
export interface StoreParts {
  readonly settings: MemcachedBackendSettings;
  readonly client: MemcachedClient;
  readonly host: BackendHost;
  /** Deadlines of calls that wait for others in this process. */
  readonly deadlines: DeadlineQueue;
}
