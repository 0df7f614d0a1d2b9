import { waitWithin } from "../../foundation/deadline.ts";
import { DeadlineQueue } from "../../foundation/deadline-queue.ts";
import { BackendUnavailableError, GocachexError } from "../../foundation/errors.ts";
import { RedisCallPolicy } from "./call-policy.ts";
import type {
  RedisArgument,
  RedisCallOptions,
  RedisClient,
  RedisNode,
  RedisNodeConnections,
  RedisNodeFeatures,
} from "./redis-client.ts";
import type { RedisFailure } from "./redis-failure.ts";
import type { RedisHost } from "./redis-host.ts";
import { RedisNodeLink } from "./redis-node-link.ts";
import type { RedisReply } from "./redis-reply.ts";
import { type RedisFailureHandler, RedisRequest } from "./redis-request.ts";
import { evalShaCommand, type RedisScript } from "./redis-script.ts";
import type { RedisSettings } from "./redis-settings.ts";

/** Shortest time between two changes of connections because of what a server answers: every call may be refused so. */
const RENEW_PAUSE_MS = 1_000;

/** One server that has all keys. */
export class StandaloneRedisClient implements RedisClient, RedisFailureHandler {
  readonly topology = "single";
  readonly resendsCommands = false;
  readonly #settings: RedisSettings;
  readonly #deadlines: DeadlineQueue;
  readonly #policy: RedisCallPolicy;
  readonly #link: RedisNodeLink;
  readonly #host: RedisHost;
  #isWarned = false;
  #renewedAtMs = Number.NEGATIVE_INFINITY;

  constructor(address: string, settings: RedisSettings, host: RedisHost) {
    this.#settings = settings;
    this.#host = host;
    this.#deadlines = new DeadlineQueue(host);
    this.#policy = new RedisCallPolicy(settings, host, this.#deadlines);
    this.#link = new RedisNodeLink({ address, role: "primary", settings, host, deadlines: this.#deadlines });
  }

  async connect(signal?: AbortSignal): Promise<void> {
    try {
      const { scheduler } = this.#host;
      await waitWithin(this.#link.pool.connect(), {
        signal,
        timeoutMs: Infinity,
        onTimeout: () => undefined,
        scheduler,
      });
    } catch (error) {
      if (signal?.aborted || error instanceof GocachexError) throw error;
      const { name } = this.#settings;
      const reason = error instanceof Error ? error.message : String(error);
      throw new BackendUnavailableError(name, "connect", `${name}: ${this.#link.address} cannot be used: ${reason}.`, {
        cause: error,
      });
    }
    if (this.#link.features?.mode === "cluster") this.#warnOfCluster();
  }

  close(): Promise<void> {
    const error = new Error("the client is closed");
    this.#link.pool.close(error);
    this.#policy.close(error);
    this.#deadlines.clear();
    return Promise.resolve();
  }

  call(slot: number, args: readonly RedisArgument[], options: RedisCallOptions): Promise<RedisReply> {
    const request = new RedisRequest(args, options, slot, this);
    if (!request.isDone) this.#link.pool.send(request);
    return request.promise;
  }

  runScript(
    slot: number,
    script: RedisScript,
    keys: readonly RedisArgument[],
    args: readonly RedisArgument[],
    options: RedisCallOptions,
  ): Promise<RedisReply> {
    const request = new RedisRequest(evalShaCommand(script, keys, args), options, slot, this);
    request.scriptSource = script.source;
    if (!request.isDone) this.#link.pool.send(request);
    return request.promise;
  }

  onFailure(request: RedisRequest, failure: RedisFailure): void {
    if (request.fallBackToSource(failure)) {
      this.#resend(request);
      return;
    }
    // It was demoted: the name may lead to another server by now. An account that is not known (any more) needs new credentials.
    const prefix = failure.kind === "server" ? failure.error.prefix : "";
    if (prefix === "READONLY" || prefix === "NOAUTH") this.#renew();
    this.#policy.repeatOrReject(request, failure, this.#resend);
  }

  #renew(): void {
    const nowMs = this.#host.clock.monotonicMs();
    if (nowMs - this.#renewedAtMs < RENEW_PAUSE_MS) return;
    this.#renewedAtMs = nowMs;
    this.#link.pool.renew();
  }

  #warnOfCluster(): void {
    if (this.#isWarned) return;
    this.#isWarned = true;
    const message = `${this.#link.address} is a node of a cluster and has a part of the keys only; calls for others fail with MOVED. Configure the store as a cluster.`;
    this.#host.onNotice?.({ kind: "warning", node: this.#link.address, message });
  }

  readonly #resend = (request: RedisRequest): void => this.#link.pool.send(request);

  primaries(): readonly RedisNode[] {
    return [{ address: this.#link.address, call: (args, options) => this.call(-1, args, options) }];
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
}
