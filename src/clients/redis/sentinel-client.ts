import { waitWithin } from "../../foundation/deadline.ts";
import { DeadlineQueue } from "../../foundation/deadline-queue.ts";
import { BackendUnavailableError, GocachexError } from "../../foundation/errors.ts";
import type { ScheduledTask } from "../../foundation/scheduler.ts";
import { RedisCallPolicy } from "./call-policy.ts";
import type { NodeRedisClient } from "./node-redis-library.ts";
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
import type { RedisSettings, RedisTopologySettings } from "./redis-settings.ts";
import { SentinelWatch } from "./sentinel-watch.ts";

/** How often the sentinels are asked while all is well: a primary that was cut off together with us still answers, and must not be used. */
const WATCH_INTERVAL_MS = 1_000;
/** Shortest time between two questions while all is not. */
const RELOCATE_PAUSE_MS = 100;

/** The primary that sentinels watch over. */
export class SentinelRedisClient implements RedisClient, RedisFailureHandler {
  readonly topology = "single";
  readonly resendsCommands = false;
  readonly #settings: RedisSettings;
  readonly #host: RedisHost;
  readonly #deadlines: DeadlineQueue;
  readonly #policy: RedisCallPolicy;
  readonly #watch: SentinelWatch;
  #link: RedisNodeLink | undefined;
  #locating: Promise<RedisNodeLink> | undefined;
  #locatedAtMs = Number.NEGATIVE_INFINITY;
  #watchTask: ScheduledTask | undefined;
  #isClosed = false;

  constructor(
    topology: Extract<RedisTopologySettings, { kind: "sentinel" }>,
    settings: RedisSettings,
    host: RedisHost,
  ) {
    this.#settings = settings;
    this.#host = host;
    this.#deadlines = new DeadlineQueue(host);
    this.#policy = new RedisCallPolicy(settings, host, this.#deadlines);
    this.#watch = new SentinelWatch({ topology, settings, host, deadlines: this.#deadlines });
  }

  async connect(signal?: AbortSignal): Promise<void> {
    const { scheduler } = this.#host;
    const connecting = this.#locate().then((link) => link.pool.connect());
    try {
      await waitWithin(connecting, { signal, timeoutMs: Infinity, onTimeout: () => undefined, scheduler });
    } catch (error) {
      if (signal?.aborted || error instanceof GocachexError) throw error;
      const { name } = this.#settings;
      const reason = error instanceof Error ? error.message : String(error);
      throw new BackendUnavailableError(name, "connect", `${name}: ${reason}.`, { cause: error });
    }
  }

  close(): Promise<void> {
    const error = new Error("the client is closed");
    this.#isClosed = true;
    this.#watchTask?.cancel();
    this.#watch.close(error);
    this.#link?.pool.close(error);
    this.#policy.close(error);
    this.#deadlines.clear();
    return Promise.resolve();
  }

  call(slot: number, args: readonly RedisArgument[], options: RedisCallOptions): Promise<RedisReply> {
    const request = new RedisRequest(args, options, slot, this);
    if (!request.isDone) this.#send(request);
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
    if (!request.isDone) this.#send(request);
    return request.promise;
  }

  onFailure(request: RedisRequest, failure: RedisFailure): void {
    if (request.fallBackToSource(failure)) {
      this.#send(request);
      return;
    }
    const isDemoted = failure.kind === "server" && failure.error.prefix === "READONLY";
    if (isDemoted || failure.kind === "down" || failure.kind === "lost" || failure.kind === "unsent")
      this.#locateSoon();
    // A primary that is down is replaced: its calls go to the next one, within their deadline.
    const isGone = failure.kind === "down" && !this.#isClosed;
    this.#policy.repeatOrReject(request, isGone ? { kind: "unsent", error: failure.error } : failure, this.#send);
  }

  primaries(): readonly RedisNode[] {
    return [{ address: this.addressOfSlot(), call: (args, options) => this.call(-1, args, options) }];
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

  readonly #send = (request: RedisRequest): void => {
    if (this.#link !== undefined) {
      this.#link.pool.send(request);
      return;
    }
    request.stampedAtMs = Math.ceil(this.#host.clock.monotonicMs());
    if (this.#isClosed) {
      this.#policy.reject(request, { kind: "down", error: new Error("the client is closed") });
      return;
    }
    this.#policy.repetitionOf(request);
    this.#locate().then(
      (link) => {
        if (!request.isDone) link.pool.send(request);
      },
      (error: unknown) => {
        if (!request.isDone) this.#policy.reject(request, { kind: "down", error });
      },
    );
  };

  #locateSoon(): void {
    const sinceMs = this.#host.clock.monotonicMs() - this.#locatedAtMs;
    if (!this.#isClosed && sinceMs >= RELOCATE_PAUSE_MS) this.#locate().catch(ignore);
  }

  /** Asks the sentinels, one question at a time, and changes to the primary that they tell. */
  #locate(): Promise<RedisNodeLink> {
    this.#locating ??= this.#watch
      .locate()
      .then((address) => this.#follow(address))
      .finally(() => {
        this.#locating = undefined;
        this.#locatedAtMs = this.#host.clock.monotonicMs();
        this.#watchAgain();
      });
    return this.#locating;
  }

  #follow(address: string): RedisNodeLink {
    if (this.#isClosed) throw new Error("the client is closed");
    if (this.#link?.address === address) return this.#link;
    const old = this.#link;
    const { settings, host, deadlines } = { settings: this.#settings, host: this.#host, deadlines: this.#deadlines };
    const onDown = (): void => this.#locateSoon();
    this.#link = new RedisNodeLink({
      address,
      role: "primary",
      settings,
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
    this.#watchTask = this.#host.scheduler.after(WATCH_INTERVAL_MS, () => this.#locate().catch(ignore));
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
