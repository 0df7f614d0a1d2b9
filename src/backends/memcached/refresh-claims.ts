import type { OperationContext } from "../../backend/backend.ts";
import type { MemcachedClient } from "../../clients/memcached/memcached-client.ts";
import type { MetaKey } from "../../clients/memcached/meta-message.ts";
import type { Clock } from "../../foundation/clock.ts";
import { exptimeSeconds } from "./exptime.ts";
import { reservedKey } from "./reserved-key.ts";
import { ServerCall } from "./server-call.ts";

const EMPTY = new Uint8Array(0);
/** The server has no number for what ends after 2038, and would keep it for ever: no claim may have no end. A day, for no loader takes longer. */
const MAX_CLAIM_MS = 86_400_000;

/**
 * The leave to refresh one version of an entry: an empty item of its own that ends by itself. Another version has another item, so a claim is over when its entry is replaced. One that the
 * server evicts costs a second load.
 */
export class RefreshClaims {
  readonly #client: MemcachedClient;
  readonly #clock: Pick<Clock, "wallMs">;

  constructor(client: MemcachedClient, clock: Pick<Clock, "wallMs">) {
    this.#client = client;
    this.#clock = clock;
  }

  /** Takes it where nobody has it. It lasts up to two seconds longer than is asked for, for the server counts in seconds, and at most a day. @returns whether it was taken */
  async claim(key: string, version: number, claimMs: number, context: OperationContext): Promise<boolean> {
    const flags = `ME T${exptimeSeconds(Math.min(claimMs, MAX_CLAIM_MS), this.#clock.wallMs())}`;
    const request = { kind: "set", key: keyOf(key, version), value: EMPTY, flags } as const;
    return (await this.#client.send(request, new ServerCall("claimRefresh", context).write)).reply.status === "HD";
  }

  /** Gives it back, whoever has it: who does not call this too late gives back no one else's. */
  async release(key: string, version: number, context: OperationContext): Promise<void> {
    const request = { kind: "delete", key: keyOf(key, version), flags: "" } as const;
    await this.#client.send(request, new ServerCall("releaseRefresh", context).write);
  }
}

function keyOf(key: string, version: number): MetaKey {
  return reservedKey("r", `${version}:${key}`);
}
