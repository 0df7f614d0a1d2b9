import { dialLine } from "./dial-line.ts";
import type { RedisNodeConnections, RedisNodeFeatures } from "./redis-client.ts";
import type { RedisFailure } from "./redis-failure.ts";
import type { OpenRedisLine } from "./redis-line.ts";
import { RedisNodeLink } from "./redis-node-link.ts";
import type { RedisRequest } from "./redis-request.ts";
import type { RedisRoute, RedisRouteNode, RedisRouteParts } from "./redis-route.ts";
import type { RedisSettings } from "./redis-settings.ts";

/** Shortest time between two changes of connections because of what a server answers: every call may be refused so. */
const RENEW_PAUSE_MS = 1_000;

/** One server that has all keys. */
export class StandaloneRoute implements RedisRoute {
  readonly topology = "single";
  readonly resendsCommands = false;
  readonly failurePrefix: string;
  readonly #parts: RedisRouteParts;
  readonly #link: RedisNodeLink;
  readonly #settings: RedisSettings;
  #isWarned = false;
  #renewedAtMs = Number.NEGATIVE_INFINITY;

  constructor(address: string, settings: RedisSettings, parts: RedisRouteParts) {
    this.#parts = parts;
    this.#settings = settings;
    const { host, deadlines } = parts;
    this.#link = new RedisNodeLink({ address, role: "primary", settings, host, deadlines });
    this.failurePrefix = `${address} cannot be used: `;
  }

  connect(): Promise<void> {
    return this.#link.pool.connect();
  }

  onConnected(): void {
    if (this.#isWarned || this.#link.features?.mode !== "cluster") return;
    this.#isWarned = true;
    const { address } = this.#link;
    const message = `${address} is a node of a cluster and has a part of the keys only; calls for others fail with MOVED. Configure the store as a cluster.`;
    this.#parts.host.onNotice?.({ kind: "warning", node: address, message });
  }

  close(error: Error): void {
    this.#link.pool.close(error);
  }

  send(request: RedisRequest): void {
    this.#link.pool.send(request);
  }

  onFailure(request: RedisRequest, failure: RedisFailure): void {
    if (request.fallBackToSource(failure)) {
      this.send(request);
      return;
    }
    // It was demoted: the name may lead to another server by now. An account that is not known (any more) needs new credentials.
    const prefix = failure.kind === "server" ? failure.error.prefix : "";
    if (prefix === "READONLY" || prefix === "NOAUTH") this.#renew();
    this.#parts.policy.repeatOrReject(request, failure, this.#resend);
  }

  readonly listen: OpenRedisLine = (channels, events, signal) => {
    const renewedAtMs = this.#renewedAtMs;
    // The name may lead to another server by then.
    const isCurrent = (): boolean => this.#renewedAtMs === renewedAtMs;
    const plan = { address: this.#link.address, settings: this.#settings, host: this.#parts.host, isCurrent };
    return dialLine(plan, channels, events, signal);
  };

  primaries(): readonly RedisRouteNode[] {
    return [{ address: this.#link.address, send: this.#resend }];
  }

  addressOfSlot(): string {
    return this.#link.address;
  }

  connections(): readonly RedisNodeConnections[] {
    return [this.#link.pool.counts()];
  }

  features(): readonly RedisNodeFeatures[] {
    return this.#link.features === undefined ? [] : [this.#link.features];
  }

  clockOffsetMs(): number {
    return this.#link.clockOffsetMs();
  }

  readonly #resend = (request: RedisRequest): void => this.#link.pool.send(request);

  #renew(): void {
    const nowMs = this.#parts.host.clock.monotonicMs();
    if (nowMs - this.#renewedAtMs < RENEW_PAUSE_MS) return;
    this.#renewedAtMs = nowMs;
    this.#link.pool.renew();
  }
}
