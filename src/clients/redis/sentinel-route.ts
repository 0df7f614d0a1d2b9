import type { ScheduledTask } from "../../foundation/scheduler.ts";
import { dialLine } from "./dial-line.ts";
import type { NodeRedisClient } from "./node-redis-library.ts";
import type { RedisNodeConnections, RedisNodeFeatures } from "./redis-client.ts";
import type { RedisFailure } from "./redis-failure.ts";
import type { OpenRedisLine } from "./redis-line.ts";
import { RedisNodeLink } from "./redis-node-link.ts";
import type { RedisRequest } from "./redis-request.ts";
import type { RedisRoute, RedisRouteNode, RedisRouteParts } from "./redis-route.ts";
import type { RedisSettings, RedisTopologySettings } from "./redis-settings.ts";
import { SentinelWatch } from "./sentinel-watch.ts";

/** How often the sentinels are asked while all is well: a primary that was cut off together with us still answers, and must not be used. */
const WATCH_INTERVAL_MS = 1_000;
/** Shortest time between two questions while all is not. */
const RELOCATE_PAUSE_MS = 100;

/** The primary that sentinels watch over. */
export class SentinelRoute implements RedisRoute {
  readonly topology = "single";
  readonly resendsCommands = false;
  readonly #settings: RedisSettings;
  readonly #parts: RedisRouteParts;
  readonly #watch: SentinelWatch;
  #link: RedisNodeLink | undefined;
  #locating: Promise<RedisNodeLink> | undefined;
  #locatedAtMs = Number.NEGATIVE_INFINITY;
  #watchTask: ScheduledTask | undefined;
  #isClosed = false;

  constructor(
    topology: Extract<RedisTopologySettings, { kind: "sentinel" }>,
    settings: RedisSettings,
    parts: RedisRouteParts,
  ) {
    this.#settings = settings;
    this.#parts = parts;
    const { host, deadlines } = parts;
    this.#watch = new SentinelWatch({ topology, settings, host, deadlines });
  }

  connect(): Promise<void> {
    return this.#locate().then((link) => link.pool.connect());
  }

  close(error: Error): void {
    this.#isClosed = true;
    this.#watchTask?.cancel();
    this.#watch.close(error);
    this.#link?.pool.close(error);
  }

  send(request: RedisRequest): void {
    if (this.#link !== undefined) this.#link.pool.send(request);
    else this.#sendWhenLocated(request);
  }

  onFailure(request: RedisRequest, failure: RedisFailure): void {
    if (request.fallBackToSource(failure)) {
      this.send(request);
      return;
    }
    const isDemoted = failure.kind === "server" && failure.error.prefix === "READONLY";
    if (isDemoted || failure.kind === "down" || failure.kind === "lost" || failure.kind === "unsent")
      this.#locateSoon();
    // A primary that is down is replaced: its calls go to the next one, within their deadline.
    const isGone = failure.kind === "down" && !this.#isClosed;
    const cause: RedisFailure = isGone ? { kind: "unsent", error: failure.error } : failure;
    this.#parts.policy.repeatOrReject(request, cause, this.#resend);
  }

  readonly listen: OpenRedisLine = async (channels, events, signal) => {
    const { address } = this.#link ?? (await this.#locate());
    const isCurrent = (): boolean => this.#link?.address === address;
    const plan = { address, settings: this.#settings, host: this.#parts.host, isCurrent };
    try {
      return await dialLine(plan, channels, events, signal);
    } catch (error) {
      this.#locateSoon();
      throw error;
    }
  };

  primaries(): readonly RedisRouteNode[] {
    return [{ address: this.addressOfSlot(), send: this.#resend }];
  }

  addressOfSlot(): string {
    return this.#link?.address ?? "";
  }

  connections(): readonly RedisNodeConnections[] {
    return this.#link === undefined ? [] : [this.#link.pool.counts()];
  }

  features(): readonly RedisNodeFeatures[] {
    return this.#link?.features === undefined ? [] : [this.#link.features];
  }

  clockOffsetMs(): number {
    return this.#link?.clockOffsetMs() ?? 0;
  }

  /** Wherever the primary is by then. */
  readonly #resend = (request: RedisRequest): void => this.send(request);

  #sendWhenLocated(request: RedisRequest): void {
    const { policy, host } = this.#parts;
    request.stampedAtMs = Math.ceil(host.clock.monotonicMs());
    if (this.#isClosed) {
      policy.reject(request, { kind: "down", error: new Error("the client is closed") });
      return;
    }
    policy.repetitionOf(request);
    this.#locate().then(
      (link) => {
        if (!request.isDone) link.pool.send(request);
      },
      (error: unknown) => {
        if (!request.isDone) policy.reject(request, { kind: "down", error });
      },
    );
  }

  #locateSoon(): void {
    const sinceMs = this.#parts.host.clock.monotonicMs() - this.#locatedAtMs;
    if (!this.#isClosed && sinceMs >= RELOCATE_PAUSE_MS) this.#locate().catch(ignore);
  }

  /** Asks the sentinels, one question at a time, and changes to the primary that they tell. */
  #locate(): Promise<RedisNodeLink> {
    this.#locating ??= this.#watch
      .locate()
      .then((address) => this.#follow(address))
      .finally(() => {
        this.#locating = undefined;
        this.#locatedAtMs = this.#parts.host.clock.monotonicMs();
        this.#watchAgain();
      });
    return this.#locating;
  }

  #follow(address: string): RedisNodeLink {
    if (this.#isClosed) throw new Error("the client is closed");
    if (this.#link?.address === address) return this.#link;
    const old = this.#link;
    const { host, deadlines } = this.#parts;
    const onDown = (): void => this.#locateSoon();
    this.#link = new RedisNodeLink({
      address,
      role: "primary",
      settings: this.#settings,
      host,
      deadlines,
      verify: assertPrimary,
      onDown,
    });
    old?.pool.retire();
    return this.#link;
  }

  #watchAgain(): void {
    this.#watchTask?.cancel();
    if (this.#isClosed) return;
    this.#watchTask = this.#parts.host.scheduler.after(WATCH_INTERVAL_MS, () => this.#locate().catch(ignore));
  }
}

/** A server that was demoted, or was never told that it is the primary, must take no writes: sentinels may be behind. */
async function assertPrimary(client: NodeRedisClient): Promise<void> {
  let reply: unknown;
  try {
    reply = await client.sendCommand(["ROLE"]);
  } catch (error) {
    // The account may not ask (the command is among the dangerous ones). A replica refuses writes by itself, with READONLY.
    if (error instanceof Error && error.message.startsWith("NOPERM")) return;
    throw error;
  }
  const role = Array.isArray(reply) ? String(reply[0]) : "";
  if (role !== "master") throw new Error(`it is no primary but "${role}"`);
}

function ignore(): void {
  // Asked again by the watch, and by the next call that fails.
}
